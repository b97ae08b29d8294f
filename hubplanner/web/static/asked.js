// What a kept plan was asked with, as far as it differs from its scenario, in words.

import { money, plain, readable, share } from "./format.js";
import { stepName } from "./fairness.js";
import { shortNames } from "./measures.js";
import { state } from "./store.js";
import { _ } from "./words.js";

/** Say what of a plan's question differs from its scenario; null where the app did not ask it. */
export function differs(run) {
  if (!run.settings) return null;
  const { required = [], excluded = [], overrides = [] } = run;
  const pins = [required?.length && _("{n} must have", { n: plain(required.length) }), excluded?.length && _("{n} never", { n: plain(excluded.length) })];
  const variants = (overrides || []).map(readable);
  const told = Object.entries(run.settings).map(([key, value]) => setting(key, value, run));
  return [...variants, ...told, ...pins].filter(Boolean).join(", ") || _("as the scenario has it");
}

function setting(key, value, run) {
  const [section, at, field] = key.split(".");
  if (key === "model.budget") return _("budget {money}", { money: money(value, run.currency || "") });
  if (key === "model.fairness") return value ? _("{step} among each {group}", { step: stepName(value.alpha), group: readable(value.group) }) : stepName(0);
  if (key === "model.floors") return value.length ? value.map(floor).join(", ") : _("no least shares");
  if (key === "measures") return value ? shortNames(value) : _("hubs alone");
  if (["model.require", "model.exclude", "model.fairness_group", "model.fairness_goal"].includes(key)) return null; // told by others
  if (section === "hubs" && field) return tier(Number(at), field, value, run);
  return [readable(key.split(".").at(-1)), typeof value === "object" ? _("changed") : value].join(" ");
}

const floor = ({ group, value, share: least }) =>
  _("{share} of {whom} at least", { share: share(least), whom: value ?? _("each {group}", { group: readable(group) }) });

const TOLD = {
  capex: (value) => _("cost to build {value}", { value }),
  opex_per_year: (value) => _("cost a year {value}", { value }),
  reach_km: (value) => _("reach {value} km", { value }),
  capacity: (value) => _("people served {value}", { value }),
};

function tier(at, field, value, run) {
  const known = run.scenario === state.scenario?.id ? state.scenario.hubs[at]?.label : null;
  const name = known ?? _("size {number}", { number: at + 1 });
  const figure = value === null ? _("without limit") : plain(value, 2);
  return `${name}: ${TOLD[field]?.(figure) ?? `${readable(field)} ${figure}`}`;
}
