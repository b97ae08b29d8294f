// One dialog for everything that asks or tells more than a line.

import { byId, el, show } from "./dom.js";
import { _ } from "./words.js";

let answer = () => {};

/** Open a dialog; resolves to true if `yes` was pressed, to false if it was closed otherwise. */
export function ask({ title, body, yes = null, close = _("Close"), wide = false }) {
  const dialog = byId("dialog");
  dialog.className = wide ? "wide" : "";
  const shut = (answer) => () => dialog.close(answer);
  show(
    dialog,
    el(
      "header",
      {},
      el("h2", { id: "dialog-title" }, title),
      el("button", { type: "button", class: "icon", "aria-label": _("Close"), onclick: shut("") }, "×"),
    ),
    el("div", { class: "dialog-body" }, body),
    el(
      "footer",
      {},
      el("button", { type: "button", class: "quiet", onclick: shut("") }, close),
      yes ? el("button", { type: "button", class: "primary", onclick: shut("yes") }, yes) : null,
      el("span", { id: "dialog-action" }),
    ),
  );
  answer(false); // what was asked before stays unanswered
  return new Promise((done) => {
    answer = done;
    dialog.returnValue = "";
    dialog.onclose = () => dialog.open || answer(dialog.returnValue === "yes");
    if (!dialog.open) dialog.showModal();
  });
}

/** Put what one does next into the dialog's foot, where it is seen however long the rest is. */
export function offer(...buttons) {
  show(byId("dialog-action"), buttons);
}

export function closeDialog() {
  byId("dialog").close("");
}
