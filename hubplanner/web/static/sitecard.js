// The card of the site that is chosen on the map or in a list.

import { classOf, place } from "./alike.js";
import { cycle, mark, markOf } from "./choices.js";
import { announce, attempt, byId, el, named, show } from "./dom.js";
import { counted, money } from "./format.js";
import { running } from "./jobs.js";
import { reachedBy, whomOf } from "./hubtable.js";
import { KINDS } from "./sites.js";
import { on, set, siteName, state } from "./store.js";
import { standing } from "./sure.js";
import { facts } from "./sitefacts.js";
import { why } from "./why.js";
import { _ } from "./words.js";

const MOST_ALIKE = 6;

export function startSiteCard() {
  on(["selected", "pins", "plan", "job", "outlook", "alike"], draw);
  document.addEventListener(
    "keydown",
    ({ key }) => key === "Escape" && state.selected && !byId("dialog").open && set({ selected: null }),
  );
}

/** A first click on a site chooses it, further clicks change it. */
export function clicked(id) {
  if (!id) set({ selected: null });
  else if (id !== state.selected) set({ selected: id, follow: false });
  else if (find(id)?.status !== "existing") {
    cycle(id);
    announce(`${siteName(id)}: ${KINDS.find(([kind]) => kind === markOf(id))[1]}`);
  }
}

export function find(id) {
  return state.map?.sites.features.find(({ properties }) => properties.site_id === id)?.properties;
}

function draw() {
  const id = state.selected;
  const site = id && find(id);
  byId("site-card").hidden = !site;
  if (!site) return;
  const focused = document.activeElement?.closest("#site-card") ? document.activeElement.id : null;
  const hubs = (state.plan?.hubs || []).filter((hub) => hub.site_id === id);
  show(
    byId("site-card"),
    el(
      "div",
      { class: "row spread" },
      named(site.name || id, "h2"),
      el(
        "button",
        { type: "button", class: "icon", "aria-label": _("Close"), onclick: () => set({ selected: null }) },
        "×",
      ),
    ),
    el("p", { class: "note" }, hubs.length ? hubs.map(about).join("; ") : status(site)),
    facts(site, hubs),
    certain(site, hubs),
    nearly(id, hubs),
    told(classOf(state.plan, id)),
    site.status === "existing" ? null : choice(id),
    state.plan?.id && site.status !== "existing" && state.plan.cannot.explain
      ? el("p", { class: "note" }, _("Why is not told of this plan: {reason}.", { reason: state.plan.cannot.explain }))
      : null,
    state.plan?.id && site.status !== "existing" && !state.plan.cannot.explain
      ? el(
          "button",
          { type: "button", id: "why", class: "quiet small", disabled: running(), onclick: attempt(() => why(id)) },
          hubs.length ? _("Why this site?") : _("Why not this site?"),
        )
      : null,
  );
  if (focused) byId(focused)?.focus();
}

function about(hub) {
  const { hubs = 1, tier, cost, status } = hub;
  const people = reachedBy(state.plan, hub);
  const many = hubs > 1 ? `${hubs} × ${tier}` : tier;
  const reach = people === undefined ? null : counted(people, whomOf(state.plan));
  const told = [many, reach, status === "existing" ? null : money(cost, state.scenario.currency)].filter(Boolean).join(", ");
  return status === "existing" ? _("Standing: {hub}", { hub: told }) : _("In this plan: {hub}", { hub: told });
}

const told = (text) => text && el("p", { class: "note" }, text);

/** Say how sure what stands here, or does not, is. */
function certain({ site_id: id, status: now }, hubs) {
  const tier = hubs.length === 1 ? hubs[0].tier : null;
  return now === "existing" ? null : told(standing(state.plan, id, tier, hubs.length > 0));
}

/** Name the places that would do nearly as well, and those that this one could stand in for; each leads to its card. */
function nearly(id, hubs) {
  const planned = state.plan?.hubs || [];
  const others = hubs.flatMap(({ alternatives = [] }) => alternatives);
  const instead = planned.filter(({ alternatives = [] }) => alternatives.includes(id)).map((hub) => hub.site_id);
  const found = [...new Set(hubs.length ? others : instead)].slice(0, MOST_ALIKE);
  if (!found.length) return null;
  const places = found.flatMap((other, at) => [at ? ", " : "", place(other)]);
  return el("p", { class: "note", id: "nearly" }, hubs.length ? _("Nearly as good:") : _("Nearly as good as"), " ", places);
}

function status({ status: now }) {
  if (now === "existing") return _("A hub stands here already.");
  if (now === "required") return _("The data say that a hub must stand here.");
  if (now === "excluded") return _("The data rule this site out.");
  return state.plan ? _("Not in this plan.") : _("A hub may stand here.");
}

function choice(id) {
  const now = markOf(id);
  const option = ([kind, text]) =>
    el(
      "label",
      {},
      el("input", {
        type: "radio",
        name: "mark",
        id: `mark-${kind}`,
        value: kind,
        checked: kind === now,
        onchange: () => mark(id, kind),
      }),
      el("span", {}, text),
    );
  return el(
    "fieldset",
    { class: "segments" },
    el("legend", { class: "sr" }, _("In the next plan this site is")),
    KINDS.map(option),
  );
}
