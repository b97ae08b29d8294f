// What brings people online beside hubs, for the same money: devices and courses.

import { choose } from "./choices.js";
import { byId, el, show } from "./dom.js";
import { plain, readable, typed } from "./format.js";
import { state } from "./store.js";
import { _ } from "./words.js";

const NAMES = { devices: _("Devices, such as phones"), courses: _("Courses in using the internet") };
const SHORT = { devices: _("devices"), courses: _("courses") };
const FIELDS = [
  ["cost", _("Cost for each person"), 1],
  ["cost_per_year", _("and for each year"), 1],
  ["share", _("Take part at most, %"), 100],
  ["benefit", _("Hub users each counts for"), 1],
];
const EMPTY = { cost: null, cost_per_year: 0, benefit: null, share: 1 };
const isKnown = ({ cost, benefit }) => cost !== null && benefit !== null;

/** Say in short which measures are asked for. */
export function measuresInShort(measures) {
  const named = Object.keys(NAMES).filter((name) => measures[name]);
  const missing = named.some((name) => !isKnown(measures[name])) ? _("figures missing") : null;
  return named.length ? [...named.map((name) => SHORT[name]), missing].filter(Boolean).join(", ") : _("none");
}

/** Name measures as they are called within a sentence. */
export const shortNames = (measures) =>
  Object.keys(measures)
    .map((name) => SHORT[name] ?? name)
    .join(_(" and "));

/** Draw the fields of each measure. */
export function measureFields() {
  if (byId("measures")) show(byId("measures"), el("p", { class: "note" }, WHAT), Object.keys(NAMES).map(measure));
}

const WHAT = _("They share the budget with hubs. The plan spends it where it brings the most people online.");

function measure(name) {
  const now = state.choices.measures[name];
  const flip = ({ target }) => put(name, target.checked ? state.scenario.measures[name] ?? EMPTY : null);
  const box = el("input", { type: "checkbox", id: `measure-${name}`, checked: Boolean(now), onchange: flip });
  return el(
    "div",
    { class: "measure" },
    el("label", { class: "check" }, box, NAMES[name]),
    now ? el("div", { class: "grid2" }, FIELDS.map((one) => field(name, now, one))) : null,
    now ? el("p", { class: "note", id: `note-${name}` }, note(now)) : null,
  );
}

const note = (now) =>
  isKnown(now)
    ? typeof now.people === "string" ? _("Up to that share of {people}.", { people: readable(now.people) }) : ""
    : _("Counted once its cost and what it counts for are known.");

function field(name, now, [key, title, times]) {
  const value = now[key];
  const input = el("input", {
    id: `${name}-${key}`,
    value: value === null || value === undefined ? "" : plain(value * times, 4),
    inputmode: "decimal",
    autocomplete: "off",
    onchange: ({ target }) => written(name, key, times, target),
  });
  return el("label", { class: "field" }, el("span", {}, title), input);
}

/** Whether a field's number can be meant: a share is above nothing and at most all. */
function fits(key, number) {
  if (key === "share") return number > 0 && number <= 1;
  if (key === "benefit") return number > 0 && number <= 100;
  return key === "cost" ? number > 0 : number >= 0;
}

function written(name, key, times, input) {
  const number = typed(input.value);
  const fault = number === null || !fits(key, number / times);
  input.setAttribute("aria-invalid", String(fault));
  if (fault) return;
  put(name, { ...state.choices.measures[name], [key]: number / times }, false);
  byId(`note-${name}`).textContent = note(state.choices.measures[name]);
}

function put(name, measure_, anew = true) {
  const all = { ...state.choices.measures, [name]: measure_ };
  choose({ measures: Object.fromEntries(Object.keys(NAMES).flatMap((key) => (all[key] ? [[key, all[key]]] : []))) });
  if (anew) {
    measureFields();
    byId(`measure-${name}`).focus();
  }
}
