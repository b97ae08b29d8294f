// Why a site was chosen, or was not.

import { question } from "./choices.js";
import { ask } from "./dialog.js";
import { el, named } from "./dom.js";
import { work } from "./jobs.js";
import { siteName, state } from "./store.js";

/** Ask the server and show its answer. */
export async function why(site) {
  const name = siteName(site);
  const result = await work({ kind: "explain", ...question(), run: state.plan.id, site }, "Looking for the reason");
  if (!result) return;
  const told = result.explanation;
  const figures = (told.figures || []).map(({ label, value }) =>
    el("div", {}, el("dt", {}, label), el("dd", {}, String(value))),
  );
  await ask({
    title: told.chosen === false ? "Why not this site?" : "Why this site?",
    body: [
      named(told.name || name, "p", { class: "says" }),
      told.title ? named(told.title, "p", { class: "lead" }) : null,
      (told.sentences || []).map((sentence) => named(sentence, "p")),
      figures.length ? el("dl", { class: "figures" }, figures) : null,
    ],
    close: "Done",
  });
}
