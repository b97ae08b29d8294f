// What a plan gives to whom: by hubs and measures, and among groups.

import { el } from "./dom.js";
import { exactly, money, plain, readable, share, words } from "./format.js";

const NAMES = { devices: "Devices", courses: "Courses" };
const MANY = 6;

/** Return a row for hubs and for each measure beside them; nothing where there are hubs alone. */
export function byMeasure(plan, whom, reached) {
  if (!plan.measures) return null;
  const beside = Object.entries(plan.measures);
  const users = beside.reduce((sum, [, one]) => sum + one.users, 0);
  const rows = [
    ["Hubs", `${words(reached - users)} ${whom}`, plan.cost.total - plan.cost.measures],
    ...beside.map(([name, one]) => [NAMES[name] || readable(name), people(one), one.cost]),
  ];
  return el(
    "table",
    { class: "list", id: "by-measure" },
    el("caption", {}, "Who is reached by what"),
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
  if (!number) return "nobody: hubs reach more for the money";
  const all = number > most * 0.9995 ? ", all who may be" : ` of ${words(most)}`;
  return `${words(number)} people${all}, ${plain(benefit, 3)} of a hub user each`;
}

/** Say how even a plan is among groups; nothing where it was not asked to be. */
export function evenness({ fairness }) {
  if (!fairness) return null;
  const { group, groups, served, equivalent_share: equal, bound, unserved, shares } = fairness;
  const each = readable(group);
  const missing = unserved.length > MANY ? `${unserved.slice(0, MANY).join(", ")} and ${plain(unserved.length - MANY)} more` : unserved.join(", ");
  return el(
    "section",
    { id: "evenness", "aria-label": "Fairness of this plan" },
    el("h3", {}, "Fairness"),
    el("p", {}, `As good as ${exactly(equal)} in every ${each}; no plan is above ${exactly(bound)}.`),
    shares.median === undefined
      ? null
      : el("p", { class: "note" }, `Reached by ${each}: ${share(shares.smallest)} at least, ${share(shares.median)} in the middle, ${share(shares.largest)} at most.`),
    el("p", { class: "note" }, unserved.length ? `${plain(served)} of ${plain(groups)} are served. Nothing reaches ${missing}.` : `All ${plain(groups)} are served.`),
  );
}
