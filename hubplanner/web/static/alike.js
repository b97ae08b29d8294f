// Other plans nearly as good as the one shown: what they reach, and which sites all, some or none of them have.

import { attempt, byId, el, named, show, toast } from "./dom.js";
import { money, plain, share } from "./format.js";
import { running, work } from "./jobs.js";
import { openPlan } from "./opening.js";
import { on, set, siteName, state } from "./store.js";
import { _, ngettext } from "./words.js";

const WITHIN = [0.01, 0.02, 0.05];
const USUAL = 0.02;
const MOST = 12;

export function startAlike() {
  on(["job", "alike"], () => byId("alike") && draw());
}

/** What was found beside a plan; null where nothing was asked. */
const found = (plan) => (plan?.id && state.alike?.of === plan.id ? state.alike : null);

/** Return the part that asks for plans nearly as good, and tells of those that were found. */
export function alike(plan) {
  const part = el("details", { class: "fold", id: "alike", open: byId("alike")?.open }, el("summary", {}), el("div", { class: "fold-body" }));
  fill(part, plan);
  return part;
}

const draw = () => state.plan?.id && fill(byId("alike"), state.plan);

function fill(part, plan) {
  const [known, focused] = [found(plan), document.activeElement?.id];
  const short = known ? ngettext("{n} found", "{n} found", known.plans.length - 1) : _("not asked yet");
  show(part.firstChild, el("span", {}, _("Other plans nearly as good?")), el("span", { class: "note" }, short));
  show(part.lastChild, plan.cannot.alternatives ? note(_("Not known of this plan: {reason}.", { reason: plan.cannot.alternatives })) : [known ? told(known, plan) : null, asking(plan)]);
  if (focused && part.contains(byId(focused))) byId(focused).focus();
}

const note = (text) => el("p", { class: "note" }, text);

function told({ plans, classes, must_have: must, within, complete }, { currency }) {
  const others = plans.slice(1);
  const [best] = plans;
  return [
    el("p", { class: "says" }, others.length
        ? ngettext("{n} other plan is at most {share} worse", "{n} other plans are at most {share} worse", others.length, { share: share(within) })
        : _("No plan so different is at most {share} worse", { share: share(within) })),
    others.length ? el("ul", { class: "plain", id: "alike-plans" }, others.map((other) => difference(other, best, currency))) : null,
    must.length
      ? el("p", { class: "note" }, ngettext("{n} site is in all of them:", "{n} sites are in all of them:", must.length), " ", places(must))
      : note(_("No site is in all of them.")),
    note(_("{some} sites may stand or give way, {none} are in none of them.", { some: plain(classes.possible ?? 0), none: plain(classes.never ?? 0) })),
    complete ? null : note(classes.open ? ngettext("Time ran out: of {n} site it is not known.", "Time ran out: of {n} sites it is not known.", classes.open) : _("Time ran out: plans that differ more may exist.")),
  ];
}

/** Say how much worse another plan is, and which sites it has in place of which. */
function difference({ sites, objective_value: value, cost }, best, currency) {
  const worse = Math.abs(value - best.objective_value) / Math.max(Math.abs(best.objective_value), 1e-9);
  const [here, gone] = [sites.filter((id) => !best.sites.includes(id)), best.sites.filter((id) => !sites.includes(id))];
  return el(
    "li",
    {},
    el(
      "details",
      { class: "more" },
      el("summary", {}, ngettext("{share} worse, {n} other site", "{share} worse, {n} other sites", here.length, { share: share(worse) })),
      here.length ? el("p", { class: "note" }, _("Hubs at"), " ", places(here)) : null,
      gone.length ? el("p", { class: "note" }, _("in place of"), " ", places(gone)) : null,
      note(_("It costs {money}.", { money: money(cost, currency) })),
    ),
  );
}

const places = (ids) => [
  ...ids.slice(0, MOST).flatMap((id, at) => [at ? ", " : "", place(id)]),
  ids.length > MOST ? _(" and {n} more", { n: plain(ids.length - MOST) }) : "",
];

/** Return a site's name that leads to its card. */
export const place = (id) =>
  el("button", { type: "button", class: "link name", onclick: () => set({ selected: id, follow: true }) }, named(siteName(id)));

const CLASSES = {
  must_have: _("Every plan nearly as good has a hub here."),
  possible: _("Some plans nearly as good have a hub here."),
  never: _("No plan nearly as good has a hub here."),
};

/** Say of a site what it is to all plans nearly as good; nothing where they were not looked for. */
export const classOf = (plan, id) => CLASSES[found(plan)?.sites.get(id)] ?? null;

function asking(plan) {
  const options = WITHIN.map((part) => el("option", { value: part, selected: part === (found(plan)?.within ?? USUAL) }, _("at most {share} worse", { share: share(part) })));
  const within = el("select", { id: "alike-within" }, options);
  return [
    note(_("Several plans may reach almost as many people. hubplanner looks for those that differ most from this one, and tells which sites all of them need.")),
    el("label", { class: "field" }, el("span", {}, _("How good")), within),
    el(
      "button",
      { type: "button", id: "find-alike", class: "quiet small", disabled: running() || !plan.scenario, onclick: attempt(() => find(plan, Number(within.value))) },
      found(plan) ? _("Look again") : _("Look for other plans"),
    ),
    plan.scenario ? null : note(_("This plan was not made in the app: find it here first.")),
  ];
}

async function find(plan, within) {
  const { scenario, settings, overrides, required, excluded } = plan;
  const wanted = { kind: "alternatives", scenario, settings, overrides, required, excluded, within };
  const result = await work(wanted, _("Looking for other plans"));
  if (!result) return;
  const { sites, ...rest } = result.alternatives;
  set({ alike: { ...rest, of: plan.id, sites: new Map(sites.map((site) => [site.site_id, site.class])) } });
  if (state.plan?.id === plan.id) return;
  const action = { label: _("Open it"), run: attempt(() => openPlan(plan.id)) };
  toast(_("Other plans than {plan} are found.", { plan: plan.title }), { stays: true, action });
}
