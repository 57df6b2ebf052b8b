// Dialogs are the browser's own: it keeps the focus in them, closes them at Escape, and gives the focus back.

import { byId } from "./dom.js";

for (const dialog of document.querySelectorAll("dialog")) {
  for (const button of dialog.querySelectorAll("[data-close]"))
    button.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", event => {
    if (event.target === dialog) dialog.close(); // beside the dialog: its content fills it
  });
}

/** Opens a dialog, if it is not open. */
export function open(id) {
  const dialog = byId(id);
  if (!dialog.open) dialog.showModal();
  return dialog;
}

/** Asks for a title; null: the old one stays. */
export function askTitle(title) {
  const input = byId("rename-text"), form = byId("rename-form");
  input.value = title;
  const dialog = open("rename");
  input.select();
  return new Promise(resolve => {
    let answer = null;
    form.onsubmit = event => {
      event.preventDefault();
      answer = input.value.trim() || null;
      dialog.close();
    };
    dialog.onclose = () => resolve(answer);
  });
}

/** Asks whether to delete something. */
export function askDelete(title) {
  byId("delete-text").textContent = `“${title}” and all its answers will be gone.`;
  const dialog = open("delete");
  return new Promise(resolve => {
    let answer = false;
    byId("delete-yes").onclick = () => {
      answer = true;
      dialog.close();
    };
    dialog.onclose = () => resolve(answer);
  });
}
