"""Hubs exchanged for other options, the best exchange first, until none helps."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from hubplanner.problem import Floats
from hubplanner.solver.mip.greedy import PlanBuilder

MOST_REFUSED = 20
"""Best exchanges that limits refuse before a plan is left as it is."""
LEAST_GAIN = 1e-9
"""Relative gain of an exchange below which it is rounding."""


def exchanges_gain(builder: PlanBuilder) -> bool:
    """Tell whether `interchange` knows what exchanges gain: covered need in one year, with one hub an option."""
    question, problem = builder.question, builder.problem
    covers = question.objective.maximises_coverage and question.objective.fairness is None and not question.assigns
    return covers and question.periods is None and builder.instance.most.max(initial=1) == 1 and not problem.measures


def interchange(builder: PlanBuilder) -> None:
    r"""Exchange a new hub for another option as long as that gains, the best exchange first, and fill up after each.

    With rows r of need $w_r$ that count from $t_r$ hubs on and have $c_r$ now, an option o in the place of hub h gains

    .. math:: \Delta_{ho} = \sum_{r \in R_o : c_r = t_r - 1} w_r - \sum_{r \in R_h : c_r = t_r} w_r
              + \sum_{r \in R_h \cap R_o : c_r = t_r} w_r - \sum_{r \in R_h \cap R_o : c_r = t_r - 1} w_r .

    Teitz and Bart (1968), doi:10.1287/opre.16.5.955, with all limits in place of a number of hubs.
    """
    known = builder.figures
    while builder.opened:
        saved = builder.save()
        if not _exchanged(builder):
            return
        builder.fill()
        if builder.shortfall > 0 or not builder.figures[0] > known[0] + LEAST_GAIN * abs(known[0]):
            builder.restore(saved)
            return
        known = builder.figures


def _exchanged(builder: PlanBuilder) -> bool:
    """Make the exchange that gains most of those that limits allow, and tell whether there is one."""
    hubs = list(builder.opened)
    options = np.array([hub.added.option for hub in hubs])
    gain = _gains(builder, options)
    room = float(builder.left[-1])
    free = builder.problem.new & (builder.counts == 0)
    gain[:, ~free] = -np.inf
    gain[builder.cost > room + builder.cost[options][:, None]] = -np.inf
    for _ in range(MOST_REFUSED):
        out, into = np.unravel_index(int(np.argmax(gain)), gain.shape)
        if not gain[out, into] > LEAST_GAIN * abs(builder.figures[0]):
            return False
        builder.close(hubs[out])
        if builder.fits(int(into)):
            builder.open(int(into), builder.need)
            return True
        builder.open(int(options[out]), builder.need)
        hubs[out] = builder.opened[-1]
        gain[out, into] = -np.inf
    return False


def _gains(builder: PlanBuilder, hubs: np.ndarray) -> Floats:
    """Return what each option (h, o) in the place of each of some hubs (h,) gains."""
    instance, rows = builder.instance, builder.instance.cover_rows
    measure = instance.measure(builder.problem.need)
    weight, own = rows.weights[:, measure], rows.gain[:, measure]
    cover, count = rows.cover.astype(np.float64), rows.cover @ builder.counts
    next_one, last_one = (np.where(count == rows.times - less, weight, 0.0) for less in (1, 0))
    of_hubs = csr_array(cover[:, hubs].T)
    both = (of_hubs.multiply(last_one - next_one) @ cover).toarray()
    lost = of_hubs @ last_one + own[hubs]
    found: Floats = cover.T @ next_one + own - lost[:, None] + both
    return found
