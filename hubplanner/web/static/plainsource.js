// What a plain map is given to draw: GeoJSON, or its address, with every place in Mercator's square.

import { api } from "./api.js";
import { mercator, sizeAt } from "./camera.js";
import { compiled } from "./expressions.js";
import { turns } from "./turns.js";

const CELL = 8; // pixels: about the area of a circle of 5, within which MapLibre lets places stand together

export class PlainSource {
  constructor(id, options, { began, ended }) {
    Object.assign(this, { id, options, began, ended, take: turns(), waits: false });
    this.setData(options.data);
  }

  /** Take data, or what their address answers unless others were given meanwhile. */
  async setData(data) {
    const current = this.take();
    this.waits = true;
    this.began();
    try {
      const found = typeof data === "string" ? await api.layer(data) : data;
      if (!current()) return;
      this.features = found.features.flatMap(prepared);
      this.levels = new Map();
      this.ended();
    } catch (error) {
      if (current()) this.ended(error);
    } finally {
      if (current()) this.waits = false;
    }
  }

  /** Return what is drawn at a zoom: where they are many, places within a few pixels stand together. */
  at(zoom) {
    const { cluster, clusterMaxZoom, clusterProperties } = this.options;
    const level = Math.floor(zoom);
    if (!cluster || level > clusterMaxZoom) return this.features;
    if (!this.levels.has(level)) this.levels.set(level, standTogether(this.features, level, clusterProperties));
    return this.levels.get(level);
  }
}

/** Return what a feature is to a plain map: points each by itself, others as lines or rings with the box around them. */
function prepared({ geometry, properties }) {
  if (!geometry) return [];
  const { type, coordinates, geometries } = geometry;
  if (type === "GeometryCollection") return geometries.flatMap((one) => prepared({ geometry: one, properties }));
  if (type === "MultiPoint") return coordinates.flatMap((one) => prepared({ geometry: { type: "Point", coordinates: one }, properties }));
  if (type === "Point") {
    const [x, y] = mercator(coordinates);
    return [{ geometry, properties, x, y }];
  }
  const lines = listed(coordinates).map((line) => Float64Array.from(line.flatMap(mercator)));
  return [{ geometry, properties, lines, box: boxOf(lines) }];
}

/** Return the lines in lists of lists of positions. */
const listed = (part) => (typeof part[0]?.[0] === "number" ? [part] : part.flatMap(listed));

function boxOf(lines) {
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  for (const line of lines)
    for (let at = 0; at < line.length; at += 2) {
      [box[0], box[2]] = [Math.min(box[0], line[at]), Math.max(box[2], line[at])];
      [box[1], box[3]] = [Math.min(box[1], line[at + 1]), Math.max(box[3], line[at + 1])];
    }
  return box;
}

function standTogether(places, level, sums) {
  const cells = new Map();
  const number = sizeAt(level) / CELL; // of cells from west to east
  for (const place of places) {
    const key = Math.floor(place.y * number) * number + Math.floor(place.x * number);
    if (!cells.has(key)) cells.set(key, []);
    cells.get(key).push(place);
  }
  const added = Object.entries(sums).map(([name, [, one]]) => [name, compiled(one)]);
  return [...cells.values()].map((group) => (group.length === 1 ? group[0] : merged(group, added)));
}

/** Return places as one in their middle, with the sums of what they have. */
function merged(group, added) {
  const sum = (value) => group.reduce((total, place) => total + value(place), 0);
  const sums = added.map(([name, value]) => [name, sum(({ properties }) => value(properties))]);
  return {
    properties: { point_count: group.length, ...Object.fromEntries(sums) },
    x: sum(({ x }) => x) / group.length,
    y: sum(({ y }) => y) / group.length,
  };
}
