// The rules of a plan, folded away until wanted: hub sizes, fair shares, sites, variants.

import { choose, pinned, TIER_FIELDS } from "./choices.js";
import { byId, el, named, show } from "./dom.js";
import { doubts } from "./findings.js";
import { shapeOf } from "./icons.js";
import { count, plain, typed, words } from "./format.js";
import { shapeMark } from "./legend.js";
import { siteList } from "./sites.js";
import { on, state } from "./store.js";

let change = () => {};

export function startRules(changeOverrides) {
  change = changeOverrides;
  on(["scenario"], draw);
  on(["choices", "pins"], summaries);
}

function draw() {
  if (!state.scenario) return;
  const parts = [
    fold("tiers", "Hub sizes", ...state.scenario.hubs.map(tier)),
    fold("floors", "Fair shares", el("div", { id: "floors" })),
    fold("sites", "Sites", siteList()),
    state.scenario.overrides.length ? fold("variants", "Variants", variants()) : null,
    doubts(state.scenario.warnings),
  ];
  const open = [...byId("rules").querySelectorAll("details[open]")].map(({ id }) => id);
  show(byId("rules"), parts);
  for (const id of open) byId(id)?.setAttribute("open", "");
  floors();
  summaries();
}

function fold(id, title, ...content) {
  return el(
    "details",
    { class: "fold", id: `fold-${id}` },
    el("summary", {}, el("span", {}, title), el("span", { class: "note", id: `sum-${id}` })),
    el("div", { class: "fold-body" }, content),
  );
}

function summaries() {
  if (!byId("sum-tiers")) return;
  const { scenario, choices } = state;
  const [must, never] = [pinned("required").length, pinned("excluded").length];
  byId("sum-tiers").textContent = count(scenario.hubs.length, "size");
  byId("sum-floors").textContent = choices.floors.length ? count(choices.floors.length, "rule") : "none";
  byId("sum-sites").textContent =
    must + never ? `${must} must have, ${never} never` : `${plain(scenario.totals.sites)} open to choice`;
  if (byId("sum-variants")) byId("sum-variants").textContent = state.overrides.map(readable).join(", ") || "none";
}

function tier(given, at) {
  const fields = TIER_FIELDS.map(([key, , title]) => {
    const value = given[key];
    const fixed = value === null && key !== "seats"; // each site has its own, or reach is in minutes
    const text = fixed ? "differs by site" : value === null ? "" : plain(value, 2);
    const hint = key === "seats" ? "no limit" : null;
    const field = el("input", {
      value: text,
      inputmode: "decimal",
      autocomplete: "off",
      disabled: fixed,
      placeholder: hint,
      onchange: (event) => tierChanged(event.target, at, key),
    });
    return el("label", { class: "field" }, el("span", {}, title), field);
  });
  return el(
    "fieldset",
    { class: "tier" },
    el("legend", {}, shapeMark(shapeOf(at)), named(given.label)),
    el("div", { class: "grid2" }, fields),
  );
}

function tierChanged(field, at, key) {
  const empty = key === "seats" && !field.value.trim();
  const value = empty ? null : typed(field.value);
  const fault = !empty && (value === null || value < 0);
  field.setAttribute("aria-invalid", String(fault));
  if (fault) return;
  if (!empty) field.value = plain(value, 2);
  choose({ tiers: state.choices.tiers.map((tier_, other) => (other === at ? { ...tier_, [key]: value } : tier_)) });
}

function floors() {
  const { groups, totals } = state.scenario;
  const rows = state.choices.floors.map(floorRow);
  const add = el(
    "button",
    {
      type: "button",
      class: "quiet small",
      onclick: () => changeFloors([...state.choices.floors, { group: Object.keys(groups)[0] || null, share: 0.01 }]),
    },
    "Add a fair share",
  );
  const empty = el(
    "p",
    { class: "note" },
    `Without one, hubs go where they reach most of the ${words(totals.need)} people not yet online.`,
  );
  show(byId("floors"), rows.length ? el("ul", { class: "plain" }, rows) : empty, add);
}

function changeFloors(list) {
  choose({ floors: list });
  floors();
}

function floorRow(floor, at) {
  const { groups } = state.scenario;
  const put = (changes) =>
    changeFloors(
      state.choices.floors.map((other, number) => (number === at ? clean({ ...other, ...changes }) : other)),
    );
  const options = [["", "All people"]];
  for (const [group, values] of Object.entries(groups)) {
    options.push(
      [JSON.stringify([group]), `Each ${readable(group)}`],
      ...values.slice(0, 300).map((value) => [JSON.stringify([group, value]), value]),
    );
  }
  const now = floor.group
    ? JSON.stringify(floor.value === undefined || floor.value === null ? [floor.group] : [floor.group, floor.value])
    : "";
  const whom = el(
    "select",
    {
      "aria-label": `Fair share ${at + 1}: whom`,
      onchange: ({ target }) => put(target.value ? pair(JSON.parse(target.value)) : { group: null, value: null }),
    },
    options.map(([value, text]) => el("option", { value, selected: value === now }, text)),
  );
  const least = el("input", {
    class: "short",
    value: plain(floor.share * 100, 3),
    inputmode: "decimal",
    "aria-label": `Fair share ${at + 1}: least share in percent`,
    onchange: ({ target }) => shareChanged(target, put),
  });
  const people = floor.people ? el("span", { class: "note" }, `of ${floor.people}`) : null;
  const drop = el(
    "button",
    {
      type: "button",
      class: "icon",
      "aria-label": `Remove fair share ${at + 1}`,
      onclick: () => changeFloors(state.choices.floors.filter((_, number) => number !== at)),
    },
    "×",
  );
  return el(
    "li",
    { class: "row" },
    whom,
    el("span", { class: "note" }, "at least"),
    least,
    el("span", { class: "note" }, "%"),
    people,
    drop,
  );
}

const pair = ([group, value = null]) => ({ group, value });
const clean = (floor) =>
  Object.fromEntries(Object.entries(floor).filter(([, value]) => value !== null && value !== undefined));
const readable = (name) => name.replaceAll("_", " ");

function shareChanged(field, put) {
  const percent = typed(field.value);
  const fault = percent === null || percent < 0 || percent > 100;
  field.setAttribute("aria-invalid", String(fault));
  if (!fault) put({ share: percent / 100 });
}

function variants() {
  const box = (name) =>
    el(
      "label",
      { class: "check" },
      el("input", {
        type: "checkbox",
        checked: state.overrides.includes(name),
        onchange: ({ target }) => change(name, target.checked),
      }),
      named(readable(name)),
    );
  return el("div", { class: "checks" }, state.scenario.overrides.map(box));
}
