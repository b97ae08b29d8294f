// A small map of files that were brought, before anything is planned: points, shapes, a raster's coarse cells.

import { el, named } from "./dom.js";
import { plain, words } from "./format.js";
import { MapView } from "./mapview.js";
import { state } from "./store.js";
import { _, ngettext } from "./words.js";

/** Draw what files hold, with what their columns are taken for, at the end of a place on the page. */
export function preview(place, looks) {
  const shown = looks.filter(({ box }) => box);
  const list = el("ul", { class: "looks" }, looks.map(line));
  if (!shown.length) return place.append(list);
  const node = el("div", { class: "preview", "data-label": _("Map of these files"), role: "group" });
  place.append(list, node);
  return draw(node, shown);
}

const COUNTED = {
  raster: (rows) => ngettext("raster, {n} cell with people", "raster, {n} cells with people", rows),
  points: (rows) => ngettext("{n} point", "{n} points", rows),
  polygons: (rows) => ngettext("{n} polygon", "{n} polygons", rows),
  lines: (rows) => ngettext("{n} line", "{n} lines", rows),
  table: (rows) => ngettext("{n} row", "{n} rows", rows),
};

function line({ name, kind, count: rows, people, columns, drawn }) {
  const told = [
    COUNTED[kind](rows),
    people === null ? null : _("{people} people", { people: words(people) }),
    drawn && drawn < rows ? _("{n} of them drawn", { n: plain(drawn) }) : null,
  ];
  const taken = columns.map(({ key, column }) => _("{column} as {key}", { column, key })).join(", ");
  return el("li", {}, named(name, "b"), `: ${told.filter(Boolean).join(", ")}`, taken ? named(_("; taken: {columns}", { columns: taken })) : null);
}

const views = new Set(); // a browser draws only some maps at once: those that are gone make room

/** Remove the maps that are drawn, or those of them that are no longer on the page. */
export function forgetPreviews(isGone = () => true) {
  for (const view of [...views].filter(isGone)) {
    view.map.remove();
    views.delete(view);
  }
}

async function draw(node, looks) {
  const of = (test) => ({ type: "FeatureCollection", features: looks.filter(test).flatMap(({ features }) => features) });
  const areas = of(({ kind }) => ["raster", "polygons"].includes(kind));
  const people = of(({ kind, people: known }) => kind === "points" && known !== null && !areas.features.length);
  const others = of(({ kind, people: known }) => kind === "points" && (known === null || areas.features.length > 0));
  const sides = [Math.min, Math.min, Math.max, Math.max];
  const bounds = sides.map((side, at) => side(...looks.map(({ box }) => box[at])));
  const need = people.features.reduce((sum, { properties }) => sum + properties.need, 0);
  forgetPreviews(({ map }) => !map.getContainer().isConnected);
  const view = new MapView(node, { theme: state.theme });
  views.add(view);
  await view.showScenario({
    map: { bounds, demand: people.features.length, sites: others, lines: null, world: {} },
    areas: areas.features.length ? areas : null,
    demandUrl: people,
    mean: need / Math.max(1, people.features.length),
  });
}
