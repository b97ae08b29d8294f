// A small map of files that were brought, before anything is planned: points, shapes, a raster's coarse cells.

import { el, named } from "./dom.js";
import { count, plain, words } from "./format.js";
import { MapView } from "./mapview.js";
import { state } from "./store.js";

/** Draw what files hold, with what their columns are taken for, at the end of a place on the page. */
export function preview(place, looks) {
  const shown = looks.filter(({ box }) => box);
  const list = el("ul", { class: "looks" }, looks.map(line));
  if (!shown.length) return place.append(list);
  const node = el("div", { class: "preview", "data-label": "Map of these files", role: "group" });
  place.append(list, node);
  return draw(node, shown);
}

function line({ name, kind, count: rows, people, columns, drawn }) {
  const counted = kind === "raster" ? `raster, ${plain(rows)} cells with people` : `${plain(rows)} ${kind === "table" ? "rows" : kind}`;
  const total = people === null ? "" : `, ${words(people)} people`;
  const some = drawn && drawn < rows ? `, ${plain(drawn)} of them drawn` : "";
  const taken = columns.map(({ key, column }) => `${column} as ${key}`).join(", ");
  return el("li", {}, named(name, "b"), `: ${counted}${total}${some}`, taken ? named(`; taken: ${taken}`) : null);
}

const views = []; // a browser draws only some maps at once: those that are gone make room

async function draw(node, looks) {
  const of = (test) => ({ type: "FeatureCollection", features: looks.filter(test).flatMap(({ features }) => features) });
  const areas = of(({ kind }) => ["raster", "polygons"].includes(kind));
  const people = of(({ kind, people: known }) => kind === "points" && known !== null && !areas.features.length);
  const others = of(({ kind, people: known }) => kind === "points" && (known === null || areas.features.length > 0));
  const sides = [Math.min, Math.min, Math.max, Math.max];
  const bounds = sides.map((side, at) => side(...looks.map(({ box }) => box[at])));
  const need = people.features.reduce((sum, { properties }) => sum + properties.need, 0);
  for (const old of views.splice(0)) (old.map.getContainer().isConnected ? views.push(old) : old.map.remove());
  const view = new MapView(node, { theme: state.theme });
  views.push(view);
  await view.showScenario({
    map: { bounds, demand: people.features.length, sites: others, lines: null, world: {} },
    areas: areas.features.length ? areas : null,
    demandUrl: people,
    mean: need / Math.max(1, people.features.length),
  });
}
