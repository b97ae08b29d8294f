// The rules of a plan, folded away until wanted: fairness, measures beside hubs, hub sizes, sites, variants.

import { choose, pinned, TIER_FIELDS } from "./choices.js";
import { byId, el, named, show } from "./dom.js";
import { dial, drawDial, fairnessInShort, startFairness } from "./fairness.js";
import { doubts } from "./findings.js";
import { drawFloors } from "./floors.js";
import { shapeOf } from "./icons.js";
import { money, plain, readable, typed } from "./format.js";
import { shapeMark } from "./legend.js";
import { measuresInShort, measureFields } from "./measures.js";
import { siteList } from "./sites.js";
import { on, state } from "./store.js";
import { _, ngettext } from "./words.js";

let change = () => {};

export function startRules(changeOverrides) {
  change = changeOverrides;
  on(["scenario", "restored"], draw); // before the dial is drawn, which may be that of another scenario until then
  startFairness();
  on(["choices", "pins"], summaries);
}

function draw() {
  if (!state.scenario) return;
  const parts = [
    fold("fairness", _("Fairness"), dial(), el("div", { id: "floors" })),
    offersMeasures() ? fold("measures", _("Beside hubs"), el("div", { id: "measures" })) : null,
    fold("tiers", _("Hub sizes"), ...state.choices.tiers.map((tier_, at) => tier(state.scenario.hubs[at], tier_, at))),
    fold("sites", _("Sites"), siteList()),
    state.scenario.overrides.length ? fold("variants", _("Variants"), variants()) : null,
    doubts(state.scenario.warnings),
  ];
  const open = [...byId("rules").querySelectorAll("details[open]")].map(({ id }) => id);
  show(byId("rules"), parts);
  for (const id of open) byId(id)?.setAttribute("open", "");
  drawDial();
  drawFloors();
  measureFields();
  summaries();
}

const offersMeasures = () => !state.scenario.no_measures || Object.keys(state.scenario.measures).length > 0;

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
  byId("sum-tiers").textContent = choices.tiers.length > 1 ? ngettext("{n} size", "{n} sizes", choices.tiers.length) : inShort(choices.tiers[0]);
  byId("sum-fairness").textContent = fairnessInShort(choices);
  if (byId("sum-measures")) byId("sum-measures").textContent = measuresInShort(choices.measures);
  byId("sum-sites").textContent =
    must + never
      ? _("{must} must have, {never} never", { must: plain(must), never: plain(never) })
      : _("{n} open to choice", { n: plain(scenario.totals.sites) });
  if (byId("sum-variants")) byId("sum-variants").textContent = state.overrides.map(readable).join(", ") || _("none");
}

/** Say in short what the only size of hub is: what it costs to build and how far it reaches, as far as one figure says so. */
function inShort({ capex, reach_km: reach }) {
  const known = [capex === null ? null : money(capex, state.scenario.currency), reach === null ? null : `${plain(reach, 2)} km`];
  return known.filter(Boolean).join(", ") || ngettext("{n} size", "{n} sizes", 1);
}

function tier(own, chosen, at) {
  const fields = TIER_FIELDS.map(([key, , title]) => {
    const value = chosen[key];
    const fixed = own[key] === null && key !== "seats"; // each site has its own, or reach is in minutes
    const text = fixed ? _("differs by site") : value === null ? "" : plain(value, 2);
    const hint = key === "seats" ? _("no limit") : null;
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
    el("legend", {}, shapeMark(shapeOf(at)), named(own.label)),
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
