// The search as a picture: the best plan so far rises, what is possible at most falls, the gap between them closes.

import { el, svg } from "./dom.js";
import { words } from "./format.js";
import { _ } from "./words.js";

const [WIDTH, HEIGHT, PAD] = [340, 96, 6];

/** Return the chart of a job's progress with its words. */
export function progressChart(progress, minimise) {
  const known = progress.filter(
    ({ value, bound }) => value !== null && value !== undefined && bound !== null && bound !== undefined,
  );
  if (known.length < 2)
    return el("p", { class: "note" }, known.length ? known[0].words : _("Looking for a first plan…"));
  const last = known.at(-1);
  return el(
    "figure",
    { class: "chart" },
    svg(
      "svg",
      {
        viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
        role: "img",
        "aria-label": said(last, minimise),
      },
      lines(known),
    ),
    el(
      "figcaption",
      { class: "row spread" },
      el("span", { class: "key found" }, _("Found {value}", { value: words(last.value) })),
      el("span", { class: "key limit" }, _("Possible {bound}", { bound: [minimise ? "≥" : "≤", words(last.bound)].join(" ") })),
    ),
    el("p", { class: "note" }, last.words),
  );
}

function said({ value, bound }, minimise) {
  const figures = { value: words(value), bound: words(bound) };
  return minimise
    ? _("Best plan so far {value}, possible at least {bound}", figures)
    : _("Best plan so far {value}, possible at most {bound}", figures);
}

function lines(known) {
  const scale = axes(known);
  const path = (key) =>
    known.map((step, at) => `${at ? `H${scale.x(step)}V` : `M${scale.x(step)},`}${scale.y(step[key])}`).join("");
  const back = [...known]
    .reverse()
    .map((step, at) => `${at ? "V" : `L${scale.x(step)},`}${scale.y(step.value)}H${scale.x(step)}`)
    .join("");
  return [
    svg("path", { class: "band", d: `${path("bound")}${back}Z` }),
    svg("path", { class: "limit", d: path("bound") }),
    svg("path", { class: "found", d: path("value") }),
  ];
}

/** The first bounds are far off and would flatten the rest: the middle half of all figures, stretched, sets the scale. */
function axes(known) {
  const figures = known.flatMap(({ value, bound }) => [value, bound]).sort((a, b) => a - b);
  const [low, high] = [figures[Math.floor(figures.length * 0.25)], figures[Math.floor(figures.length * 0.75)]];
  const reach = (high - low || Math.abs(high) || 1) * 1.5;
  const [floor, top] = [Math.max(figures[0], low - reach), Math.min(figures.at(-1), high + reach)];
  const [begin, last] = [known[0].seconds, known.at(-1).seconds];
  const inside = (part) => Math.min(1, Math.max(0, part));
  return {
    x: ({ seconds }) => (PAD + ((WIDTH - 2 * PAD) * (seconds - begin)) / (last - begin || 1)).toFixed(1),
    y: (figure) => (HEIGHT - PAD - (HEIGHT - 2 * PAD) * inside((figure - floor) / (top - floor || 1))).toFixed(1),
  };
}
