// What OpenAI's client for Node gets from a server: one JSON object on standard output, for the test to compare.
// Usage: node client.mjs URL MODEL

import OpenAI from "openai";

const [url, model] = process.argv.slice(2);
const client = new OpenAI({ baseURL: `${url}v1`, apiKey: "none", maxRetries: 0 });
const messages = [{ role: "user", content: "What is a camera?" }];
const result = {};

const chat = await client.chat.completions.create({ model, messages, temperature: 0, logprobs: true, top_logprobs: 2 });
result.chat = chat.choices[0].message.content;
result.finish = chat.choices[0].finish_reason;
result.tokens = chat.choices[0].logprobs.content.map((token) => token.logprob);
result.usage = chat.usage;

const stream = await client.chat.completions.create({
  model, messages, temperature: 0, stream: true, stream_options: { include_usage: true },
});
result.pieces = [];
for await (const piece of stream) {
  if (piece.choices.length > 0) result.pieces.push(piece.choices[0].delta.content ?? "");
  if (piece.usage) result.streamUsage = piece.usage;
}

const helper = client.chat.completions.stream({ model, messages, temperature: 0 });
result.helper = await helper.finalContent();

const choices = await client.chat.completions.create({ model, messages, n: 3, seed: 5, temperature: 1.2, max_tokens: 12 });
result.choices = choices.choices.map((choice) => choice.message.content);

const completion = await client.completions.create({
  model, prompt: ["A river is", "Music"], max_tokens: 8, temperature: 1, seed: 2, ignore_eos: true,
});
result.completions = completion.choices.map((choice) => choice.text);

const completionStream = await client.completions.create({
  model, prompt: "A river is", max_tokens: 8, temperature: 1, seed: 2, ignore_eos: true, stream: true,
});
result.completionStream = "";
for await (const piece of completionStream) result.completionStream += piece.choices[0].text;

const embeddings = await client.embeddings.create({ model, input: ["river", "lake"] }); // base64 by itself
result.embeddings = embeddings.data.map((one) => one.embedding);

result.models = [];
for await (const one of client.models.list()) result.models.push(one.id);
result.model = (await client.models.retrieve(model)).id;

try {
  await client.chat.completions.create({ model: "gpt-4", messages });
} catch (error) {
  result.unknown = { status: error.status, code: error.code, param: error.param, kind: error.constructor.name };
}
try {
  await client.chat.completions.create({ model, messages, temperature: 3 });
} catch (error) {
  result.wrong = { status: error.status, code: error.code, param: error.param, kind: error.constructor.name };
}

const abandoned = await client.chat.completions.create({
  model, messages, n: 64, ignore_eos: true, temperature: 1, stream: true,
});
for await (const piece of abandoned) break;

console.log(JSON.stringify(result));
