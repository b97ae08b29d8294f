// What a plan comes to in each of several futures.

import { el, named } from "./dom.js";
import { money, share } from "./format.js";
import { _ } from "./words.js";

const SOUGHT = {
  expected: _("It is the best on average over all futures."),
  worst: _("It is the best in the worst future."),
  regret: _("It is the one that is least behind what each future’s own best plan would be."),
  cvar: _("It is the best on average over the worst futures."),
};
const MOST = 12;

/** Return a row for each future: how likely it is, what is reached and paid in it; nothing where there is one alone. */
export function byFuture({ futures, currency }) {
  if (!futures) return null;
  const rows = [...futures.each].sort((a, b) => a.share - b.share).slice(0, MOST).map((one) =>
    el(
      "tr",
      {},
      named(one.name, "th", { scope: "row" }),
      el("td", { class: "number" }, share(one.probability)),
      el("td", { class: "number" }, share(one.share)),
      el("td", { class: "number" }, money(one.cost, currency)),
    ),
  );
  const head = [_("Future"), _("Chance"), _("Need reached"), _("Money")].map((text, at) => el("th", { scope: "col", class: at ? "number" : null }, text));
  const many = futures.each.length > MOST;
  return el(
    "section",
    { id: "by-future", "aria-label": _("This plan in each future") },
    el("h3", {}, _("Futures")),
    el("p", { class: "note" }, SOUGHT[futures.under]),
    el(
      "table",
      { class: "list" },
      el("caption", {}, many ? _("The {n} futures in which it reaches least", { n: MOST }) : _("What it comes to in each future")),
      el("thead", {}, el("tr", {}, head)),
      el("tbody", {}, rows),
    ),
  );
}
