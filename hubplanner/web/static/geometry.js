// Circles on the globe, and boxes around points.

const EARTH_KM = 6371.0088;
const STEPS = 48;
const radians = Math.PI / 180;

/** Return a polygon of the places within `km` of a point. */
export function circle([lon, lat], km) {
  const angle = km / EARTH_KM;
  const ring = [];
  for (let step = 0; step <= STEPS; step += 1) {
    const bearing = (step % STEPS) * ((2 * Math.PI) / STEPS);
    const sine =
      Math.sin(lat * radians) * Math.cos(angle) + Math.cos(lat * radians) * Math.sin(angle) * Math.cos(bearing);
    const across = Math.sin(bearing) * Math.sin(angle) * Math.cos(lat * radians);
    const turn = Math.atan2(across, Math.cos(angle) - Math.sin(lat * radians) * sine);
    ring.push([lon + turn / radians, Math.asin(sine) / radians]);
  }
  return { type: "Polygon", coordinates: [ring] };
}

/** Return the reach of hubs as a FeatureCollection; hubs without a radius are left out. */
export function reaches(hubs) {
  const features = hubs.features
    .filter(({ properties }) => properties.radius_km > 0)
    .map(({ geometry, properties }) => ({
      type: "Feature",
      properties,
      geometry: circle(geometry.coordinates, properties.radius_km),
    }));
  return { type: "FeatureCollection", features };
}

/** Return limits that part numbers into `parts` classes of about equal size, rounded to one figure and rising. */
export function classes(numbers, parts) {
  const sorted = numbers.filter((number) => number > 0).sort((a, b) => a - b);
  if (!sorted.length) return [];
  const limits = [];
  for (let part = 1; part < parts; part += 1) {
    const limit = Number(sorted[Math.floor((sorted.length * part) / parts)].toPrecision(1));
    if (!limits.length || limit > limits.at(-1)) limits.push(limit);
  }
  return limits;
}

/** Return the box around polygons and a first box. */
export function around(areas, [west, south, east, north]) {
  const box = [west, south, east, north];
  const take = (part) => {
    if (typeof part[0] !== "number") return part.forEach(take);
    [box[0], box[1]] = [Math.min(box[0], part[0]), Math.min(box[1], part[1])];
    [box[2], box[3]] = [Math.max(box[2], part[0]), Math.max(box[3], part[1])];
    return box;
  };
  for (const { geometry } of areas.features) if (geometry) take(geometry.coordinates);
  return box;
}

export const EMPTY = { type: "FeatureCollection", features: [] };
