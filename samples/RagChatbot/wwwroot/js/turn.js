// A question and its answer, with the passages beside it.

import { el, count } from "./dom.js";
import { openDocument } from "./documents.js";

let lastNumber = 0;

export class TurnView {
  #text = el("p", { class: "answer-text" });
  #notes = el("div", { class: "notes" });
  #answer = el("div", { class: "answer", "aria-busy": "true" }, this.#text, this.#notes);
  #sources = el("aside", { class: "sources", "aria-label": "Passages for this answer", hidden: true });
  #passages = new Map();

  constructor(question) {
    this.element = el("article", { class: "turn" },
      el("h3", { class: "question" }, el("span", { class: "unseen" }, "You asked: "), question),
      el("div", { class: "answer-row" }, this.#answer, this.#sources));
    this.#text.classList.add("waiting");
  }

  /** A turn of the log. */
  static ofStored(turn) {
    const view = new TurnView(turn.question);
    view.showPassages(turn.query, turn.passages);
    view.addText(turn.text);
    if (turn.status === "complete" || turn.status === "refused")
      view.complete({ text: turn.text, refusal: turn.status === "refused", cited: turn.cited, usage: turn.usage });
    else if (turn.status === "stopped")
      view.stop();
    else
      view.fail("The answer could not be made.", null);
    return view;
  }

  showPassages(query, passages) {
    for (const passage of passages)
      this.#passages.set(passage.number, new PassageView(passage));
    if (passages.length === 0)
      return;
    const list = el("ol", {}, ...[...this.#passages.values()].map(view => view.element));
    this.#sources.replaceChildren(el("h4", {}, "Passages"), list);
    this.#sources.hidden = false;
    if (query && query !== this.element.querySelector(".question").lastChild.textContent)
      this.#sources.append(el("p", { class: "where" }, `Looked for: ${query}`));
  }

  addText(text) {
    this.#text.append(text);
    this.#text.normalize();
  }

  complete({ text, refusal, cited, usage }) {
    this.#end();
    this.#text.replaceChildren(...this.#withCitations(text));
    this.#text.classList.toggle("refusal", refusal);
    const said = text.replace(/\s*\[\d{1,3}\]/g, "").trim();
    for (const [number, passage] of this.#passages)
      passage.markCited(cited.includes(number), said);
    this.#notes.replaceChildren(el("p", { class: "usage" }, describe(usage)));
  }

  stop() {
    this.#end();
    this.#notes.replaceChildren(el("p", { class: "stopped" }, "Stopped."));
  }

  /** Says why there is no more; role: how a screen reader tells it. */
  fail(message, role = "alert") {
    this.#end();
    this.#notes.replaceChildren(el("p", { class: "problem", role }, message));
  }

  #end() {
    this.#answer.removeAttribute("aria-busy");
    this.#text.classList.remove("waiting");
    this.#text.hidden = this.#text.textContent === "";
  }

  // "[1]" becomes a button if there is a passage of that number, and stays text otherwise.
  #withCitations(text) {
    return text.split(/(\[\d{1,3}\])/).map(part => {
      const passage = /^\[\d+\]$/.test(part) ? this.#passages.get(Number(part.slice(1, -1))) : undefined;
      return passage ? passage.citation(part) : part;
    }).filter(part => part !== "");
  }
}

class PassageView {
  #passage;
  #button;
  #body;
  #quote;
  #mark = el("span", { class: "cited" });

  constructor(passage) {
    this.#passage = passage;
    const id = `passage-${++lastNumber}`;
    this.#quote = el("blockquote", {}, passage.text);
    this.#body = el("div", { class: "passage-body", id, hidden: true },
      this.#quote,
      el("p", { class: "where" }, `${passage.document}, line ${passage.line}`),
      el("button", { type: "button", class: "quiet", "aria-label": `Open document ${passage.title}`, click: () => openDocument(passage) }, "Open document"));
    this.#button = el("button", { type: "button", class: "passage-name", "aria-expanded": "false", "aria-controls": id, click: () => this.#toggle() },
      el("span", { class: "number" }, String(passage.number)),
      el("span", { class: "name" }, passage.title, el("span", { class: "heading" }, headingBelowTitle(passage))),
      this.#mark);
    this.element = el("li", { class: "passage" }, this.#button, this.#body);
  }

  /** A button that leads to this passage. */
  citation(text) {
    return el("button", { type: "button", class: "citation", "aria-label": `${text} ${this.#passage.title}`, click: () => this.#open() }, text);
  }

  /** Says whether the answer rests on this passage, and marks in it what the answer quotes. */
  markCited(isCited, said) {
    this.element.classList.toggle("uncited", !isCited);
    this.#mark.textContent = isCited ? "cited" : "";
    const text = this.#passage.text, start = isCited && said ? text.indexOf(said) : -1;
    if (start >= 0) this.#quote.replaceChildren(text.slice(0, start), el("mark", {}, said), text.slice(start + said.length));
  }

  #open() {
    this.#toggle(true);
    this.#button.focus();
    this.element.scrollIntoView({ block: "nearest" });
  }

  #toggle(isOpen = this.#body.hidden) {
    this.#body.hidden = !isOpen;
    this.#button.setAttribute("aria-expanded", String(isOpen));
  }
}

// The outermost heading mostly is the title, which stands before it.
function headingBelowTitle({ title, heading }) {
  if (heading === title) return "";
  return ` ${heading.startsWith(`${title} › `) ? heading.slice(title.length + 3) : heading}`;
}

function describe(usage) {
  if (usage.promptTokens === 0)
    return `Passages looked for in ${time(usage.retrievalMs)}; the model was not asked.`;
  return `${count(usage.promptTokens, "prompt token")}, ${usage.reusedTokens.toLocaleString("en")} reused · first token after ${time(usage.firstTokenMs)}`
    + ` · ${count(usage.answerTokens, "token")} in ${time(usage.totalMs)}`;
}

const time = milliseconds => milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
