// The frontier as a curve, in words and as a table: money to the right, people up. What is picked is told.

import { el, svg } from "./dom.js";
import { counted, money, plain, short, words } from "./format.js";
import { _, ngettext } from "./words.js";

const [WIDTH, HEIGHT] = [358, 220];
const BOX = { left: 46, right: 14, top: 10, bottom: 24 };

/** Return ticks at round numbers from 0 to at least `top`. */
function ticks(top, number) {
  const raw = top / number || 1;
  const size = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].find((part) => part * size >= raw) * size;
  return Array.from({ length: Math.ceil(top / step) + 1 }, (_, at) => at * step);
}

/** Draw points of {number, cost, people}; `now` is the one on the map, `knee` where more money starts to buy less. */
export function curve(points, { now, knee, origin, pick }) {
  const [across, up] = [
    ticks(Math.max(...points.map(({ cost }) => cost)), 4),
    ticks(Math.max(...points.map(({ people }) => people)), 4),
  ];
  const x = (cost) => BOX.left + ((WIDTH - BOX.left - BOX.right) * cost) / across.at(-1);
  const y = (people) => HEIGHT - BOX.bottom - ((HEIGHT - BOX.top - BOX.bottom) * people) / up.at(-1);
  const all = [origin, ...points].filter(Boolean);
  const line = all
    .map(({ cost, people }, at) => `${at ? "L" : "M"}${x(cost).toFixed(1)},${y(people).toFixed(1)}`)
    .join("");
  const area = `${line}L${x(all.at(-1).cost).toFixed(1)},${y(0)}L${x(all[0].cost).toFixed(1)},${y(0)}Z`;
  return svg(
    "svg",
    {
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      class: "curve",
      role: "img",
      "aria-label": _("People reached for each budget, {n} plans", { n: points.length }),
    },
    up.map((tick) => grid(BOX.left, WIDTH - BOX.right, y(tick), tick)),
    across.map((tick) =>
      svg("text", { x: x(tick), y: HEIGHT - BOX.bottom + 16, "text-anchor": "middle" }, tick ? short(tick) : "0"),
    ),
    svg("path", { class: "area", d: area }),
    svg("path", { class: "line", d: line }),
    points.map((point) => dot(point, { x: x(point.cost), y: y(point.people) }, { now, knee, pick })),
  );
}

function grid(from, to, y, tick) {
  const text = tick ? svg("text", { x: from - 5, y: y + 4, "text-anchor": "end" }, short(tick)) : null;
  return svg("g", {}, svg("line", { x1: from, x2: to, y1: y, y2: y, class: "grid" }), text);
}

function dot({ number }, { x, y }, { now, knee, pick }) {
  const kind = number === now ? "dot now" : number === knee ? "dot knee" : "dot";
  return svg(
    "g",
    { class: "point", onclick: () => pick(number), "data-point": number },
    svg("circle", { cx: x, cy: y, r: 12, class: "target" }),
    svg("circle", { cx: x, cy: y, r: number === now ? 7 : number === knee ? 5 : 4, class: kind }),
  );
}

/** Say what a point reaches, and for how much. */
export function says({ cost, people, hubs }, { currency, whom = "people" }) {
  const number = hubs.reduce((sum, hub) => sum + (hub.status === "existing" ? 0 : hub.hubs || 1), 0);
  return ngettext("{money} reaches {people} with {n} hub.", "{money} reaches {people} with {n} hubs.", number, {
    money: money(cost, currency),
    people: counted(people, whom),
  });
}

/** Say what the last money of a point brings, and how sure it is. */
export function details(point, frontier) {
  const more = point.marginal_people_per_million;
  const gain = more
    ? _("The last million {currency} of it brings {people} people.", { currency: frontier.currency, people: plain(more) })
    : "";
  const knee = point.number === frontier.knee ? _("Beyond this plan each further million buys markedly less.") : "";
  const proof = `${point.proof.words[0].toUpperCase()}${point.proof.words.slice(1)}.`;
  return [gain, knee, proof].filter(Boolean).join(" ");
}

/** The points as a table. */
export function table({ points, currency }, pick) {
  const head = [_("Plan"), currency, _("People"), _("Hubs")].map((text) => el("th", { scope: "col" }, text));
  const rows = points.map((point) =>
    el(
      "tr",
      {},
      el(
        "td",
        {},
        el("button", { type: "button", class: "link", onclick: () => pick(point.number) }, _("Plan {number}", { number: point.number })),
      ),
      [words(point.cost), words(point.people), plain(point.hubs.length)].map((text) =>
        el("td", { class: "number" }, text),
      ),
    ),
  );
  return el("table", { class: "list" }, el("thead", {}, el("tr", {}, head)), el("tbody", {}, rows));
}
