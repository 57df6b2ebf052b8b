// What OpenAI's client for Node gets from a server: one JSON object on standard output, a member a subject, for the tests to compare.
// Usage: node client.mjs URL KEY SINGLE_KEY
// URL ends in /v1; SINGLE_KEY is good for one request. The models are "lexicon" and, with tools, "tools".

import OpenAI, { toFile } from "openai";

// Node 18 has it, but not as a global.
globalThis.File ??= (await import("node:buffer")).File;

const [baseURL, apiKey, singleKey] = process.argv.slice(2);
const connect = (key) => new OpenAI({ baseURL, apiKey: key, maxRetries: 0 });
const client = connect(apiKey);
const model = "lexicon";
const camera = [{ role: "user", content: "What is a camera?" }];
const river = [{ role: "user", content: "river" }];
const parameters = {
  type: "object",
  properties: { word: { enum: ["river", "lake"] }, count: { type: "integer", minimum: 1, maximum: 9 } },
  required: ["word", "count"],
  additionalProperties: false,
};
const tools = [{ type: "function", function: { name: "find", description: "Finds a word.", parameters } }];

/** What becomes of a request that must fail. */
async function failure(request) {
  try {
    await request;
  } catch (error) {
    return [error.constructor.name, error.status, error.code ?? null, error.param ?? null];
  }
  throw new Error("It did not fail.");
}

async function collect(stream) {
  const result = { text: "", finish: null, usage: null, calls: [] };
  for await (const piece of stream) {
    const choice = piece.choices[0];
    result.text += choice?.delta.content ?? "";
    result.finish = choice?.finish_reason ?? result.finish;
    result.usage = piece.usage ?? result.usage;
    result.calls.push(...(choice?.delta.tool_calls ?? []));
  }
  return result;
}

