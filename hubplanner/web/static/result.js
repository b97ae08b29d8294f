// A plan in words and figures.

import { api } from "./api.js";
import { bars } from "./bars.js";
import { byRoad } from "./byroad.js";
import { stale } from "./choices.js";
import { byTechnology } from "./connected.js";
import { attempt, byId, el, named, show } from "./dom.js";
import { figures, money, plain, share, words } from "./format.js";
import { hubTable, whomOf } from "./hubtable.js";
import { fileList } from "./saved.js";
import { byMeasure, evenness } from "./shares.js";
import { on, shownId, state } from "./store.js";
import { sure } from "./sure.js";

export function startResult() {
  on(["plan"], draw);
  on(["plan", "choices", "pins", "overrides", "compare"], headline);
}

const reached = ({ people }) => people.reached ?? people.covered;

/** Say what a plan does, in one sentence. */
export function sentence(plan) {
  const { currency } = plan;
  const people = `${words(reached(plan))} ${whomOf(plan)}`;
  if (plan.objective === "min_cost")
    return `Reaches ${people} for the least money: ${money(plan.cost.total, currency)}`;
  if (plan.objective === "p_median")
    return `Brings a hub to ${way(plan, "mean")} from people on average${leftOut(plan)}, for ${money(plan.cost.total, currency)}`;
  if (plan.objective === "p_center")
    return `Leaves nobody farther than ${way(plan, "max")} from a hub, for ${money(plan.cost.total, currency)}`;
  return `Reaches ${people} for ${money(plan.cost.total, currency)}`;
}

/** Return a plan's mean or longest way, in km or, by road or over land, in minutes. */
const way = ({ distance }, which) => (distance[`${which}_km`] == null ? `${figures(distance[`${which}_minutes`])} minutes` : `${figures(distance[`${which}_km`])} km`);

const leftOut = ({ ways }) => (ways && ways.length ? ` (${ways.join("; ")})` : "");

function headline() {
  const { plan } = state;
  byId("headline").hidden = !plan || Boolean(state.compare);
  if (!plan) return;
  const note = stale() ? el("p", { class: "changed note" }, "Settings have changed since.") : null;
  show(
    byId("headline"),
    el("p", { class: "says" }, sentence(plan)),
    el("p", { class: "proof" }, plan.proof.sure ? proofMark() : null, plan.proof.words),
    plan.scenario === shownId() ? null : named(whose(plan), "p", { class: "note of" }),
    note,
  );
}

const whose = ({ scenario, title }) => (scenario ? `Of another scenario: ${title}` : `${title}: not made in the app`);
const proofMark = () => el("span", { class: "tick", "aria-hidden": "true" }, "✓");

function draw() {
  const { plan } = state;
  if (!plan) {
    show(
      byId("result"),
      el(
        "div",
        { class: "empty" },
        el("p", { class: "says" }, "No plan yet"),
        el("p", { class: "note" }, "hubplanner finds the hubs that bring the most people online for the money there is."),
        el(
          "ol",
          { class: "steps" },
          el("li", {}, "Set the budget, and what must be kept to."),
          el("li", {}, "Find the best plan: it comes with a proof of how good it is."),
          el("li", {}, "Look at it on the map, compare, and take its files along."),
        ),
      ),
    );
    return;
  }
  show(
    byId("result"),
    el("h2", {}, plan.id ? "The plan" : plan.title),
    el("dl", { class: "figures" }, cells(plan)),
    plan.cost.paid ? paidByYear(plan) : null,
    byMeasure(plan, whomOf(plan), reached(plan)),
    byTechnology(plan),
    byRoad(plan),
    evenness(plan),
    bars(plan),
    el("section", { "aria-label": "Hubs of this plan" }, el("h3", {}, "Hubs"), hubTable(plan)),
    plan.id ? sure(plan) : null,
    plan.id ? links(plan) : null,
  );
}

function cells(plan) {
  const number = plan.hubs.filter(({ status }) => status !== "existing").reduce((sum, { hubs = 1 }) => sum + hubs, 0);
  const left = plan.budget ? ` of ${words(plan.budget)}` : "";
  const { paid } = plan.cost; // a point of a curve has none
  const pairs = [
    [
      words(reached(plan)),
      whomOf(plan) === "people" ? `of ${words(plan.people.total)} people` : whomOf(plan),
    ],
    [plan.need.total === 0 ? "none" : share(plan.need.share), "of those not yet online"],
    [plain(number), number === 1 ? "new hub" : "new hubs"],
    [money(plan.cost.total, plan.currency), `spent${left}${paid ? ", in today’s money" : ""}`],
  ];
  return pairs.map(([figure, text]) => el("div", {}, el("dt", {}, text), el("dd", {}, figure)));
}

/** What is paid in all, by year and for each person with a seat: not in today's money. */
function paidByYear({ cost: { paid }, currency }) {
  const rows = paid.by_year.map(({ year, paid: amount }) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, year ? `Year ${year}` : "To build"),
      el("td", { class: "number" }, money(amount, currency)),
    ),
  );
  const each = paid.per_user_year === null ? "" : `, ${money(paid.per_user_year, currency)} a year for each seat taken`;
  return el(
    "details",
    { class: "fold", id: "paid" },
    el("summary", {}, el("span", {}, `Paid: ${money(paid.total, currency)}${each}`)),
    el("div", { class: "fold-body" }, el("table", { class: "list" }, el("tbody", {}, rows))),
  );
}

function links(plan) {
  const files = el(
    "details",
    { class: "fold" },
    el("summary", {}, el("span", {}, "Download files")),
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
          "Open the report",
        );
  return el("div", { class: "stack" }, report, files);
}
