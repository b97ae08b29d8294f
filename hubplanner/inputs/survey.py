"""Connected shares drawn again within their survey's errors and age, and what a file says such draws made of a plan."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import betaincinv, expit, logit

from hubplanner.errors import Fault, ScenarioError
from hubplanner.inputs.demand.table import Demand
from hubplanner.inputs.inputs import Inputs
from hubplanner.problem import Floats
from hubplanner.scenario import Scenario
from hubplanner.scenario.data_spec import SinceSurveySpec
from hubplanner.translation import gettext as _


def check_survey(inputs: Inputs) -> None:
    """Raise where nothing is known of how wrong the connected shares may be."""
    demand, changed = inputs.demand, inputs.scenario.demand.since_survey
    if changed is None and (demand.share_error is None or not demand.share_error.any()):
        key, value = "demand.connected_share_error", inputs.scenario.demand.connected_share_error
        allowed = _("is required: a standard error, such as 0.02, or a column; or give demand.since_survey")
        if value is not None:
            allowed = _("a standard error above 0 somewhere; or give demand.since_survey")
        raise ScenarioError(inputs.scenario.fault(key, None if value is None else str(value), allowed))


def drawn_again(inputs: Inputs, seed: int, number: int) -> Inputs:
    """Return inputs with the connected shares of one more survey; see `drawn_shares`."""
    shares = drawn_shares(inputs.demand, inputs.scenario.demand.since_survey, seed, number)
    return with_shares(inputs, shares)


def drawn_shares(demand: Demand, changed: SinceSurveySpec | None, seed: int, number: int) -> Floats:
    r"""Return the connected share (n,) of each row by another survey of the same places.

    .. math:: c' \sim \mathrm{Beta}(m\nu, (1-m)\nu), \quad \nu = \frac{m(1-m)}{e^2} - 1, \quad
        m = \min(\max(c, e), 1 - e)

    with the share c and its standard error e: mean m, standard deviation e, and never outside 0 to 1. A share nearer to
    0 or 1 than its error is no certainty, so its mean is an error away from there. Where shares have changed since the
    survey, with a standard normal z:

    .. math:: \mathrm{logit}\,c'' = \mathrm{shift} + \mathrm{slope} \cdot \mathrm{logit}\,c' + \mathrm{sd} \cdot z

    Rows of one figure of the survey share its luck: one quantile, one z.

    Parameters
    ----------
    demand
        Rows with their shares, errors and figures.
    changed
        How shares have changed since the survey; not at all if None.
    seed, number
        Seed of all draws, and which of them.
    """
    share: Floats = demand.frame["connected_share"].to_numpy(dtype=np.float64)
    if demand.survey_figure is None:
        return share
    figures = int(demand.survey_figure.max(initial=-1)) + 1
    rng = np.random.default_rng([seed, number])
    quantile = rng.random(figures)[demand.survey_figure]
    luck = rng.standard_normal(figures)[demand.survey_figure]
    error = np.zeros(len(share)) if demand.share_error is None else demand.share_error
    unsure = error > 0
    least = error[unsure]
    mean = np.clip(share[unsure], least, 1 - least)
    size = mean * (1 - mean) / least**2 - 1
    drawn = share.copy()
    drawn[unsure] = betaincinv(mean * size, (1 - mean) * size, quantile[unsure])
    if changed is None:
        return drawn
    inside = (drawn > 0) & (drawn < 1)  # all or none, without an error, is no finding of a survey
    drawn[inside] = expit(changed.shift + changed.slope * logit(drawn[inside]) + changed.sd * luck[inside])
    return drawn


def with_shares(inputs: Inputs, shares: Floats) -> Inputs:
    """Return inputs with other connected shares (n,) of the demand's rows, and the need that follows."""
    demand = inputs.demand
    frame = demand.frame.copy()
    frame["connected_share"] = shares
    per_person = ((1 - frame["connected_share"]) * frame["priority"]).to_numpy()
    frame["need"] = frame["people"] * per_person
    offline = (frame["people"] * (1 - frame["connected_share"])).to_numpy()
    need_of = {name: people * per_person for name, people in demand.people_of.items()}
    return replace(inputs, demand=replace(demand, frame=frame, offline=offline, need_of=need_of))


SUFFIX = ".stability.json"
"""Ends the name of the file beside the scenario: that of pakistan.yaml is pakistan.stability.json."""
NEEDED = {"question", "plan", "draws", "seed", "levels", "groups", "hubs", "reached", "misses_limits", "asked_gap"}
"""What it has to hold to be shown."""
_WHAT = "stability.json of hubplanner stability, which makes it anew; do so, or remove it:"
_FILES = ("path", "aliases")
_UNASKED = {"name", "description", "map", "checks", "solver"}
"""Sections that change neither the question nor what is drawn, but for the gap and the method of the solver."""


def question_digest(scenario: Scenario, digests: Mapping[str, str]) -> str:
    """Return a SHA-256 of what a scenario asks of which data, wherever its files are."""
    asked = scenario.model_dump(mode="json", exclude_defaults=True, exclude=_UNASKED)
    solver = {key: getattr(scenario.solver, key) for key in ("name", "gap", "method", "seed")}
    parts = [_without_files(asked), solver, dict(digests)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _without_files(part: Any) -> Any:
    if isinstance(part, list):
        return [_without_files(item) for item in part]
    if isinstance(part, dict):
        return {key: _without_files(item) for key, item in part.items() if key not in _FILES}
    return part


def read_known_stability(scenario: Scenario, digests: Mapping[str, str], faults: list[Fault]) -> dict[str, Any] | None:
    """Return what ``hubplanner stability`` found for this very question and data, if a file beside the scenario knows.

    One of another question is passed over: it is beside the scenario for the question as its file has it, not for
    every variant.
    """
    own = Path(scenario.file)
    path = own.with_name(f"{own.stem}{SUFFIX}")
    if not own.suffix or not path.is_file():
        return None
    try:
        tree = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        faults.append(Fault(file=str(path), allowed=_("is no {what} {error}", what=_WHAT, error=error)))
        return None
    if not isinstance(tree, dict) or not tree.keys() >= NEEDED:
        lacking = ", ".join(sorted(NEEDED - tree.keys())) if isinstance(tree, dict) else _("all figures")
        faults.append(Fault(file=str(path), allowed=_("is no {what} it lacks {lacking}", what=_WHAT, lacking=lacking)))
        return None
    return tree if tree["question"] == question_digest(scenario, digests) else None