const subjects = {
  async chat() {
    const whole = await client.chat.completions.create({ model, messages: camera, temperature: 0, logprobs: true, top_logprobs: 2, user: "u" });
    const several = await client.chat.completions.create({ model, messages: camera, n: 3, seed: 5, temperature: 1.2, max_tokens: 12 });
    const stopped = await client.chat.completions.create({ model, messages: camera, temperature: 0, stop: ["equip", "zzzz"] });
    return { whole, choices: several.choices.map((choice) => choice.message.content), stopped: stopped.choices[0] };
  },

  async streaming() {
    const request = { model, messages: camera, temperature: 1, seed: 7, max_completion_tokens: 40 };
    const whole = await client.chat.completions.create(request);
    const pieces = await collect(await client.chat.completions.create({ ...request, stream: true, stream_options: { include_usage: true } }));
    const helper = await client.chat.completions.stream(request).finalContent();
    const abandoned = await client.chat.completions.create({ model, messages: camera, n: 64, ignore_eos: true, temperature: 1, stream: true });
    for await (const piece of abandoned) break;
    return { whole, pieces, helper };
  },

  async completions() {
    const request = { model, max_tokens: 8, temperature: 1, seed: 2, ignore_eos: true };
    const whole = await client.completions.create({ ...request, prompt: ["A river is", "Music"], logprobs: 2 });
    let pieces = "";
    for await (const piece of await client.completions.create({ ...request, prompt: "A river is", stream: true })) pieces += piece.choices[0].text;
    return { whole, pieces };
  },

  async embeddings() {
    const reply = await client.embeddings.create({ model, input: ["river", "lake"] }); // base64 by itself
    const floats = await client.embeddings.create({ model, input: "lake", encoding_format: "float" });
    return { vectors: reply.data.map((one) => one.embedding), float: floats.data[0].embedding, usage: reply.usage };
  },

  async models() {
    const list = [];
    for await (const one of client.models.list()) list.push(one.id);
    const one = await client.models.retrieve("tools");
    return { list, one: [one.id, one.object, one.owned_by] };
  },

  async files() {
    const file = await client.files.create({ file: await toFile(Buffer.from("content"), "a b.jsonl"), purpose: "batch" });
    const listed = [];
    for await (const one of client.files.list()) listed.push(one.id);
    const again = await client.files.retrieve(file.id);
    const content = await (await client.files.content(file.id)).text();
    const deleted = (await client.files.delete(file.id)).deleted;
    return {
      file: [file.filename, file.purpose, file.bytes], listed: listed.includes(file.id), again: again.filename, content, deleted,
      gone: await failure(client.files.retrieve(file.id)),
    };
  },

  async batches() {
    const lines = [...Array(7).keys()].map((n) => JSON.stringify({
      custom_id: `item-${n}`, method: "POST", url: "/v1/completions", body: { prompt: `word ${n}`, max_tokens: 6, temperature: n === 3 ? 9 : 0 },
    }));
    const file = await client.files.create({ file: await toFile(Buffer.from(lines.join("\n")), "in.jsonl"), purpose: "batch" });
    let batch = await client.batches.create({
      input_file_id: file.id, endpoint: "/v1/completions", completion_window: "24h", metadata: { who: "tests" },
    });
    while (["validating", "in_progress", "finalizing"].includes(batch.status)) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      batch = await client.batches.retrieve(batch.id);
    }
    const read = async (id) => (await (await client.files.content(id)).text()).trimEnd().split("\n").map((line) => JSON.parse(line));
    const listed = [];
    for await (const one of client.batches.list()) listed.push(one.id);
    return {
      status: batch.status, metadata: batch.metadata, counts: batch.request_counts, listed: listed.includes(batch.id),
      results: await read(batch.output_file_id), errors: await read(batch.error_file_id),
    };
  },

  async structured() {
    const request = {
      model, messages: river, temperature: 1, seed: 3,
      response_format: { type: "json_schema", json_schema: { name: "word_count", strict: true, schema: parameters } },
    };
    const whole = (await client.chat.completions.create(request)).choices[0];
    const pieces = await collect(await client.chat.completions.create({ ...request, stream: true }));
    const parsed = await client.chat.completions.parse(request);
    const any = await client.chat.completions.create({ ...request, response_format: { type: "json_object" } });
    return { whole, pieces: pieces.text, value: JSON.parse(whole.message.content), parsed: parsed.choices[0].message.parsed, any: any.choices[0].message.content };
  },

  async tools() {
    const request = { model: "tools", messages: river, tools, temperature: 0, max_tokens: 300 };
    const tool_choice = { type: "function", function: { name: "find" } };
    const forced = (await client.chat.completions.create({ ...request, tool_choice })).choices[0];
    const pieces = await collect(await client.chat.completions.create({ ...request, tool_choice, stream: true }));
    const call = forced.message.tool_calls[0];
    const messages = [...river, forced.message, { role: "tool", tool_call_id: call.id, content: "water that flows" }];
    const next = await client.chat.completions.create({ ...request, messages, tool_choice: "auto" });
    // The helper calls the function itself.
    const called = [];
    const find = (given) => {
      called.push(given);
      return "water that flows";
    };
    const runner = client.chat.completions.runTools({
      ...request, tool_choice, tools: [{ type: "function", function: { ...tools[0].function, function: find, parse: JSON.parse } }],
    });
    await runner.done();
    return { forced, pieces, next, called };
  },

  async errors() {
    const ask = (fields) => client.chat.completions.create({ model, messages: river, ...fields });
    const single = connect(singleKey);
    await single.chat.completions.create({ model, messages: river, max_tokens: 1 });
    return [
      await failure(ask({ model: "gpt-4" })),
      await failure(ask({ temperature: 3 })),
      await failure(ask({ modalities: ["audio"] })),
      await failure(ask({ messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: "a" } }] }] })),
      await failure(ask({ response_format: { type: "json_schema", json_schema: { name: "a", schema: { not: {} } } } })),
      await failure(ask({ tools })),
      await failure(ask({ model: "gpt-4", stream: true })),
      await failure(client.embeddings.create({ model: "gpt-4", input: "a" })),
      await failure(client.batches.retrieve("batch_unknown")),
      await failure(connect("sk-unknown").models.list()),
      await failure(single.chat.completions.create({ model, messages: river, max_tokens: 1 })),
    ];
  },
};

const result = {};
for (const [name, run] of Object.entries(subjects)) {
  try {
    result[name] = await run();
  } catch (error) {
    result[name] = { failed: String(error.stack) };
  }
}
console.log(JSON.stringify(result));
