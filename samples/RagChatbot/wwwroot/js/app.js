// The page: the conversation that is open, and the answers that are being made.

import * as api from "./api.js";
import { announce, byId, count, el } from "./dom.js";
import { hashOf, idOfHash, showConversations } from "./conversations.js";
import { lastStatus, openDocument, setUpDocuments, watchStatus } from "./documents.js";
import { TurnView } from "./turn.js";

const question = byId("question"), turns = byId("turns");

/** The conversation that is open; null: a new one, which the first question makes. */
let current = null;

/** Counts what was opened, so that a slow reply does not come up in a conversation opened later. */
let opened = 0;

/** Answers that are being made, by conversation: {view, controller}. They go on while another conversation is open. */
const running = new Map();

const listEvents = {
  changed: () => show(current),
  deleted: async id => {
    running.get(id)?.controller.abort();
    if (id === current) location.hash = "";
    await refreshList();
    question.focus();
  },
  failed: error => tell(error),
};

function tell(error) {
  byId("banner").textContent = error.message;
  byId("banner").hidden = false;
}

const refreshList = () => showConversations(current, listEvents).catch(tell);

/** Opens a conversation, or the empty page that begins a new one. */
async function show(id) {
  const turn = ++opened;
  current = id;
  updateButtons();
  try {
    const conversation = id === null ? null : await api.readConversation(id);
    if (turn !== opened) return;
    setTitle(conversation?.title || "New conversation");
    if (conversation === null || (conversation.turns.length === 0 && !running.has(id))) await showWelcome();
    else turns.replaceChildren(...conversation.turns.map(one => TurnView.ofStored(one).element));
    if (running.has(id)) turns.append(running.get(id).view.element);
    else if (conversation?.running) awaitOther(id, turn);
    turns.scrollTop = turns.scrollHeight;
  } catch (error) {
    if (turn !== opened) return;
    setTitle("Conversation");
    turns.replaceChildren(el("p", { class: "problem", role: "alert" }, error.message));
  }
  await refreshList();
}

// Another window has asked: its answer is shown here when it is whole.
function awaitOther(id, turn) {
  turns.append(el("p", { class: "where" }, "An answer to a question of another window is on its way."));
  setTimeout(() => turn === opened && show(id), 1000);
}

function setTitle(title) {
  byId("title").textContent = title;
  document.title = `${title} – Chat with documents`;
}

async function showWelcome() {
  turns.replaceChildren(el("div", { class: "welcome" },
    el("p", { class: "lead" }, "What would you like to know?"),
    el("p", {}, "Answers come from the documents in the folder, and say from where. What the documents do not say is not answered."),
    el("ul", { class: "titles", id: "titles", "aria-label": "Documents to ask about" })));
  await showTitles();
}

// A few documents to begin with, while nothing has been asked.
async function showTitles() {
  const list = byId("titles");
  if (!list) return;
  const most = 8;
  const documents = await api.listDocuments();
  const buttons = documents.slice(0, most).map(one =>
    el("li", {}, el("button", { type: "button", class: "title-button", click: () => openDocument({ document: one.path, title: one.title }) }, one.title)));
  if (documents.length > most) buttons.push(el("li", { class: "where" }, `and ${count(documents.length - most, "more document")}`));
  list.replaceChildren(...buttons);
}

function updateButtons() {
  const isRunning = running.has(current);
  const focused = document.activeElement === byId("send") || document.activeElement === byId("stop");
  byId("send").hidden = isRunning;
  byId("stop").hidden = !isRunning;
  if (focused) question.focus(); // the button that had it may be gone
}

async function ask(text) {
  byId("banner").hidden = true;
  const id = await conversationToAsk();
  if (id === null || running.has(id)) return;
  const view = new TurnView(text), controller = new AbortController();
  running.set(id, { view, controller });
  question.value = "";
  updateButtons();
  turns.querySelector(".welcome")?.remove();
  turns.append(view.element);
  keepInSight();
  announce("The answer is on its way.");
  try {
    for await (const event of api.ask(id, text, controller.signal))
      take(id, view, event);
  } catch (error) {
    if (error.name === "AbortError") await settleStop(id, view);
    else view.fail(error.message);
  }
  running.delete(id);
  updateButtons();
  await refreshList();
  if (id === current) refreshTitle(id);
}

/** The conversation that is open, made if it is a new one; null: that cannot be, or another was opened meanwhile. */
async function conversationToAsk() {
  if (current !== null) return current;
  const turn = opened;
  try {
    const { id } = await api.createConversation();
    if (turn !== opened) return null;
    current = id;
    history.replaceState(null, "", hashOf(id));
    return id;
  } catch (error) {
    tell(error); // the question stays where it was typed
    return null;
  }
}

function take(id, view, { name, data }) {
  const wasAtEnd = isAtEnd();
  if (name === "passages") view.showPassages(data.query, data.passages);
  else if (name === "text") view.addText(data.text);
  else if (name === "done") finish(view, data);
  else if (name === "stopped") view.stop();
  else if (name === "error") view.fail(`${data.title} ${data.detail}`);
  if (id === current && wasAtEnd) keepInSight();
}

function finish(view, data) {
  view.complete(data);
  announce(`Answer: ${data.text}`); // once, whole: not each token as it comes
}

// The server keeps what there was; it has it when this returns, and the next question may be asked.
async function settleStop(id, view) {
  view.stop();
  announce("Stopped.");
  await api.stopAnswer(id).catch(() => {}); // the conversation may have been deleted
}

function refreshTitle(id) {
  const link = byId("conversations").querySelector(`a[href="${hashOf(id)}"]`);
  if (link) setTitle(link.textContent);
}

const isAtEnd = () => turns.scrollHeight - turns.scrollTop - turns.clientHeight < 80;

function keepInSight() {
  turns.scrollTop = turns.scrollHeight;
}

const stop = () => running.get(current)?.controller.abort();

function setUpKeys() {
  byId("ask").addEventListener("submit", event => {
    event.preventDefault();
    const text = question.value.trim();
    if (text) ask(text);
  });
  question.addEventListener("keydown", event => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    byId("ask").requestSubmit();
  });
  document.addEventListener("keydown", event => {
    if (event.key === "Escape" && !document.querySelector("dialog[open]")) stop();
  });
  byId("stop").addEventListener("click", stop);
  byId("skip").addEventListener("click", event => {
    event.preventDefault(); // the address names the conversation
    question.focus();
  });
}

function setUpSidebar() {
  const menu = byId("menu"), sidebar = byId("sidebar");
  const setOpen = isOpen => {
    sidebar.classList.toggle("open", isOpen);
    menu.setAttribute("aria-expanded", String(isOpen));
  };
  menu.addEventListener("click", () => setOpen(!sidebar.classList.contains("open")));
  byId("conversations").addEventListener("click", event => {
    if (event.target.closest("a")) setOpen(false);
  });
  byId("new").addEventListener("click", () => {
    setOpen(false);
    if (location.hash === "" || location.hash === "#") show(null);
    else location.hash = "";
    question.focus();
  });
}

function watch() {
  let known = -1;
  const told = status => {
    if (status.documents !== known) showTitles().catch(tell);
    known = status.documents;
  };
  setUpDocuments(() => watchStatus(told));
  return watchStatus(told);
}

setUpKeys();
setUpSidebar();
window.addEventListener("hashchange", () => show(idOfHash()));
await Promise.all([watch(), show(idOfHash())]);
if (lastStatus()) question.focus();
