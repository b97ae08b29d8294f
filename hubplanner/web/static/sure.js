// How sure a plan's hubs are: which of them stand if the survey of who is online had come out otherwise.

import { api } from "./api.js";
import { attempt, byId, el, toast } from "./dom.js";
import { count, plain, readable, share, typed } from "./format.js";
import { running, work } from "./jobs.js";
import { openPlan } from "./opening.js";
import { on, set, state } from "./store.js";

const DRAWS = [5, 10, 20];
const WORDS = { hub: "by place and size", site: "by place" };

export function startSure() {
  on(["job"], () => byId("draw-surveys") && (byId("draw-surveys").disabled = running()));
}

/** Return how sure a hub is, from 0 to 1: of a place and size, or of any size; undefined where no survey was drawn. */
export function certainty({ stability }, site, tier = null) {
  if (!stability) return undefined;
  const own = stability.hubs.filter((hub) => hub.site_id === site && (tier === null || hub.tier === tier));
  return own.length ? Math.max(...own.map((hub) => hub.certainty)) : 0;
}

/** Say of a site in how many surveys a hub stands there; nothing where none were drawn. */
export function standing(plan, site, tier = null) {
  const part = plan && certainty(plan, site, tier);
  return part === undefined || part === null ? null : `Stands in ${share(part)} of ${plain(plan.stability.draws)} surveys drawn.`;
}

/** Return what is known of how sure the hubs are, and how to find out. */
export function sure(plan) {
  const { stability: found } = plan;
  const short = found ? `${plain(found.levels.hub.in_nine_of_ten)} of ${plain(found.levels.hub.hubs)} stand` : "not asked yet";
  return el(
    "details",
    { class: "fold", id: "sure", open: byId("sure")?.open },
    el("summary", {}, el("span", {}, "How sure are these hubs?"), el("span", { class: "note" }, short)),
    el("div", { class: "fold-body" }, plan.cannot.stability ? why(plan.cannot.stability) : [found ? told(found) : null, asking(plan)]),
  );
}

const why = (reason) => el("p", { class: "note" }, `Not known of this plan: ${reason}.`);

function told(found) {
  const { levels, reached, misses_limits: missed, draws } = found;
  const own = levels.hub;
  const rows = Object.entries(levels).map(([name, { hubs, in_nine_of_ten: sure_, kept_least: least }]) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, WORDS[name] || `by ${readable(name)}`),
      el("td", { class: "number" }, `${plain(sure_)} of ${plain(hubs)}`),
      el("td", { class: "number" }, share(least)),
    ),
  );
  const head = ["Hubs, counted", "Stand", "At worst"].map((text, at) => el("th", { scope: "col", class: at ? "number" : null }, text));
  return [
    el("p", { class: "says" }, `${plain(own.in_nine_of_ten)} of ${count(own.hubs, "hub")} stand in nine of ten surveys`),
    el("table", { class: "list" }, el("thead", {}, el("tr", {}, head)), el("tbody", {}, rows)),
    reached.mean === null
      ? null
      : el("p", { class: "note" }, `As it stands this plan comes to ${share(reached.mean)} of what each survey’s own plan would, ${share(reached.least)} at worst.`),
    missed ? el("p", { class: "note" }, `In ${plain(missed)} of ${plain(draws)} surveys it misses some rule.`) : null,
  ];
}

function asking(plan) {
  const many = el(
    "select",
    { id: "draws" },
    DRAWS.map((draws) => el("option", { value: draws, selected: draws === 10 }, `${draws} surveys`)),
  );
  const error = plan.survey
    ? null
    : el(
        "label",
        { class: "field" },
        el("span", {}, "Error of the share online, in points"),
        el("input", { id: "share-error", inputmode: "decimal", autocomplete: "off", placeholder: "such as 2", onchange: checked }),
      );
  return [
    el("p", { class: "note" }, `Who is online is known from a sample. hubplanner draws other samples within its error, plans for each anew, and tells which hubs stand. Each takes about as long as this plan did.`),
    el("div", { class: "grid2" }, el("label", { class: "field" }, el("span", {}, "How many"), many), error),
    el(
      "button",
      { type: "button", id: "draw-surveys", class: "quiet small", disabled: running(), onclick: attempt(() => find(plan, Number(many.value))) },
      plan.stability ? "Draw again" : "Draw the survey again",
    ),
  ];
}

/** Return the standard error typed, as a share; null where there is none, or it is none. */
function typedError(input) {
  const points = typed(input.value);
  const fault = points === null || points <= 0 || points >= 50;
  input.setAttribute("aria-invalid", String(fault));
  return fault ? null : points / 100;
}

const checked = ({ target }) => typedError(target);

async function find(plan, draws) {
  const field = byId("share-error");
  const error = field ? typedError(field) : null;
  if (field && error === null) return field.focus();
  const wanted = { kind: "stability", run: plan.id, draws, share_error: error };
  const result = await work(wanted, "Drawing the survey again");
  if (!result) return undefined;
  if (state.plan?.id !== plan.id) return late(plan);
  const { stability } = await api.run(plan.id);
  if (state.plan?.id === plan.id) set({ plan: { ...state.plan, stability } });
  return undefined;
}

/** Offer what was found of a plan that has left the map. */
function late(plan) {
  const action = { label: "Open it", run: attempt(() => openPlan(plan.id)) };
  toast(`How sure the hubs of ${plan.title} are is found.`, { stays: true, action });
}
