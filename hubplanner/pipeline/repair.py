"""A scenario that allows no plan, with the least change of its limits that makes one possible."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from hubplanner.errors import DataWarning, InfeasibleError, ScenarioError
from hubplanner.inputs import Inputs, build_problem, read_inputs
from hubplanner.model.constraints.hub_count import HubCount
from hubplanner.pipeline.objective import hub_limits, objective_of
from hubplanner.scenario import Scenario
from hubplanner.scenario.model_spec import HubLimitSpec
from hubplanner.solver import SolverOptions
from hubplanner.solver.infeasibility.repair import Change, least_repair
from hubplanner.translation import N_, gettext as _, joined, ngettext


@dataclass(frozen=True, kw_only=True, eq=False)
class Mended:
    """A question whose limits are changed as little as makes a plan possible.

    Parameters
    ----------
    inputs
        The data with the mended scenario; as asked where a plan is possible.
    changes
        The limits that are changed; each reads as ``province Balochistan: at most 6 -> 35``.
    hubs
        By how many hubs the count limits move, all together.
    at_least
        No fewer do, as proven.
    settings
        The scenario's keys that change and their new values.
    """

    inputs: Inputs
    changes: tuple[Change, ...]
    hubs: int
    at_least: int
    settings: Mapping[str, Any]

    def __str__(self) -> str:
        """Return in a sentence what is changed."""
        if not self.changes:
            return _("a plan is possible as asked, no limit is changed")
        told = {"counted": ngettext("{n} hub", "{n} hubs", self.hubs), "what": joined(map(str, self.changes), "; ")}
        if self.at_least == self.hubs:
            return _("limits are changed so that a plan is possible, by {counted}: {what}", **told)
        return _(
            "limits are changed so that a plan is possible, by {counted}, at least {at_least} do in any case: {what}",
            at_least=self.at_least,
            **told,
        )

    @property
    def as_settings(self) -> list[str]:
        """The changes as the command line sets them."""
        return [f"--set {shlex.quote(f'{key}={json.dumps(value)}')}" for key, value in self.settings.items()]

    def as_dict(self) -> dict[str, Any]:
        """Return what plan.json and the manifest say of it."""
        told = {"hubs": self.hubs, "at_least": self.at_least, "changes": [change.as_dict() for change in self.changes]}
        return {**told, "settings": dict(self.settings)}


def repair(scenario: Scenario) -> Mended:
    """Return the least change of count limits, and of the budget where that is not enough, that makes a plan possible.

    ``hubplanner.solve(scenario, repair=True)`` solves the question so mended.

    Raises
    ------
    ScenarioError, DataError, CrsError
        When something asked for or read cannot be used, or is a plan for futures.
    InfeasibleError
        When no change of these limits makes a plan possible.
    SolverError
        When the time limit is met before.
    """
    mended = mend(read_inputs(scenario).tell(), SolverOptions(**scenario.solver.model_dump()))
    if mended is None:
        raise InfeasibleError([_(NEVER)])
    return mended


NEVER = N_("no change of hub numbers and budget makes a plan possible")


def mend(inputs: Inputs, options: SolverOptions) -> Mended | None:
    """Return data that is read already with its mended scenario; None where no change is enough."""
    if inputs.scenario.futures is not None:
        message = _(
            "the least change of limits (--repair) is found for one future; leave futures out, then plan for them"
        )
        raise ScenarioError(message)
    found = least_repair(build_problem(inputs), objective_of(inputs), options)
    if found is None:
        return None
    settings, mended = _settings(inputs, found.changes)
    told = Mended(
        inputs=inputs,
        changes=found.changes,
        hubs=found.hubs,
        at_least=found.at_least,
        settings=settings,
    )
    if not found.changes:
        return told
    scenario = inputs.scenario.model_copy(update={"model": mended})
    warning = DataWarning(code="mended_limits", message=str(told), file=scenario.file or scenario.name)
    return replace(told, inputs=replace(inputs, scenario=scenario, warnings=(*inputs.warnings, warning)))


def _settings(inputs: Inputs, changes: tuple[Change, ...]) -> tuple[dict[str, Any], Any]:
    """Return the keys of the scenario that change with their values, and its model section with these."""
    model, after = inputs.scenario.model, {change.limit: change.after for change in changes}
    settings = dict[str, Any]()
    for change in changes:
        if change.limit.sites is None:
            settings[f"model.{change.limit.key}"] = change.after
    limits = list[HubLimitSpec]()
    spelled_out = False
    for number, spec in enumerate(model.hub_limits):
        constraints = list(hub_limits(inputs, spec))
        moved = [constraint for constraint in constraints if constraint in after]
        if not moved:
            limits.append(spec)
        elif spec.value is not None:
            ends = {_end(constraint): int(after[constraint]) for constraint in moved}
            limits.append(spec.model_copy(update=ends))
            settings |= {f"model.hub_limits.{number}.{end}": count for end, count in ends.items()}
        else:
            limits += _each(spec, constraints, after)
            spelled_out = True
    if spelled_out:  # a limit of each value becomes a limit for every one of them
        limits = _once(limits)
        settings = {key: value for key, value in settings.items() if not key.startswith("model.hub_limits")}
        settings["model.hub_limits"] = [limit.model_dump(exclude_defaults=True) for limit in limits]
    totals = {key.removeprefix("model."): value for key, value in settings.items() if key.count(".") == 1}
    return settings, model.model_copy(update={**totals, "hub_limits": tuple(limits)})


def _end(constraint: HubCount) -> str:
    return "max" if constraint.sense > 0 else "min"


def _each(spec: HubLimitSpec, constraints: list[Any], after: Mapping[Any, float]) -> list[HubLimitSpec]:
    """Return a limit for each value of a group, in place of one that speaks of all of them."""
    return [
        HubLimitSpec(
            group=spec.group,
            value=constraint.name.removeprefix(f"{spec.group} "),
            where_needed=spec.where_needed,
        ).model_copy(update={_end(constraint): int(after.get(constraint, constraint.count))})
        for constraint in constraints
    ]


def _once(limits: list[HubLimitSpec]) -> list[HubLimitSpec]:
    """Return limits, those of the same value and sites in one, as a scenario holds them; the stricter ends count."""
    found: dict[tuple[str, str | None, bool], HubLimitSpec] = {}
    for limit in limits:
        for end, stricter in (("min", max), ("max", min)):
            count, needed = getattr(limit, end), limit.where_needed and end == "min"
            if count is not None:
                key = (limit.group, limit.value, needed)
                own = found.get(key) or HubLimitSpec(group=limit.group, value=limit.value, where_needed=needed)
                before = getattr(own, end)
                found[key] = own.model_copy(update={end: count if before is None else stricter(before, count)})
    return list(found.values())
