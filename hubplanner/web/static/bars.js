// Shares of groups as bars.

import { el, named } from "./dom.js";
import { plain, readable, share } from "./format.js";
import { _ } from "./words.js";

const MANY = 12;
const FEW = 8;

/** Return a plan's groups as bars on one scale, with a tick where a floor is asked; of many the least served. */
export function bars(plan) {
  const floor = (group, value) =>
    (plan.floors || []).find((rule) => rule.group === group && !rule.people && (!rule.value || rule.value === value));
  const told = Object.entries(plan.groups || {});
  const asked = (group, name) => floor(group, name)?.share ?? 0;
  // One scale for all bars: a half and a whole of two tables differ to the eye as well.
  const top = Math.max(
    ...told.flatMap(([group, values]) =>
      Object.entries(values).map(([name, row]) => Math.max(row.share, asked(group, name))),
    ),
    1e-9,
  );
  return told.map(([group, values]) => {
    const rows = Object.entries(values)
      .sort(([, a], [, b]) => b.share - a.share)
      .map(([name, row]) => ({ row, line: bar(name, row, top, floor(group, name)) }));
    return rows.length > MANY ? least(group, rows) : table(_("Reached, by {group}", { group: readable(group) }), rows);
  });
}

const table = (caption, rows) =>
  el("table", { class: "bars" }, el("caption", {}, caption), el("tbody", {}, rows.map(({ line }) => line)));

/** Of a group with many values, show those with the smallest shares, and all when asked. */
function least(group, rows) {
  const needy = rows.filter(({ row }) => row.need > 0);
  const worst = needy.slice(-FEW);
  const all = () => box.replaceChildren(table(_("Reached, by {group}", { group: readable(group) }), rows));
  const box = el(
    "div",
    {},
    table(_("Least reached, by {group}", { group: readable(group) }), worst),
    el("button", { type: "button", class: "link", onclick: all }, _("Show all {n}", { n: plain(rows.length) })),
  );
  return box;
}

function bar(name, { share: part, need }, top, floor) {
  const meter = el("span", { class: "bar", title: floor ? _("at least {share} asked", { share: share(floor.share) }) : null });
  meter.style.setProperty("--part", `${(100 * part) / top}%`);
  if (floor) {
    meter.classList.add("floored");
    meter.style.setProperty("--floor", `${(100 * floor.share) / top}%`);
  }
  return el(
    "tr",
    {},
    el("th", { scope: "row" }, named(name)),
    el("td", { "aria-hidden": "true" }, meter),
    el("td", { class: "number" }, need === 0 ? _("no need") : share(part)),
  );
}
