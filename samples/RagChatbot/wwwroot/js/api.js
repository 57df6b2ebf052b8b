// The server's API. Errors are of the class ApiError, with the server's own words.

export class ApiError extends Error {
  constructor(title, detail, status = 0) {
    super(detail ? `${title} ${detail}` : title);
    this.status = status;
  }
}

async function send(method, path, body, signal) {
  const options = { method, signal };
  if (body !== undefined) {
    options.headers = { "Content-Type": "application/json" };
    options.body = JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(`api/${path}`, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError("The server does not answer.", "Is it still running?");
  }
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  throw new ApiError(problem.title ?? "The request failed.", problem.detail ?? `Status ${response.status}.`, response.status);
}

const read = async (method, path, body) => (await send(method, path, body)).json();

export const readStatus = () => read("GET", "status");
export const refreshDocuments = () => send("POST", "documents/refresh", {});
export const listDocuments = async () => (await read("GET", "documents")).documents;
export const readDocument = path => read("GET", `documents/text?path=${encodeURIComponent(path)}`);
export const listConversations = (offset, limit) => read("GET", `conversations?offset=${offset}&limit=${limit}`);
export const createConversation = () => read("POST", "conversations", {});
export const readConversation = id => read("GET", `conversations/${id}`);
export const renameConversation = (id, title) => send("PATCH", `conversations/${id}`, { title });
export const deleteConversation = id => send("DELETE", `conversations/${id}`);
export const stopAnswer = id => send("POST", `conversations/${id}/stop`, {});

/**
 * Asks, and gives each event of the answer as it comes: {name, data}.
 * Ends with the event "done", "stopped" or "error"; throws if the connection ends before.
 */
export async function* ask(id, question, signal) {
  const response = await send("POST", `conversations/${id}/questions`, { question }, signal);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) throw new ApiError("The connection ended before the answer did.");
    const events = (rest + value).split("\n\n");
    rest = events.pop();
    for (const text of events) {
      const event = parseEvent(text);
      yield event;
      if (["done", "stopped", "error"].includes(event.name)) return;
    }
  }
}

function parseEvent(text) {
  const [first, second] = text.split("\n");
  return { name: first.slice("event: ".length), data: JSON.parse(second.slice("data: ".length)) };
}
