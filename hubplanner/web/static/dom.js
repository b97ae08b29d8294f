// Small helpers around the document. Text is only ever set as text.

import { _ } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";

/** Make an element: `on*` are listeners, the rest attributes; children are elements or text. */
export function el(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** Make an SVG element, as `el`. */
export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked" || name === "disabled") node[name] = value;
    else if (value !== null && value !== undefined && value !== false)
      node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...present(children));
  return node;
}

export const byId = (id) => document.getElementById(id);

/** Replace an element's content. */
export function show(node, ...children) {
  node.replaceChildren(...present(children));
}

/** Children may be lists of lists, and absent. */
const present = (children) =>
  children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);

/** A name as its owner writes it, in whichever direction. */
export function named(text, tag = "span", attributes = {}) {
  return el(tag, { dir: "auto", ...attributes }, String(text));
}

/** Tell those who listen to the page. */
export function announce(text) {
  byId("announcer").textContent = text;
}

/** Show a short message above the map; errors, and what else is to stay, until they are closed. */
export function toast(text, { error = false, stays = error, action = null } = {}) {
  const close = () => box.remove();
  const button = action && el("button", { class: "link", onclick: () => (close(), action.run()) }, action.label);
  const shut = el("button", { class: "icon", "aria-label": _("Close this message"), onclick: close }, "×");
  const box = el(
    "div",
    { class: error ? "toast error" : "toast", role: error ? "alert" : "status" },
    el("p", {}, text),
    button,
    shut,
  );
  show(byId("toasts"), box);
  if (!stays) setTimeout(close, 6000);
}

/** Take messages away: they were of what was shown before. */
export function clearToasts() {
  byId("toasts").replaceChildren();
}

/** Run what a button asks for; say what went wrong in words. */
export function attempt(work) {
  return async (...given) => {
    try {
      return await work(...given);
    } catch (failure) {
      toast(failure.message, { error: true });
      return undefined;
    }
  };
}

/** A hidden label for those who cannot see what a picture shows. */
export const hidden = (text) => el("span", { class: "sr" }, text);
