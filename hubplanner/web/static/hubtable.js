// The hubs of a plan as a table.

import { el, named, show } from "./dom.js";
import { share, words } from "./format.js";
import { shapeOf } from "./icons.js";
import { shapeMark } from "./legend.js";
import { set, siteName, state } from "./store.js";
import { certainty } from "./sure.js";
import { _, ngettext } from "./words.js";

const FEW = 8;

/** Whom a plan's figures count: where seats are for some people, those alone; a run of an earlier version, all. */
export const whomOf = ({ people }) => people.whom ?? "people";

/** How many of them a hub of a plan reaches; undefined where that is not known. */
export const reachedBy = (plan, hub) => (whomOf(plan) === "people" ? hub.covered_people : hub.load);

/** Draw the hubs of a plan, those that reach most people first: a few until all are asked for. */
export function hubTable(plan) {
  const place = el("div", { class: "hub-table" });
  fill(place, plan, FEW);
  return place;
}

function fill(place, plan, most) {
  const tiers = (state.scenario ? state.scenario.hubs : []).map(({ id }) => id);
  const sizes = tiers.length > 1 || plan.hubs.some(({ hubs: many = 1, status }) => many > 1 || status === "existing");
  const sorted = [...plan.hubs].sort((a, b) => (reachedBy(plan, b) || 0) - (reachedBy(plan, a) || 0));
  const rows = sorted.slice(0, most).map((hub) => {
    const go = el(
      "button",
      { type: "button", class: "link name", onclick: () => set({ selected: hub.site_id, follow: true }) },
      named(siteName(hub.site_id)),
    );
    const many = hub.hubs > 1 ? `${hub.hubs} × ` : "";
    const people = reachedBy(plan, hub);
    return el(
      "tr",
      {},
      el(
        "td",
        {},
        el(
          "div",
          { class: "place" },
          shapeMark(
            shapeOf(Math.max(0, tiers.indexOf(hub.tier))),
            hub.status === "existing" ? "shape standing" : "shape",
          ),
          go,
        ),
      ),
      sizes && el("td", {}, hub.status === "existing" ? _("{hub}, standing", { hub: many + hub.tier }) : many + hub.tier),
      el("td", { class: "number" }, people === undefined ? "" : words(people)),
      plan.stability ? el("td", { class: "number" }, hub.status === "existing" ? "" : share(certainty(plan, hub.site_id, hub.tier))) : null,
    );
  });
  const head = el(
    "thead",
    {},
    el(
      "tr",
      {},
      [[_("Place")], sizes && [_("Size")], [_("People"), "number"], plan.stability && [_("Sure"), "number"]].map(
        (column) => column && el("th", { scope: "col", class: column[1] }, column[0]),
      ),
    ),
  );
  const more =
    sorted.length > most
      ? el(
          "button",
          { type: "button", class: "link", onclick: () => fill(place, plan, sorted.length) },
          ngettext("Show the {n} hub", "Show all {n} hubs", sorted.length),
        )
      : null;
  show(place, el("table", { class: "list hubs" }, head, el("tbody", {}, rows)), more);
}
