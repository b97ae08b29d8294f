// The budget: a slider for the hand, a field for the exact sum.

import { choose, settings } from "./choices.js";
import { byId, el, show } from "./dom.js";
import { money, plain, typed, words } from "./format.js";
import { on, state } from "./store.js";
import { _, ngettext } from "./words.js";

export function startBudget() {
  on(["scenario"], draw);
  on(["choices"], follow);
}

function draw() {
  const { scenario } = state;
  if (!scenario) return;
  if (!scenario.budget) {
    show(
      byId("budget"),
      el("p", { class: "note" }, _("This scenario has no budget: it asks for the least cost or counts hubs instead.")),
    );
    return;
  }
  const { min, max, step } = scenario.budget;
  const slider = el("input", {
    type: "range",
    id: "budget-slider",
    min: min ?? step,
    max,
    step,
    "aria-labelledby": "budget-label",
    oninput: slid,
  });
  const field = el("input", {
    id: "budget-field",
    inputmode: "decimal",
    autocomplete: "off",
    "aria-label": [_("Budget as a number"), scenario.currency].join(" "),
    onchange: written,
  });
  const over = scenario.years
    ? ngettext("for building and {n} year of running", "for building and {n} years of running", scenario.years)
    : _("for building");
  show(
    byId("budget"),
    el(
      "div",
      { class: "row spread" },
      el("label", { id: "budget-label", for: "budget-slider", class: "label" }, _("Budget")),
      el("output", { id: "budget-words", for: "budget-slider" }),
    ),
    el("div", { id: "budget-curve" }),
    slider,
    el(
      "div",
      { class: "row spread note", "aria-hidden": "true" },
      el("span", {}, words(Number(slider.min))),
      el("span", { id: "budget-most" }, words(max)),
    ),
    el("p", { id: "budget-brings", class: "note" }),
    el(
      "div",
      { class: "row exact" },
      field,
      el("span", { class: "note" }, [scenario.currency, over].filter(Boolean).join(", ")),
    ),
    el("div", { id: "too-little", role: "status" }),
  );
  follow();
}

function slid({ target }) {
  choose({ budget: Number(target.value) });
}

function written({ target }) {
  const budget = typed(target.value);
  const fault = budget === null || budget < 0;
  target.setAttribute("aria-invalid", String(fault));
  if (fault) target.focus();
  else choose({ budget });
}

function follow() {
  const slider = byId("budget-slider");
  if (!slider || state.choices.budget === null) return;
  const { budget } = state.choices;
  const text = money(budget, state.scenario.currency);
  slider.value = budget;
  slider.setAttribute("aria-valuetext", text);
  slider.style.setProperty("--part", `${(100 * (slider.value - slider.min)) / (slider.max - slider.min || 1)}%`);
  byId("budget-words").textContent = text;
  byId("budget-field").value = plain(budget);
  byId("budget-field").setAttribute("aria-invalid", "false");
  show(byId("too-little"), tooLittle(budget));
}

/** Say at once where a budget buys no hub at all, as long as hubs cost what the scenario says. */
function tooLittle(budget) {
  const { cheapest_hub: cheapest, currency } = state.scenario;
  if (cheapest === null || budget >= cheapest || Object.keys(settings()).some((key) => key.startsWith("hubs."))) return null;
  const least = Math.ceil(cheapest);
  return el(
    "p",
    { class: "note changed" },
    _("This buys no hub: the cheapest costs {money}.", { money: money(cheapest, currency) }),
    " ",
    el("button", { type: "button", class: "link", onclick: () => choose({ budget: least }) }, _("Set {money}", { money: money(least, currency) })),
  );
}
