// How a plan's hubs are connected: what each technology links and costs, and how it is drawn.

import { el } from "./dom.js";
import { figures, money, plain } from "./format.js";
import { _ } from "./words.js";

const NAMES = { fibre: _("Fibre"), microwave: _("Microwave"), satellite: _("Satellite"), cellular: _("Cellular") };

/** Return a row for each technology: hubs, km of lines and money; nothing where links are of no concern. */
export function byTechnology({ backhaul, cost, currency }) {
  if (!backhaul) return null;
  const rows = Object.entries(backhaul.by_technology).map(([name, one]) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, NAMES[name]),
      el("td", { class: "number" }, plain(one.hubs)),
      el("td", { class: "number" }, one.km ? figures(one.km) : ""),
      el("td", { class: "number" }, money(one.cost, currency)),
    ),
  );
  const head = [_("Link"), _("Hubs"), _("km of lines"), _("Money")].map((text, at) => el("th", { scope: "col", class: at ? "number" : null }, text));
  return el(
    "table",
    { class: "list", id: "by-technology" },
    el("caption", {}, _("How hubs are connected, for {money}", { money: money(cost.backhaul, currency) })),
    el("thead", {}, el("tr", {}, head)),
    el("tbody", {}, rows),
  );
}

/** Layers of lines that are built, and of rings around hubs with a link of their own. */
export const connections = (colors) => [
  {
    id: "backhaul",
    type: "line",
    source: "backhaul",
    paint: {
      "line-color": colors.ink,
      "line-width": ["interpolate", ["linear"], ["zoom"], 4, 1.2, 9, 2.6],
      "line-opacity": 0.85,
    },
  },
  {
    id: "dishes",
    type: "circle",
    source: "hubs",
    filter: ["in", ["get", "link"], ["literal", ["satellite", "cellular"]]],
    paint: {
      "circle-radius": ["interpolate", ["linear"], ["zoom"], 4, 5, 8, 11],
      "circle-color": "rgba(0,0,0,0)",
      "circle-stroke-color": colors.ink,
      "circle-stroke-width": 1,
      "circle-stroke-opacity": 0.7,
    },
  },
];
