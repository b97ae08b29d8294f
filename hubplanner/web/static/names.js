// Which names the map writes, and on which side of its place each stands, so that many find room.

import { EMPTY } from "./geometry.js";
import { drawIcon } from "./icons.js";

const [AWAY, TALL, APART] = [10, 20, 4];

/** Where an icon's anchor sits beside its place, and how far from it, by the name of the anchor; the usual one first. */
export const SIDES = { left: [AWAY, 0], right: [-AWAY, 0], bottom: [0, -AWAY], top: [0, AWAY] };

/** Towns so well known that a reader looks for them first. */
const KNOWN = 9;

/** Zoom from which names of any width are written, and the widest before: long ones hide more of a country than they tell. */
const [NEAR, WIDEST] = [7, 150];

/** Return the names that find room, each with its side: of the best known towns, then of hubs, then of other towns; where
    a hub and a town share a name the first of them alone is named. */
export function placed(towns, hubs, map) {
  const [taken, written] = [[], new Set()];
  const place = (features, kind) => {
    const before = new Set(written);
    return features.flatMap((feature) => {
      const { name } = feature.properties;
      const [at, wide] = [map.project(feature.geometry.coordinates), width(`${kind}|light|${name}`)];
      if (before.has(name) || (wide > WIDEST && map.getZoom() < NEAR)) return [];
      const side = Object.keys(SIDES).find((one) => taken.every((other) => apart(box(at, wide, one), other)));
      if (!side) return [];
      taken.push(box(at, wide, side));
      written.add(name);
      return [{ ...feature, properties: { ...feature.properties, side } }];
    });
  };
  const known = place(towns.features.slice(0, KNOWN), "town");
  const labels = place(hubs.features, "label");
  const others = place(towns.features.slice(KNOWN), "town");
  return { towns: { ...EMPTY, features: [...known, ...others] }, labels: { ...EMPTY, features: labels } };
}

const widths = new Map();

function width(icon) {
  if (!widths.has(icon)) {
    const { data, ratio } = drawIcon(icon);
    widths.set(icon, data.width / ratio);
  }
  return widths.get(icon);
}

/** Return the least and largest x and y of a name. */
function box({ x, y }, wide, side) {
  const [right, down] = SIDES[side];
  const left = { left: 0, right: -wide }[side] ?? -wide / 2;
  const top = { bottom: -TALL, top: 0 }[side] ?? -TALL / 2;
  return [x + right + left, y + down + top, x + right + left + wide, y + down + top + TALL];
}

const apart = (one, other) =>
  one[2] + APART < other[0] || other[2] + APART < one[0] || one[3] + APART < other[1] || other[3] + APART < one[1];
