// The list of conversations.

import * as api from "./api.js";
import { byId, el, icon } from "./dom.js";
import { askDelete, askTitle } from "./dialogs.js";

const page = 50;
let shown = page;

/** The address of a conversation within the page. */
export const hashOf = id => `#c/${id}`;

/** The conversation that the page's address names; null: none, a new one. */
export const idOfHash = () => /^#c\/([0-9a-f]{32})$/.exec(location.hash)?.[1] ?? null;

/** Reads the list again and shows it; events has {changed, deleted, failed}. */
export async function showConversations(current, events) {
  const { conversations, total } = await api.listConversations(0, Math.min(shown, 200));
  const older = byId("older");
  older.hidden = total <= conversations.length || shown >= 200;
  older.onclick = () => {
    shown += page;
    showConversations(current, events).catch(events.failed);
  };
  byId("conversations").replaceChildren(...conversations.map(one => item(one, one.id === current, events)));
}

function item({ id, title }, isCurrent, events) {
  const name = title || "New conversation";
  return el("li", { class: isCurrent ? "current" : "" },
    el("a", { href: hashOf(id), title: name, "aria-current": isCurrent ? "page" : null }, name),
    el("button", { type: "button", class: "icon", title: "Rename", "aria-label": `Rename ${name}`, click: () => rename(id, name, events).catch(events.failed) }, icon("rename")),
    el("button", { type: "button", class: "icon", title: "Delete", "aria-label": `Delete ${name}`, click: () => remove(id, name, events).catch(events.failed) }, icon("remove")));
}

async function rename(id, name, events) {
  const title = await askTitle(name);
  if (title === null || title === name)
    return;
  await api.renameConversation(id, title);
  await events.changed();
}

async function remove(id, name, events) {
  if (!await askDelete(name))
    return;
  await api.deleteConversation(id);
  await events.deleted(id);
}
