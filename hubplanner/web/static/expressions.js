// The expressions of the map's style as functions of a feature's properties and the zoom: those that layers.js uses.

const OPERATORS = {
  "+": (...all) => all.reduce((sum, one) => sum + one, 0),
  "*": (...all) => all.reduce((product, one) => product * one, 1),
  "/": (a, b) => a / b,
  "==": (a, b) => a === b,
  ">=": (a, b) => a >= b,
  "!": (a) => !a,
  max: Math.max,
  min: Math.min,
  sqrt: Math.sqrt,
  in: (one, all) => all.includes(one),
  concat: (...all) => all.map((one) => one ?? "").join(""),
};

const FORMS = {
  literal: ([value]) => () => value,
  zoom: () => (of, zoom) => zoom,
  get: ([name]) => (of) => of[name] ?? null,
  has: ([name]) => (of) => name in of,
  coalesce: (parts) => first(parts.map(compiled), (value) => value !== null),
  case: (parts) => {
    const [cases, other] = pairs(parts);
    return (of, zoom) => (cases.find(([test]) => test(of, zoom))?.[1] ?? other)(of, zoom);
  },
  match: ([input, ...parts]) => {
    const [value, labels] = [compiled(input), parts.filter((_, at) => at % 2 === 0)];
    const [cases, other] = pairs(parts);
    return (of, zoom) => {
      const at = labels.indexOf(value(of, zoom));
      return (cases[at]?.[1] ?? other)(of, zoom);
    };
  },
  step: ([input, lowest, ...stops]) => {
    const [value, below, limits] = [compiled(input), compiled(lowest), stopsOf(stops)];
    return (of, zoom) => {
      const now = value(of, zoom);
      return (limits.findLast(([limit]) => limit <= now)?.[1] ?? below)(of, zoom);
    };
  },
  interpolate: ([[kind, base = 1], input, ...stops]) => {
    if (!["linear", "exponential"].includes(kind)) throw new Error(`the map's style has an unknown interpolation: ${kind}`);
    const [value, limits] = [compiled(input), stopsOf(stops)];
    return (of, zoom) => {
      const now = value(of, zoom);
      const above = limits.findIndex(([limit]) => limit > now);
      if (above <= 0) return limits.at(above && -1)[1](of, zoom);
      const [[low, from], [high, to]] = [limits[above - 1], limits[above]];
      return between(from(of, zoom), to(of, zoom), progress(now - low, high - low, base));
    };
  },
};

/** Return an expression as a function of a feature's properties and the zoom. */
export function compiled(expression) {
  if (!Array.isArray(expression) || typeof expression[0] !== "string") return () => expression;
  const [name, ...rest] = expression;
  if (FORMS[name]) return FORMS[name](rest);
  const work = OPERATORS[name];
  if (!work) throw new Error(`the map's style has an unknown expression: ${name}`);
  const parts = rest.map(compiled);
  if (parts.length === 2) return (of, zoom) => work(parts[0](of, zoom), parts[1](of, zoom)); // most are, and it is faster
  return (of, zoom) => work(...parts.map((part) => part(of, zoom)));
}

const first = (parts, test) => (of, zoom) => {
  for (const part of parts) {
    const value = part(of, zoom);
    if (test(value)) return value;
  }
  return null;
};

/** Return tests with what they lead to, and what is left where none holds. */
function pairs(parts) {
  const all = parts.map(compiled);
  const cases = [];
  for (let at = 0; at + 1 < all.length; at += 2) cases.push([all[at], all[at + 1]]);
  return [cases, all.at(-1)];
}

/** Return limits, which are numbers, with what they lead to. */
function stopsOf(parts) {
  const stops = [];
  for (let at = 0; at < parts.length; at += 2) stops.push([parts[at], compiled(parts[at + 1])]);
  return stops;
}

const progress = (part, whole, base) => (base === 1 ? part / whole : (base ** part - 1) / (base ** whole - 1));

function between(from, to, share) {
  if (typeof from === "number") return from + (to - from) * share;
  const [start, end] = [channels(from), channels(to)];
  const [red, green, blue, opacity] = start.map((value, at) => Math.round(value + (end[at] - value) * share));
  return `rgb(${red} ${green} ${blue} / ${opacity / 255})`;
}

const known = new Map();

/** Return a colour's red, green, blue and opacity, as a canvas understands it. */
function channels(color) {
  if (!known.has(color)) {
    const pen = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    pen.fillStyle = color;
    pen.fillRect(0, 0, 1, 1);
    known.set(color, [...pen.getImageData(0, 0, 1, 1).data]);
  }
  return known.get(color);
}
