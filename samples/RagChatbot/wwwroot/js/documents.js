// The documents: how far reading them has come, the list, and a document's text with a passage marked.

import * as api from "./api.js";
import { byId, count, el } from "./dom.js";
import { open } from "./dialogs.js";

const whileReading = 500, otherwise = 10_000; // milliseconds between two questions about the state

let status = null, timer = 0, isAnswering = true;

/** What the server said last; null: nothing yet. */
export const lastStatus = () => status;

/** Asks for the state now, and again from time to time; told is called with each new one. */
export async function watchStatus(told) {
  clearTimeout(timer);
  try {
    const before = status;
    status = await api.readStatus();
    if (!isAnswering) byId("banner").hidden = true;
    isAnswering = true;
    show();
    told(status);
    if (before?.ingestion.running && !status.ingestion.running && byId("documents").open) await showList();
  } catch (error) {
    isAnswering = false;
    byId("banner").textContent = error.message;
    byId("banner").hidden = false;
  }
  timer = setTimeout(() => watchStatus(told), status?.ingestion.running ? whileReading : otherwise);
}

function show() {
  const { ingestion, documents, chunks, model } = status;
  byId("model").textContent = model;
  byId("documents-button").textContent = count(documents, "document");
  byId("documents-summary").textContent = `${count(documents, "document")}, ${count(chunks, "passage")}.`;
  byId("reading").hidden = !ingestion.running;
  byId("reading-text").textContent = ingestion.total > 0
    ? `Reading documents: ${ingestion.done} of ${ingestion.total}${ingestion.current ? `, ${ingestion.current}` : ""}`
    : "Reading documents";
  byId("reading-bar").max = Math.max(ingestion.total, 1);
  byId("reading-bar").value = ingestion.done;
  showFailures(ingestion.failures);
}

function showFailures(failures) {
  const list = failures.map(({ path, message }) => el("li", {}, path ? el("strong", {}, `${path}: `) : null, message));
  byId("failures").replaceChildren(...(list.length > 0 ? [el("h3", {}, "Could not be read"), el("ul", { class: "problem" }, ...list)] : []));
  byId("documents-button").classList.toggle("has-problem", list.length > 0);
  if (list.length > 0) byId("documents-button").textContent += `, ${count(list.length, "problem")}`;
}

async function showList() {
  const list = byId("document-list");
  try {
    const documents = await api.listDocuments();
    list.replaceChildren(...documents.map(one => el("li", {},
      el("button", { type: "button", class: "link", click: () => openDocument({ document: one.path, title: one.title }) }, one.title),
      el("span", { class: "where" }, ` ${one.path}, ${count(one.chunks, "passage")}`))));
  } catch (error) {
    list.replaceChildren(el("li", { class: "problem", role: "alert" }, error.message));
  }
}

/** Wires the dialog of documents; refreshed is called when the folder is being read again. */
export function setUpDocuments(refreshed) {
  byId("documents-button").addEventListener("click", async () => {
    open("documents");
    await showList();
  });
  byId("refresh").addEventListener("click", async () => {
    try {
      await api.refreshDocuments();
      await refreshed();
      await showList();
    } catch (error) {
      byId("failures").replaceChildren(el("p", { class: "problem", role: "alert" }, error.message));
    }
  });
}

/** Shows a document; a passage has a text, which is marked where it stands. */
export async function openDocument(passage) {
  const box = byId("viewer-text");
  byId("viewer-title").textContent = passage.title;
  byId("viewer-path").textContent = passage.document;
  box.replaceChildren(el("p", { class: "where" }, "Loading…"));
  open("viewer");
  try {
    const found = await api.readDocument(passage.document);
    byId("viewer-title").textContent = found.title;
    box.replaceChildren(...marked(found.text, passage));
    box.querySelector("mark")?.scrollIntoView({ block: "center" });
  } catch (error) {
    const gone = error.status === 404 && passage.text;
    box.replaceChildren(el("p", { class: "problem", role: "alert" }, gone ? "The document is no longer there. This is the passage as it was:" : error.message));
    if (gone) box.append(el("mark", {}, passage.text));
  }
  box.focus();
}

// The passage is looked for where it stood, then anywhere: the document may have been changed since.
function marked(text, passage) {
  if (!passage.text)
    return [text];
  const start = text.startsWith(passage.text, passage.start) ? passage.start : text.indexOf(passage.text);
  if (start < 0)
    return [el("p", { class: "where" }, "The document has changed since; the passage does not stand in it any more."), text];
  const end = start + passage.text.length;
  return [text.slice(0, start), el("mark", {}, passage.text), text.slice(end)];
}
