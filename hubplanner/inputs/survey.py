"""Connected shares drawn again within the errors of their survey, and for the years since it was taken."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.special import betaincinv, expit, logit

from hubplanner.errors import Fault, ScenarioError
from hubplanner.inputs.demand.table import Demand
from hubplanner.inputs.inputs import Inputs
from hubplanner.problem import Floats
from hubplanner.scenario.data_spec import SinceSurveySpec


def check_survey(inputs: Inputs) -> None:
    """Raise where nothing is known of how wrong the connected shares may be."""
    demand, changed = inputs.demand, inputs.scenario.demand.since_survey
    if changed is None and (demand.share_error is None or not demand.share_error.any()):
        allowed = "a standard error, such as 0.02, or a column of them: without one, or since_survey, all is certain"
        key, value = "demand.connected_share_error", inputs.scenario.demand.connected_share_error
        shown = None if value is None else str(value)
        raise ScenarioError(Fault(file=inputs.scenario.file, column=key, value=shown, allowed=allowed, kind="scenario"))


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
