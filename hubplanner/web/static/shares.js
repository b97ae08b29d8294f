// What a plan gives to whom: by hubs and measures, and among groups.

import { el } from "./dom.js";
import { counted, exactly, money, plain, readable, share, words } from "./format.js";
import { _ } from "./words.js";

const NAMES = { devices: _("Devices"), courses: _("Courses") };
const MANY = 6;

/** Return a row for hubs and for each measure beside them; nothing where there are hubs alone. */
export function byMeasure(plan, whom, reached) {
  if (!plan.measures) return null;
  const beside = Object.entries(plan.measures);
  const users = beside.reduce((sum, [, one]) => sum + one.users, 0);
  const rows = [
    [_("Hubs"), counted(reached - users, whom), plan.cost.total - plan.cost.measures],
    ...beside.map(([name, one]) => [NAMES[name] || readable(name), people(one), one.cost]),
  ];
  return el(
    "table",
    { class: "list", id: "by-measure" },
    el("caption", {}, _("Who is reached by what")),
    el(
      "tbody",
      {},
      rows.map(([name, told, cost]) =>
        el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, told), el("td", { class: "number" }, money(cost, plan.currency))),
      ),
    ),
  );
}

/** Say whom a measure reaches; that it reaches nobody is an answer too. */
function people({ people: number, may_reach: most, benefit }) {
  if (!number) return _("nobody: hubs reach more for the money");
  const told = { people: words(number), most: words(most), benefit: plain(benefit, 3) };
  return number > most * 0.9995
    ? _("{people} people, all who may be, {benefit} of a hub user each", told)
    : _("{people} people of {most}, {benefit} of a hub user each", told);
}

/** Say how even a plan is among groups; nothing where it was not asked to be. */
export function evenness({ fairness }) {
  if (!fairness) return null;
  const { group, groups, served, equivalent_share: equal, bound, unserved, shares } = fairness;
  const each = readable(group);
  const missing = unserved.length > MANY
      ? _("{names} and {n} more", { names: unserved.slice(0, MANY).join(", "), n: plain(unserved.length - MANY) })
      : unserved.join(", ");
  return el(
    "section",
    { id: "evenness", "aria-label": _("Fairness of this plan") },
    el("h3", {}, _("Fairness")),
    el("p", {}, _("As good as {share} in every {group}; no plan is above {bound}.", { share: exactly(equal), group: each, bound: exactly(bound) })),
    shares.median === undefined
      ? null
      : el("p", { class: "note" }, _("Reached by {group}: {least} at least, {middle} in the middle, {most} at most.", {
            group: each,
            least: share(shares.smallest),
            middle: share(shares.median),
            most: share(shares.largest),
          })),
    el("p", { class: "note" }, unserved.length
        ? _("{part} of {all} are served. Nothing reaches {names}.", { part: plain(served), all: plain(groups), names: missing })
        : _("All {n} are served.", { n: plain(groups) })),
  );
}
