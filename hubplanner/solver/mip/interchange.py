"""Hubs exchanged for other options, the best exchange first, until none helps."""

from __future__ import annotations

import math

import numpy as np
from scipy.sparse import csr_array

from hubplanner.problem import Floats
from hubplanner.solver.mip.cover_state import total
from hubplanner.solver.mip.greedy import PlanBuilder

MOST_REFUSED = 20
"""Best exchanges that limits refuse before a plan is left as it is."""
LEAST_GAIN = 1e-9
"""Relative gain of an exchange below which it is rounding."""
SHARPNESS = 100.0
"""Of the smooth minimum of shares: a group whose share is a hundredth larger than another's counts 1/e as much."""
MOST_CELLS = 10_000_000
"""Exchanges of a plan, once for each group, that are looked at at once: where there are more, none is."""


def exchanges_gain(builder: PlanBuilder) -> bool:
    """Tell whether `interchange` knows what exchanges gain: covered need in one year, with one hub an option."""
    question, problem = builder.question, builder.problem
    objective = question.objective
    covers = objective.maximises_coverage and objective.alpha_fairness is None and not question.assigns
    return covers and question.periods is None and builder.instance.most.max(initial=1) == 1 and not problem.measures


def interchange(builder: PlanBuilder) -> None:
    r"""Exchange a new hub for another option as long as that gains, the best exchange first, and fill up after each.

    With rows r of need $w_r$ that count from $t_r$ hubs on and have $c_r$ now, an option o in the place of hub h gains

    .. math:: \Delta_{ho} = \sum_{r \in R_o : c_r = t_r - 1} w_r - \sum_{r \in R_h : c_r = t_r} w_r
              + \sum_{r \in R_h \cap R_o : c_r = t_r} w_r - \sum_{r \in R_h \cap R_o : c_r = t_r - 1} w_r .

    Teitz and Bart (1968), doi:10.1287/opre.16.5.955, with all limits in place of a number of hubs. Where the worst
    group comes first, what counts is a smooth minimum of the shares $s_g$ of the groups,

    .. math:: -\frac{1}{\beta} \ln \frac{1}{G} \sum_g e^{-\beta s_g} ,

    as an exchange that raises the worst share alone may let the next one fall below it.
    """
    known = _worth(builder)
    while builder.opened and len(builder.opened) * builder.problem.n_options * len(_groups(builder)) <= MOST_CELLS:
        saved = builder.save()
        if not _exchanged(builder, known):
            return
        builder.fill()
        found = _worth(builder)
        if builder.shortfall > 0 or not found > known + LEAST_GAIN * abs(known):
            builder.restore(saved)
            return
        known = found


def _groups(builder: PlanBuilder) -> list[Floats]:
    """Return the need (n,) of each of the groups that come first; of all where none do."""
    max_min = builder.question.objective.max_min
    return max_min.with_need if max_min is not None and max_min.first else [builder.problem.need]


def _worth(builder: PlanBuilder) -> float:
    """Return what exchanges are to raise: the smooth minimum of the groups' shares, or covered need."""
    groups = _groups(builder)
    if len(groups) == 1:
        return total(builder.units.weigh(groups[0]), builder.cover.best)
    return float(_smooth_minimum(np.exp(-SHARPNESS * builder.shares).sum(), len(groups)))


def _smooth_minimum(summed: Floats, count: int) -> Floats:
    """Return the smooth minimum of some shares of which the sum of exponentials is known."""
    return -np.log(summed / count) / SHARPNESS


def _gained(builder: PlanBuilder, hubs: np.ndarray, known: float) -> Floats:
    """Return what each option (h, o) in the place of each of some hubs (h,) gains of what is to be raised."""
    groups = _groups(builder)
    if len(groups) == 1:
        return _gains(builder, hubs, groups[0])
    summed: Floats = np.zeros((len(hubs), builder.problem.n_options))
    for group, share in zip(groups, builder.shares.tolist(), strict=True):
        summed += np.exp(-SHARPNESS * (share + _gains(builder, hubs, group) / math.fsum(group)))
    return _smooth_minimum(summed, len(groups)) - known


def _exchanged(builder: PlanBuilder, known: float) -> bool:
    """Make the exchange that gains most of those that limits allow, and tell whether there is one."""
    hubs = list(builder.opened)
    options = np.array([hub.added.option for hub in hubs])
    gain = _gained(builder, options, known)
    room = float(builder.left[-1])
    free = builder.problem.new & (builder.counts == 0)
    gain[:, ~free] = -np.inf
    gain[builder.cost > room + builder.cost[options][:, None]] = -np.inf
    for _ in range(MOST_REFUSED):
        out, into = np.unravel_index(int(np.argmax(gain)), gain.shape)
        if not gain[out, into] > LEAST_GAIN * abs(known):
            return False
        builder.close(hubs[out])
        if builder.fits(int(into)):
            builder.open(int(into), builder.need)
            return True
        builder.open(int(options[out]), builder.need)
        hubs[out] = builder.opened[-1]
        gain[out, into] = -np.inf
    return False


def _gains(builder: PlanBuilder, hubs: np.ndarray, measure: Floats) -> Floats:
    """Return how much more of a measure (n,) is covered with each option (h, o) in the place of each of some hubs."""
    instance, rows = builder.instance, builder.instance.cover_rows
    number = instance.measure(measure)
    some = np.flatnonzero(rows.weights[:, number])
    weight, own, cover = rows.weights[some, number], rows.gain[:, number], rows.cover[some].astype(np.float64)
    count = cover @ builder.counts
    next_one, last_one = (np.where(count == rows.times[some] - less, weight, 0.0) for less in (1, 0))
    of_hubs = csr_array(cover[:, hubs].T)
    both = (of_hubs.multiply(last_one - next_one) @ cover).toarray()
    lost = of_hubs @ last_one + own[hubs]
    found: Floats = cover.T @ next_one + own - lost[:, None] + both
    return found
