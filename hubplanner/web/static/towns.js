// On which side of its place each town's name stands, so that more of them find room.

import { drawIcon } from "./icons.js";

const [AWAY, TALL, APART] = [10, 20, 4];

/** Where an icon's anchor sits beside its place, and how far from it, by the name of the anchor; the usual one first. */
export const SIDES = { left: [AWAY, 0], right: [-AWAY, 0], bottom: [0, -AWAY], top: [0, AWAY] };

/** Return the towns whose names find room beside their places, each with its side, the best known first. */
export function sided(towns, project) {
  const taken = [];
  const features = towns.features.flatMap((town) => {
    const [at, wide] = [project(town.geometry.coordinates), width(town.properties.name)];
    const side = Object.keys(SIDES).find((name) => taken.every((other) => apart(box(at, wide, name), other)));
    if (!side) return [];
    taken.push(box(at, wide, side));
    return [{ ...town, properties: { ...town.properties, side } }];
  });
  return { ...towns, features };
}

function width(name) {
  const { data, ratio } = drawIcon(`town|light|${name}`);
  return data.width / ratio;
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
