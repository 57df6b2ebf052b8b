// Small helpers for the document. Text only ever becomes text nodes: nothing here or elsewhere parses HTML.

/** The element of an id. */
export const byId = id => document.getElementById(id);

/** Makes an element; attributes whose value is a function are event handlers; strings among the children become text nodes. */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name, value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.filter(child => child !== null && child !== undefined));
  return node;
}

const shapes = {
  rename: "M4 20h4l11-11-4-4L4 16v4zM13 7l4 4",
  remove: "M5 7h14M10 7V5h4v2M7 7l1 13h8l1-13",
};

/** A small drawing beside a name that says the same. */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const drawing = document.createElementNS(space, "svg");
  drawing.setAttribute("viewBox", "0 0 24 24");
  drawing.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", shapes[name]);
  drawing.append(path);
  return drawing;
}

/** Has a screen reader say something, once. */
export function announce(text) {
  byId("announcer").textContent = text;
}

/** "1 document", "2 documents". */
export const count = (number, one) => `${number.toLocaleString("en")} ${one}${number === 1 ? "" : "s"}`;
