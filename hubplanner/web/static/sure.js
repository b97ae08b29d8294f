// How sure a plan's hubs are: which of them stand if the survey of who is online had come out otherwise.

import { api } from "./api.js";
import { attempt, byId, el, toast } from "./dom.js";
import { plain, readable, share, typed } from "./format.js";
import { running, work } from "./jobs.js";
import { openPlan } from "./opening.js";
import { on, set, state } from "./store.js";
import { _, ngettext } from "./words.js";

const DRAWS = [5, 10, 20];
const WORDS = { hub: _("by place and size"), site: _("by place") };

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
export function standing(plan, site, tier = null, planned = true) {
  const part = plan && certainty(plan, site, tier);
  if (part === undefined || part === null) return null;
  const told = { share: share(part), n: plain(plan.stability.draws) };
  return planned
    ? _("Stands in {share} of {n} surveys drawn.", told)
    : _("A hub stands here in {share} of {n} surveys drawn.", told);
}

/** Return what is known of how sure the hubs are, and how to find out. */
export function sure(plan) {
  const { stability: found } = plan;
  const short = found ? _("{part} of {all} stand", { part: plain(found.levels.hub.in_nine_of_ten), all: plain(found.levels.hub.hubs) }) : _("not asked yet");
  return el(
    "details",
    { class: "fold", id: "sure", open: byId("sure")?.open },
    el("summary", {}, el("span", {}, _("How sure are these hubs?")), el("span", { class: "note" }, short)),
    el("div", { class: "fold-body" }, plan.cannot.stability ? why(plan.cannot.stability) : [found ? told(found) : null, asking(plan)]),
  );
}

const why = (reason) => el("p", { class: "note" }, _("Not known of this plan: {reason}.", { reason }));

function told(found) {
  const { levels, reached, misses_limits: missed, draws } = found;
  const own = levels.hub;
  const rows = Object.entries(levels).map(([name, { hubs, in_nine_of_ten: sure_, kept_least: least }]) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, WORDS[name] || _("by {group}", { group: readable(name) })),
      el("td", { class: "number" }, _("{part} of {all}", { part: plain(sure_), all: plain(hubs) })),
      el("td", { class: "number" }, share(least)),
    ),
  );
  const head = [_("Hubs, counted"), _("Stand"), _("At worst")].map((text, at) => el("th", { scope: "col", class: at ? "number" : null }, text));
  return [
    el("p", { class: "says" }, ngettext("{part} of {n} hub stands in nine of ten surveys", "{part} of {n} hubs stand in nine of ten surveys", own.hubs, { part: plain(own.in_nine_of_ten) })),
    el("table", { class: "list" }, el("thead", {}, el("tr", {}, head)), el("tbody", {}, rows)),
    reached.mean === null
      ? null
      : el("p", { class: "note" }, _("As it stands this plan comes to {mean} of what each survey’s own plan would, {least} at worst.", { mean: share(reached.mean), least: share(reached.least) })),
    missed ? el("p", { class: "note" }, _("In {part} of {all} surveys it misses some rule.", { part: plain(missed), all: plain(draws) })) : null,
  ];
}

function asking(plan) {
  const many = el(
    "select",
    { id: "draws" },
    DRAWS.map((draws) => el("option", { value: draws, selected: draws === 10 }, _("{n} surveys", { n: draws }))),
  );
  const error = plan.survey
    ? null
    : el(
        "label",
        { class: "field" },
        el("span", {}, _("Error of the share online, in points")),
        el("input", { id: "share-error", inputmode: "decimal", autocomplete: "off", placeholder: _("such as 2"), onchange: checked }),
      );
  return [
    el("p", { class: "note" }, _("Who is online is known from a sample. hubplanner draws other samples within its error, plans for each anew, and tells which hubs stand. Each takes about as long as this plan did.")),
    el("div", { class: "grid2" }, el("label", { class: "field" }, el("span", {}, _("How many")), many), error),
    el(
      "button",
      { type: "button", id: "draw-surveys", class: "quiet small", disabled: running(), onclick: attempt(() => find(plan, Number(many.value))) },
      plan.stability ? _("Draw again") : _("Draw the survey again"),
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
  const result = await work(wanted, _("Drawing the survey again"));
  if (!result) return undefined;
  if (state.plan?.id !== plan.id) return late(plan);
  const { stability } = await api.run(plan.id);
  if (state.plan?.id === plan.id) set({ plan: { ...state.plan, stability } });
  return undefined;
}

/** Offer what was found of a plan that has left the map. */
function late(plan) {
  const action = { label: _("Open it"), run: attempt(() => openPlan(plan.id)) };
  toast(_("How sure the hubs of {plan} are is found.", { plan: plan.title }), { stays: true, action });
}
