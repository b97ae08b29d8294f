// Why a site was chosen, or was not.

import { ask } from "./dialog.js";
import { byId, el, named, toast } from "./dom.js";
import { work } from "./jobs.js";
import { siteName, state } from "./store.js";
import { _ } from "./words.js";

/** Ask the server and show its answer; offer it where its plan has left the map, or another dialog is open. */
export async function why(site) {
  const [name, { plan }] = [siteName(site), state];
  const result = await work({ kind: "explain", run: plan.id, site }, _("Looking for the reason"));
  if (!result) return;
  const of = state.plan?.id === plan.id ? null : plan.title;
  const read = () => tell(result.explanation, name, of);
  if (!of && !byId("dialog").open) await read();
  else toast(_("The reason for {name}, {plan}, is found.", { name, plan: plan.title }), { stays: true, action: { label: _("Read it"), run: read } });
}

async function tell(told, name, of) {
  const figures = (told.figures || []).map(({ label, value }) =>
    el("div", {}, el("dt", {}, label), el("dd", {}, String(value))),
  );
  await ask({
    title: told.chosen === false ? _("Why not this site?") : _("Why this site?"),
    body: [
      named(told.name || name, "p", { class: "says" }),
      of ? named(of, "p", { class: "note" }) : null,
      told.title ? named(told.title, "p", { class: "lead" }) : null,
      (told.sentences || []).map((sentence) => named(sentence, "p")),
      figures.length ? el("dl", { class: "figures" }, figures) : null,
    ],
    close: _("Done"),
  });
}
