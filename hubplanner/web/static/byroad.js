// Plans along roads: how much road there is, who is cut off, what closing a gap brings, and how that is drawn.

import { api } from "./api.js";
import { el, named } from "./dom.js";
import { figures, money, words } from "./format.js";
import { EMPTY } from "./geometry.js";
import { siteName } from "./store.js";
import { _, ngettext } from "./words.js";

const MOST = 6;

/** Tell whether a kept plan has ways along roads. */
export const followsRoads = (plan) => Boolean(plan?.id && plan.travel?.roads_km !== undefined);

/** Return how roads and people meet, and the table of gaps; nothing where people do not travel along roads. */
export function byRoad(plan) {
  if (!followsRoads(plan)) return null;
  const { roads_km: km, parts, people_on_islands: apart, people_beyond_access: beyond, closing = [] } = plan.travel;
  const whole = ngettext("{km} km of road in one part", "{km} km of road in {n} parts", parts, { km: figures(km) });
  const people = { apart: words(apart), beyond: words(beyond) };
  const cut = _("{apart} people are nearest to a road of an island, {beyond} too far from any road.", people);
  return el(
    "details",
    { class: "fold", id: "by-road" },
    el("summary", {}, el("span", {}, _("Roads and gaps")), el("span", { class: "note" }, whole)),
    el("div", { class: "fold-body" }, el("p", {}, `${whole}. ${cut}`), gaps(closing, plan.currency)),
  );
}

const length = (km) => (km < 1 ? `${figures(1000 * km)} m` : `${figures(km)} km`);

function gaps(closing, currency) {
  const some = closing.filter(({ people }) => people > 0);
  if (!some.some(({ what }) => what === "gap"))
    return el("p", { class: "note" }, _("No road across a gap would bring anyone within reach of these hubs."));
  const rows = some.slice(0, MOST).map((row) =>
    el(
      "tr",
      {},
      named(row.what === "gap" ? _("Gap at {lat}, {lon}", { lat: row.lat.toFixed(3), lon: row.lon.toFixed(3) }) : `${row.tier}, ${siteName(row.site_id)}`, "th", { scope: "row" }),
      el("td", { class: "number" }, row.what === "gap" ? _("{length} of road", { length: length(row.road_km) }) : money(row.cost, currency)),
      el("td", { class: "number" }, words(row.people)),
    ),
  );
  const head = [_("What is added"), _("At what price"), _("People more")].map((text, at) => el("th", { scope: "col", class: at ? "number" : null }, text));
  return el(
    "table",
    { class: "list", id: "gaps" },
    el("caption", {}, _("A closed gap between roads against another hub, each alone")),
    el("thead", {}, el("tr", {}, head)),
    el("tbody", {}, rows),
  );
}

/** Put a plan's ways, the reach of its hubs by road and the parts that no road joins on a map; ways of many are left out. */
export async function putRoads(view, plan, current) {
  const has = followsRoads(plan);
  const [reach, ways, islands] = await Promise.all([
    has ? api.runLayer(plan.id, "reach") : null,
    has && !view.many ? api.runLayer(plan.id, "links") : EMPTY,
    has ? api.runLayer(plan.id, "islands") : EMPTY,
  ]);
  if (!current()) return;
  await Promise.all([reach ? view.put("reach", reach) : null, view.put("ways", ways), view.put("islands", islands)]);
}

/** Layers of ways from people to hubs, and of roads apart from the others. */
export const roadLayers = (colors) => [
  {
    id: "ways",
    type: "line",
    source: "ways",
    paint: { "line-color": colors.ink, "line-width": ["interpolate", ["linear"], ["zoom"], 5, 0.6, 10, 1.4], "line-opacity": 0.45 },
  },
  {
    id: "islands",
    type: "line",
    source: "islands",
    paint: { "line-color": colors.less, "line-width": ["interpolate", ["linear"], ["zoom"], 5, 1, 10, 2.2], "line-opacity": 0.9 },
  },
];
