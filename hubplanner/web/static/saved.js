// The plans that are kept: open, read, download, remove.

import { api } from "./api.js";
import { differs } from "./asked.js";
import { attempt, byId, el, named, show, toast } from "./dom.js";
import { bytes, dates, money, share, words } from "./format.js";
import { ask } from "./dialog.js";
import { renameButton } from "./rename.js";
import { on, set, state } from "./store.js";
import { turns } from "./turns.js";
import { _, ngettext } from "./words.js";

let open = () => {};

export function startSaved(openPlan) {
  open = openPlan;
  on(["runs", "plan", "scenario"], draw);
}

const [takeRuns, takeFiles] = [turns(), turns()];

export async function loadRuns() {
  const current = takeRuns();
  const runs = await api.runs();
  if (current()) set({ runs });
}

/** Return links to a plan's files. */
export async function fileList(id) {
  const files = await api.files(id);
  return el(
    "ul",
    { class: "plain" },
    files.map(({ name, bytes: size }) =>
      el(
        "li",
        { class: "row spread" },
        el("a", { href: api.fileUrl(id, name), download: name }, name),
        el("span", { class: "note" }, bytes(size)),
      ),
    ),
  );
}

/** Return what a kept plan is called: its own name, or in short what it does. */
export const runLabel = (run) => (run.has_own_name ? run.name : inShort(run));

/** Say in short what a kept plan does. */
export function inShort(run) {
  if (run.cost === null || run.cost === undefined) return run.title || run.name;
  const people = run.people ?? run.covered;
  return _("{people} people for {money}", { people: words(people), money: money(run.cost, run.currency || "") });
}

function draw() {
  const empty = el(
    "div",
    { class: "empty" },
    el("p", { class: "says" }, _("Nothing saved yet")),
    el("p", { class: "note" }, _("Every plan that is found is kept here, with its files and its report.")),
  );
  show(
    byId("view-saved"),
    el("h2", {}, _("Saved plans")),
    state.runs.length ? el("ul", { class: "plain runs" }, state.runs.map(row)) : empty,
  );
}

function row(run) {
  const now = state.plan && state.plan.id === run.id;
  const facts = [
    run.has_own_name && run.cost !== null ? inShort(run) : null,
    run.hubs !== undefined && run.hubs !== null ? ngettext("{n} hub", "{n} hubs", run.hubs) : null,
    run.share === null || run.share === undefined ? null : _("{share} of need", { share: share(run.share) }),
    run.created ? date(run.created) : null,
  ];
  return el(
    "li",
    { class: now ? "run now" : "run" },
    el(
      "div",
      { class: "row spread" },
      named(runLabel(run), "strong"),
      now ? el("span", { class: "chip" }, _("on the map")) : null,
    ),
    run.title === runLabel(run) ? null : named(run.title, "p", { class: "note clip" }),
    run.settings ? named(differs(run), "p", { class: "asked" }) : null,
    el("p", { class: "note" }, facts.filter(Boolean).join(" · ")),
    el("p", { class: "note" }, run.proof.words),
    el("div", { class: "row" }, buttons(run)),
  );
}

function buttons(run) {
  const label = runLabel(run);
  return [
    el(
      "button",
      { type: "button", class: "quiet small", "aria-label": _("Open {plan}", { plan: label }), onclick: attempt(() => open(run.id)) },
      _("Open"),
    ),
    run.has_report === false
      ? null
      : el(
          "a",
          {
            class: "button quiet small",
            href: api.reportUrl(run.id),
            target: "_blank",
            rel: "noopener",
            "aria-label": _("Report of {plan}", { plan: label }),
          },
          _("Report"),
        ),
    el(
      "button",
      { type: "button", class: "quiet small", "aria-label": _("Files of {plan}", { plan: label }), onclick: attempt(() => files(run)) },
      _("Files"),
    ),
    renameButton(run, label, "quiet small"),
    el(
      "button",
      { type: "button", class: "link danger", "aria-label": _("Delete {plan}", { plan: label }), onclick: attempt(() => remove(run)) },
      _("Delete"),
    ),
  ];
}

async function files(run) {
  const current = takeFiles();
  const list = await fileList(run.id);
  if (!current() || byId("dialog").open) return;
  await ask({
    title: _("Download files"),
    body: [named(runLabel(run), "p", { class: "note" }), list],
    close: _("Done"),
  });
}

async function remove(run) {
  const sure = await ask({
    title: _("Delete this plan?"),
    body: [named(runLabel(run), "p"), el("p", { class: "note" }, _("Its files are removed from this computer for good."))],
    yes: _("Delete"),
    close: _("Keep it"),
  });
  if (!sure) return;
  await api.remove(run.id);
  if (state.plan && state.plan.id === run.id) set({ plan: null });
  await loadRuns();
  toast(_("The plan is deleted."));
}

export function date(text) {
  const when = new Date(typeof text === "number" ? text * 1000 : text);
  return Number.isNaN(when.valueOf())
    ? String(text)
    : today(when)
      ? when.toLocaleTimeString(dates, { timeStyle: "short" })
      : when.toLocaleString(dates, { dateStyle: "medium", timeStyle: "short" });
}

const today = (when) => when.toDateString() === new Date().toDateString();
