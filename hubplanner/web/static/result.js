// A plan in words and figures.

import { alike } from "./alike.js";
import { api } from "./api.js";
import { bars } from "./bars.js";
import { byFuture } from "./byfuture.js";
import { byRoad } from "./byroad.js";
import { stale } from "./choices.js";
import { byTechnology } from "./connected.js";
import { attempt, byId, el, named, show } from "./dom.js";
import { counted, figures, money, plain, share, words } from "./format.js";
import { hubTable, whomOf } from "./hubtable.js";
import { renameButton } from "./rename.js";
import { fileList } from "./saved.js";
import { byMeasure, evenness } from "./shares.js";
import { on, shownId, state } from "./store.js";
import { sure } from "./sure.js";
import { _, ngettext } from "./words.js";

export function startResult() {
  on(["plan"], draw);
  on(["plan", "choices", "pins", "overrides", "compare"], headline);
}

const reached = ({ people }) => people.reached ?? people.covered;

/** Say what a plan does, in one sentence. */
export function sentence(plan) {
  const { currency } = plan;
  const told = { people: counted(reached(plan), whomOf(plan)), money: money(plan.cost.total, currency) };
  if (plan.objective === "min_cost") return _("Reaches {people} for the least money: {money}", told);
  if (plan.objective === "p_median") {
    const found = { way: way(plan, "mean"), left_out: leftOut(plan), ...told };
    return _("Brings a hub to {way} from people on average{left_out}, for {money}", found);
  }
  if (plan.objective === "p_center")
    return _("Leaves nobody farther than {way} from a hub, for {money}", { way: way(plan, "max"), ...told });
  return _("Reaches {people} for {money}", told);
}

/** Return a plan's mean or longest way, in km or, by road or over land, in minutes. */
function way({ distance }, which) {
  const km = distance[`${which}_km`];
  return km == null ? _("{n} minutes", { n: figures(distance[`${which}_minutes`]) }) : `${figures(km)} km`;
}

const leftOut = ({ ways }) => (ways && ways.length ? ` (${ways.join("; ")})` : "");

function headline() {
  const { plan } = state;
  byId("headline").hidden = !plan || Boolean(state.compare);
  if (!plan) return;
  const note = stale() ? el("p", { class: "changed note" }, _("Settings have changed since.")) : null;
  show(
    byId("headline"),
    el("p", { class: "says" }, sentence(plan)),
    el("p", { class: "proof" }, plan.proof.sure ? proofMark() : null, plan.proof.words),
    plan.scenario === shownId() ? null : named(whose(plan), "p", { class: "note of" }),
    note,
  );
}

const whose = ({ scenario, title }) => (scenario ? _("Of another scenario: {title}", { title }) : _("{title}: not made in the app", { title }));
const proofMark = () => el("span", { class: "tick", "aria-hidden": "true" }, "✓");

function draw() {
  const { plan } = state;
  if (!plan) {
    show(
      byId("result"),
      el(
        "div",
        { class: "empty" },
        el("p", { class: "says" }, _("No plan yet")),
        el("p", { class: "note" }, _("hubplanner finds the hubs that bring the most people online for the money there is.")),
        el(
          "ol",
          { class: "steps" },
          el("li", {}, _("Set the budget, and what must be kept to.")),
          el("li", {}, _("Find the best plan: it comes with a proof of how good it is.")),
          el("li", {}, _("Look at it on the map, compare, and take its files along.")),
        ),
      ),
    );
    return;
  }
  show(
    byId("result"),
    el(
      "div",
      { class: "row spread" },
      plan.id ? (plan.has_own_name ? named(plan.name, "h2") : el("h2", {}, _("The plan"))) : el("h2", {}, plan.title),
      plan.id ? renameButton(plan, sentence(plan), "link") : null,
    ),
    el("dl", { class: "figures" }, cells(plan)),
    plan.cost.paid ? paidByYear(plan) : null,
    byMeasure(plan, whomOf(plan), reached(plan)),
    byTechnology(plan),
    byRoad(plan),
    byFuture(plan),
    evenness(plan),
    bars(plan),
    el("section", { "aria-label": _("Hubs of this plan") }, el("h3", {}, _("Hubs")), hubTable(plan)),
    plan.id ? sure(plan) : null,
    plan.id ? alike(plan) : null,
    plan.id ? links(plan) : null,
  );
}

function cells(plan) {
  const number = plan.hubs.filter(({ status }) => status !== "existing").reduce((sum, { hubs = 1 }) => sum + hubs, 0);
  const spent = plan.budget ? _("spent of {budget}", { budget: words(plan.budget) }) : _("spent");
  const { paid } = plan.cost; // a point of a curve has none
  const pairs = [
    [
      words(reached(plan)),
      whomOf(plan) === "people" ? _("of {people} people", { people: words(plan.people.total) }) : whomOf(plan),
    ],
    [plan.need.total === 0 ? _("none") : share(plan.need.share), _("of those not yet online")],
    [plain(number), ngettext("new hub", "new hubs", number)],
    [money(plan.cost.total, plan.currency), paid ? _("{spent}, in today’s money", { spent }) : spent],
  ];
  return pairs.map(([figure, text]) => el("div", {}, el("dt", {}, text), el("dd", {}, figure)));
}

/** What is paid in all, by year and for each person with a seat: not in today's money. */
function paidByYear({ cost: { paid }, currency }) {
  const rows = paid.by_year.map(({ year, paid: amount }) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, year ? _("Year {year}", { year }) : _("To build")),
      el("td", { class: "number" }, money(amount, currency)),
    ),
  );
  const figures_ = { paid: money(paid.total, currency), each: money(paid.per_user_year, currency) };
  const told =
    paid.per_user_year === null ? _("Paid: {paid}", figures_) : _("Paid: {paid}, {each} a year for each seat taken", figures_);
  return el(
    "details",
    { class: "fold", id: "paid" },
    el("summary", {}, el("span", {}, told)),
    el("div", { class: "fold-body" }, el("table", { class: "list" }, el("tbody", {}, rows))),
  );
}

function links(plan) {
  const files = el(
    "details",
    { class: "fold" },
    el("summary", {}, el("span", {}, _("Download files"))),
    el("div", { class: "fold-body files" }),
  );
  const load = attempt(async () => files.open && show(files.lastChild, await fileList(plan.id)));
  files.addEventListener("toggle", load, { once: false });
  const report =
    plan.has_report === false
      ? null
      : el(
          "a",
          { class: "button quiet", href: api.reportUrl(plan.id), target: "_blank", rel: "noopener" },
          _("Open the report"),
        );
  return el("div", { class: "stack" }, report, files);
}
