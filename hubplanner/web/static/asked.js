// What a kept plan was asked with, as far as it differs from its scenario, in words.

import { TIER_FIELDS } from "./choices.js";
import { money, plain, readable, share } from "./format.js";
import { stepName } from "./fairness.js";
import { state } from "./store.js";

const UNITS = { reach_km: "km" };

/** Say what of a plan's question differs from its scenario; null where the app did not ask it. */
export function differs(run) {
  if (!run.settings) return null;
  const { required = [], excluded = [], overrides = [] } = run;
  const pins = [required?.length && `${plain(required.length)} must have`, excluded?.length && `${plain(excluded.length)} never`];
  const variants = (overrides || []).map(readable);
  const told = Object.entries(run.settings).map(([key, value]) => setting(key, value, run));
  return [...variants, ...told, ...pins].filter(Boolean).join(", ") || "as the scenario has it";
}

function setting(key, value, run) {
  const [section, at, field] = key.split(".");
  if (key === "model.budget") return `budget ${money(value, run.currency || "")}`;
  if (key === "model.fairness") return value ? `${stepName(value.alpha)} among each ${readable(value.group)}` : stepName(0);
  if (key === "model.floors") return value.length ? value.map(floor).join(", ") : "no least shares";
  if (key === "measures") return value ? Object.keys(value).join(" and ") : "hubs alone";
  if (["model.require", "model.exclude", "model.fairness_group", "model.fairness_goal"].includes(key)) return null; // told by others
  if (section === "hubs" && field) return tier(Number(at), field, value, run);
  return `${readable(key.split(".").at(-1))} ${typeof value === "object" ? "changed" : value}`;
}

const floor = ({ group, value, share: least }) => `${share(least)} of ${value ?? `each ${readable(group)}`} at least`;

function tier(at, field, value, run) {
  const known = run.scenario === state.scenario?.id ? state.scenario.hubs[at]?.label : null;
  const name = known ?? `size ${at + 1}`;
  const [, , title] = TIER_FIELDS.find(([, key]) => key === field) ?? [null, null, readable(field)];
  const what = title.replace(/, km$/, "").toLowerCase();
  const unit = UNITS[field] ? `\u00a0${UNITS[field]}` : "";
  return `${name}: ${what} ${value === null ? "without limit" : plain(value, 2)}${unit}`;
}
