// A kept plan's own name.

import { api } from "./api.js";
import { ask } from "./dialog.js";
import { attempt, byId, el, named, toast } from "./dom.js";
import { set, state } from "./store.js";
import { _ } from "./words.js";

const LONGEST_NAME = 60;

/** Return the button that gives a kept plan a name. */
export function renameButton(run, told, looks) {
  const label = _("Rename {plan}", { plan: told });
  return el("button", { type: "button", class: looks, "aria-label": label, "data-renames": run.id, onclick: attempt(() => rename(run, told)) }, _("Rename"));
}

/** Ask for a plan's name until it can be one, or is no longer wanted. */
async function rename(run, told) {
  let [name, fault, given] = [run.has_own_name ? run.name : "", "", null];
  while (!given) {
    const input = el("input", { id: "plan-name", value: name, maxlength: LONGEST_NAME, dir: "auto", autocomplete: "off", "aria-describedby": "plan-name-fault" });
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault(); // else it would press the button that has the focus afterwards
      byId("dialog").close("yes");
    });
    const answer = ask({
      title: _("Rename this plan"),
      body: [
        named(told, "p", { class: "note" }),
        el("label", { class: "field" }, el("span", {}, _("Name")), input),
        el("p", { id: "plan-name-fault", class: "fault", role: "alert" }, fault),
        el("p", { class: "note" }, _("Its folder among the runs is called the same.")),
      ],
      yes: _("Rename"),
      close: _("Cancel"),
    });
    input.focus();
    if (!(await answer)) return;
    name = input.value;
    given = await api.rename(run.id, name).catch((failure) => ((fault = failure.message), null));
  }
  const runs = await api.runs();
  const renamed = (plan) => (plan?.id === run.id ? { ...plan, ...given } : plan);
  const { plan, compare: two } = state;
  set({
    runs,
    ...(renamed(plan) === plan ? {} : { plan: renamed(plan) }),
    ...(two ? { compare: { ...two, a: renamed(two.a), b: renamed(two.b) } } : {}),
  });
  document.querySelector(`[role="tabpanel"]:not([hidden]) [data-renames="${CSS.escape(given.id)}"]`)?.focus();
  toast(_("The plan is called {name} now.", { name: given.name }));
}
