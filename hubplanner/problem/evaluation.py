"""What a choice of hubs achieves, recomputed from the arrays alone: nothing here knows of any solver or model."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import csr_array

from hubplanner.formatting import count_of
from hubplanner.problem.arrays import Bools, Floats, Ints
from hubplanner.problem.backhaul import UNDECIDED, BackhaulPlan
from hubplanner.problem.coverage import LEAST_SHARE
from hubplanner.problem.problem import Problem, by_own_reach
from hubplanner.problem.travel.base import Travel, within
from hubplanner.problem.travel.geometric import GeometricTravel

CHUNK = 200_000
"""Points whose hubs are held at once."""
NOWHERE = -1
"""Stands for no hub."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Evaluation:
    """The recomputed figures of a plan.

    Parameters
    ----------
    options
        (k,) the open options, ascending.
    counts
        (k,) hubs of each.
    covered_share
        (n,) share of each point that counts as covered, by hubs and by measures.
    assigned
        (n, k) share of each point's people that the hubs of each option serve.
    credit
        (n, k) share of each point that counts as covered through the hubs of each option.
    server
        (n,) position in ``options`` of the hub that serves most of the point; -1 where none does.
    server_distance
        (n,) distance to that hub; NaN where none.
    nearest_distance
        (n,) distance to the nearest open hub; infinity where there is no way.
    load
        (k,) people served by the hubs of each option.
    covered_need, cost
        Totals of the plan; cost of new hubs and upgrades, less what closed hubs save, of backhaul and of measures.
    closed
        Existing sites whose hub is closed.
    served_distance
        (n,) distance to the hubs that serve a point, weighted by the share each serves; 0 where none does.
    is_assigned
        Whether people were assigned to hubs, not simply to the one that covers them best.
    pair_distance
        Distance of each pair in ``assigned``, in its coordinate order.
    reached
        (k, n) share of each point's people who are not connected yet that each of the problem's measures reaches.
    backhaul
        How the hubs are connected; None where that is of no concern.
    """

    options: Ints
    counts: Ints
    covered_share: Floats
    assigned: csr_array
    credit: csr_array
    server: Ints
    server_distance: Floats
    nearest_distance: Floats
    load: Floats
    covered_need: float
    cost: float
    closed: Ints
    served_distance: Floats
    is_assigned: bool
    pair_distance: Floats
    reached: Floats
    backhaul: BackhaulPlan | None = None

    def __repr__(self) -> str:
        """Say in a line what it is."""
        hubs = count_of(int(self.counts.sum()), "hub")
        return f"Evaluation({hubs}, covered need {self.covered_need:,.6g}, cost {self.cost:,.6g})"

    @property
    def hubs(self) -> Ints:
        """Option of each hub, ascending: one that holds several stands there as often."""
        return np.repeat(self.options, self.counts)

    @property
    def edges(self) -> Ints:
        """Edges of the network that are built; none where it is of no concern."""
        return np.zeros(0, dtype=np.intp) if self.backhaul is None else self.backhaul.edges

    def farthest_served(self, points: Bools) -> float:
        """Return the largest distance at which any of some points (n,) is served."""
        pairs = self.assigned.tocoo()
        counted = points[pairs.coords[0]] & (pairs.data > LEAST_SHARE)
        return float(self.pair_distance[counted].max(initial=0.0))


def exact_sum(weights: Floats) -> float:
    """Return the sum of a group's weights: most are 0, and each of those would take as long as another."""
    weights = np.asarray(weights)
    return math.fsum(weights[np.flatnonzero(weights)].tolist())


def people_reached(problem: Problem, plan: Evaluation) -> float:
    """Return how many people the hubs of a plan reach; where seats are for some of them, those who have one.

    >>> from hubplanner.problem import Problem
    >>> line = Problem.from_points([[0, 0], [9, 0]], [3, 1], [[1, 0], [8, 0]], [1, 1], reach=5)
    >>> people_reached(line, evaluate(line, [1]))
    1.0
    """
    return math.fsum(problem.people * plan.covered_share if problem.seated is None else plan.load)


@dataclass(frozen=True, kw_only=True)
class Ways:
    """How far it is to hubs, weighted by need, and who is left out of that.

    Parameters
    ----------
    mean, most
        Distance to the hub that serves, over what each serves of a point; to the nearest open hub where hubs serve
        everyone who comes. NaN where nobody is served.
    nearest
        Mean distance to the nearest open hub, full or not; NaN without need or hubs.
    unreachable_need, unreachable_people
        Need and people without a way to any open hub; left out of the means.
    unserved_need, unserved_people
        Need that has a way to a hub but no seat, and the people of it; left out of ``mean`` and ``most``.
    """

    mean: float
    most: float
    nearest: float
    unreachable_need: float
    unreachable_people: float
    unserved_need: float = 0.0
    unserved_people: float = 0.0


def ways(problem: Problem, plan: Evaluation) -> Ways:
    r"""Return how far it is to the hubs of a plan, $\sum_{io} w_i x_{io} d_{io} / \sum_{io} w_i x_{io}$.

    >>> from hubplanner.problem import Problem
    >>> line = Problem.from_points([[0, 0], [9, 0]], [3, 1], [[1, 0], [8, 0]], [1, 1], reach=5)
    >>> ways(line, evaluate(line, [1])).mean
    6.25
    """
    need, near = problem.need, plan.nearest_distance
    needy, way = need > 0, np.isfinite(near)
    counted = needy & way
    total = math.fsum(need[counted])
    nearest = math.fsum(need[counted] * near[counted]) / total if total > 0 else math.nan
    mean, most = nearest, float(near[counted].max()) if counted.any() else math.nan
    left = np.zeros(problem.n_points)
    if plan.is_assigned:
        share = np.asarray(plan.assigned.sum(axis=1), dtype=np.float64).ravel()
        left = np.where(counted & (share < 1 - LEAST_SHARE), 1 - share, 0.0)
        served = math.fsum(need * share)
        mean = math.fsum(need * plan.served_distance) / served if served > 0 else math.nan
        most = plan.farthest_served(needy) if served > 0 else math.nan
    return Ways(
        mean=mean,
        most=most,
        nearest=nearest,
        unreachable_need=math.fsum(need[~way]),
        unreachable_people=math.fsum(problem.people[~way]),
        unserved_need=math.fsum(need * left),
        unserved_people=math.fsum(problem.people * left),
    )


def evaluate(  # noqa: PLR0913, PLR0917 - hubs, and all that they do not say by themselves
    problem: Problem,
    options: ArrayLike,
    assigned: csr_array | None = None,
    edges: ArrayLike = (),
    reached: Floats | None = None,
    kept: Ints | None = None,
) -> Evaluation:
    r"""Recompute coverage, service, distance and cost of a set of open options.

    .. math:: \sum_i w_i \max_{o \in O} a_{io} \quad\text{or, assigned,}\quad \sum_i w_i \sum_{o \in O} a_{io} x_{io},
              \qquad \sum_{o \in O} c_o

    Measures add $\sum_i w_i \sum_k b_k v_{ki}$ to what is covered, and $\sum_k c_k \sum_i p_i v_{ki}$ to what it costs.

    Unless people are assigned, a point is served by the open hub that covers most of it; among those by the nearest,
    then by the first site.

    Parameters
    ----------
    problem
        The problem.
    options
        (k,) indices of the open options, existing ones included; one that occurs twice stands for two hubs.
    assigned
        (n, o) share of each point's people that each option serves; only open ones may serve.
    edges
        Edges of the problem's backhaul that are built; a hub without any link makes the cost infinite.
    reached
        (k, n) share of each point's people that each of the problem's measures reaches; nobody if left out.
    kept
        (o,) links that hubs of each option keep from an earlier year, as `links_after` returns them; none if left out.

    >>> from hubplanner.problem import Problem
    >>> line = Problem.from_points([[0, 0], [9, 0]], [3, 4], [[1, 0], [8, 0]], [1, 1], reach=5)
    >>> evaluate(line, [1]).covered_need
    4.0
    """
    chosen, counts = np.unique(np.asarray(options, dtype=np.intp), return_counts=True)
    near = _NearestHubs.of(problem, chosen, counts)
    served = _by_best(near, len(chosen)) if assigned is None else csr_array(assigned[:, chosen])
    served.eliminate_zeros()
    # Distances follow the order of these shares, which comparisons of sparse arrays sort in place.
    served.sort_indices()
    distances = _distances(problem, chosen, served) if assigned is not None else near.server_distance[near.is_served]
    credit = _by_share(near, len(chosen)) if assigned is None else _by_assignment(problem, chosen, served, distances)
    by_measures = np.zeros((len(problem.measures), problem.n_points)) if reached is None else reached
    benefit = np.array([measure.benefit for measure in problem.measures])
    covered = np.asarray(credit.sum(axis=1), dtype=np.float64).ravel() + benefit @ by_measures
    server, distance = (near.server, near.server_distance) if assigned is None else _mostly(served, distances)
    closed = np.setdiff1d(np.flatnonzero(~np.isnan(problem.savings)), problem.option_site[chosen])
    links = _connect(problem, chosen, counts, edges, kept)
    return Evaluation(
        options=chosen,
        counts=counts,
        covered_share=covered,
        assigned=served,
        credit=credit,
        server=server,
        server_distance=distance,
        nearest_distance=near.distance,
        load=served.T @ problem.seats,
        covered_need=math.fsum(problem.need * covered),
        cost=math.fsum(
            [
                *(problem.option_cost[chosen] * counts),
                *-problem.savings[closed],
                *([links.cost] if links else []),
                *measures_cost(problem, by_measures),
            ]
        ),
        closed=closed,
        served_distance=_sums_by_point(served, distances),
        is_assigned=assigned is not None,
        pair_distance=distances,
        reached=by_measures,
        backhaul=links,
    )


def measures_cost(problem: Problem, reached: Floats) -> list[float]:
    """Return the money that each measure takes to reach shares (k, n) of the points."""
    people = [math.fsum(one.offline * share) for one, share in zip(problem.measures, reached, strict=True)]
    return [one.cost * count for one, count in zip(problem.measures, people, strict=True)]


def _connect(problem: Problem, chosen: Ints, counts: Ints, edges: ArrayLike, kept: Ints | None) -> BackhaulPlan | None:
    """Return how open options are connected by some edges; None where that is of no concern."""
    if problem.backhaul is None:
        return None
    where = problem.option_site[chosen], problem.option_tier[chosen]
    earlier = None if kept is None else kept[chosen]
    return problem.backhaul.plan(*where, counts, np.asarray(edges, dtype=np.intp), problem.existing[chosen], earlier)


def links_after(problem: Problem, before: Evaluation | None) -> Ints:
    """Return the links (o,) that hubs keep from the year before: a way, none of the network's, or still undecided."""
    kept = np.full(problem.n_options, UNDECIDED, dtype=np.intp)
    if before is not None and before.backhaul is not None:
        kept[before.options] = before.backhaul.way
    return kept


def links_kept(problem: Problem, plan: Evaluation) -> Ints:
    """Return the links (o,) that a plan's hubs had before, for its hubs to be looked at again."""
    kept = np.full(problem.n_options, UNDECIDED, dtype=np.intp)
    if plan.backhaul is not None:
        kept[plan.options] = plan.backhaul.kept
    return kept


def evaluate_with_all(problem: Problem, options: ArrayLike) -> Evaluation:
    """Return what open options cover at most, whoever is assigned to them, with all whom measures may reach."""
    plan = evaluate(problem, options)
    if not problem.measures:
        return plan
    more = np.sum([measure.benefit * measure.most for measure in problem.measures], axis=0)
    covered = np.minimum(plan.covered_share + more, 1.0)
    return replace(plan, covered_share=covered, covered_need=math.fsum(problem.need * covered))


def evaluate_again(problem: Problem, plan: Evaluation, *, assigned: bool) -> Evaluation:
    """Return what the hubs of a plan come to in a problem; with ``assigned``, serving whom they serve in the plan.

    >>> from hubplanner.problem import Problem
    >>> line = Problem.from_points([[0, 0], [9, 0]], [3, 4], [[1, 0], [8, 0]], [1, 1], reach=5)
    >>> evaluate_again(line, evaluate(line, [1]), assigned=False).covered_need
    4.0
    """
    hubs, own = plan.hubs, plan.assigned
    if not assigned:
        return evaluate(problem, hubs, edges=plan.edges, reached=plan.reached, kept=links_kept(problem, plan))
    cells = (own.data, plan.options[own.indices], own.indptr)
    shares: csr_array = csr_array(cells, shape=(problem.n_points, problem.n_options))
    return evaluate(problem, hubs, shares, plan.edges, plan.reached, links_kept(problem, plan))


@dataclass(frozen=True, eq=False)
class _NearestHubs:
    """Each point's nearest hub, and the hub that covers most of it."""

    distance: Floats
    server: Ints
    server_distance: Floats
    share: Floats

    @property
    def is_served(self) -> Bools:
        """Mask (n,) of the points that some hub covers."""
        return np.asarray(self.server != NOWHERE)

    @classmethod
    def of(cls, problem: Problem, chosen: Ints, counts: Ints) -> _NearestHubs:
        if problem.rule.is_step and isinstance(problem.travel, GeometricTravel):
            return cls._of_steps(problem, problem.travel, chosen)
        n = problem.n_points
        server, served = np.full(n, NOWHERE, dtype=np.intp), np.full(n, np.nan)
        best, second = np.zeros(n), np.zeros(n)
        travel = problem.travel.among(problem.option_site[chosen])
        ranks = problem.rule.ranks
        for start in range(0, n, CHUNK):
            point, position, distance = _covering(problem, travel, chosen, start, min(start + CHUNK, n))
            share = problem.rule.share(distance, problem.option_reach[chosen[position]])
            # Hub after hub takes the points that it covers more of than those before it: that needs no sort of points.
            order = np.argsort(position, kind="stable")
            ends = np.searchsorted(position, np.arange(len(chosen) + 1), sorter=order).tolist()
            for hub, (begin, end) in enumerate(pairwise(ends)):
                own = order[begin:end]
                points, part, far = point[own], share[own], distance[own]
                most = best[points]
                if 2 in ranks:  # noqa: PLR2004 - the second hub
                    second[points] = np.maximum(second[points], np.minimum(part, most))
                more = (part > most) | ((part == most) & (far < served[points]))
                points = points[more]
                server[points], served[points], best[points] = hub, far[more], part[more]
        hubs = np.append(counts, 0)[server]  # NOWHERE is the last
        second = np.where(hubs > 1, best, second)
        return cls(travel.nearest(), server, served, ranks.get(1, 0.0) * best + ranks.get(2, 0.0) * second)

    @classmethod
    def _of_steps(cls, problem: Problem, travel: GeometricTravel, chosen: Ints) -> _NearestHubs:
        """Return them by the nearest of the hubs that reach equally far: if it covers a point wholly, it serves it."""
        n, reach = problem.n_points, problem.option_reach[chosen]
        server, served, nearest = np.full(n, NOWHERE, dtype=np.intp), np.full(n, np.inf), np.full(n, np.inf)
        for width in np.unique(reach).tolist():
            alike = np.flatnonzero(reach == width)
            hub, far = travel.among(problem.option_site[chosen[alike]]).closest()
            hub = alike[hub]
            nearer = within(far, width) & ((far < served) | ((far == served) & (hub < server)))
            server[nearer], served[nearer] = hub[nearer], far[nearer]
            np.minimum(nearest, far, out=nearest)
        is_served = server != NOWHERE
        return cls(nearest, server, np.where(is_served, served, np.nan), is_served.astype(np.float64))


def covering(problem: Problem, chosen: Ints) -> tuple[Ints, Ints, Floats]:
    """Return the pairs of points and chosen options (by position) that cover some of them, and their distances."""
    travel = problem.travel.among(problem.option_site[chosen])
    starts = range(0, problem.n_points, CHUNK)
    parts = [_covering(problem, travel, chosen, start, min(start + CHUNK, problem.n_points)) for start in starts]
    nothing = np.zeros(0, dtype=np.intp)
    point, position, distance = zip((nothing, nothing, np.zeros(0)), *parts, strict=True)
    return np.concatenate(point), np.concatenate(position), np.concatenate(distance)


def _covering(problem: Problem, travel: Travel, chosen: Ints, start: int, stop: int) -> tuple[Ints, Ints, Floats]:
    """Return the pairs of points start to stop and open options that cover them, and their distances."""
    reach = problem.option_reach[chosen]
    point, position, distance = travel.pairs(start, stop, float(reach.max(initial=0.0)))
    keep = problem.rule.share(distance, reach[position]) > 0
    keep &= by_own_reach(problem, travel, point, position, chosen[position])
    return point[keep], position[keep], distance[keep]


def _by_best(near: _NearestHubs, hubs: int) -> csr_array:
    """Assign each point wholly to the hub that covers most of it."""
    points = np.flatnonzero(near.is_served)
    return csr_array((np.ones(len(points)), (points, near.server[points])), shape=(len(near.server), hubs))


def _by_share(near: _NearestHubs, hubs: int) -> csr_array:
    """Credit what is covered of each point to the hub that covers most of it."""
    points = np.flatnonzero(near.share > 0)
    return csr_array((near.share[points], (points, near.server[points])), shape=(len(near.server), hubs))


def _by_assignment(problem: Problem, chosen: Ints, served: csr_array, distances: Floats) -> csr_array:
    """Credit what is covered of each point to the hubs its people are assigned to."""
    pairs = served.tocoo()
    point, position = (part.astype(np.intp) for part in pairs.coords)
    share = problem.rule.share(distances, problem.option_reach[chosen[position]])
    travel = problem.travel.among(problem.option_site[chosen])
    share = share * by_own_reach(problem, travel, point, position, chosen[position])
    return csr_array((pairs.data * share, pairs.coords), shape=served.shape)


def _mostly(served: csr_array, distance: Floats) -> tuple[Ints, Floats]:
    """Return the hub that serves most of each point, the nearest and then the first of equals, and its distance."""
    pairs = served.tocoo()
    point, position = pairs.coords
    order = np.lexsort((position, distance, -pairs.data, point))
    points, first = np.unique(point[order], return_index=True)
    server, how_far = np.full(served.shape[0], NOWHERE, dtype=np.intp), np.full(served.shape[0], np.nan)
    server[points], how_far[points] = position[order[first]], distance[order[first]]
    return server, how_far


def _distances(problem: Problem, chosen: Ints, served: csr_array) -> Floats:
    """Return the distance of each assigned pair, in the order of the coordinate format."""
    point, position = served.tocoo().coords
    return problem.travel.along(point.astype(np.intp), problem.option_site[chosen[position]])


def _sums_by_point(served: csr_array, distances: Floats) -> Floats:
    """Return each point's distances, weighted by the share that each hub serves."""
    pairs = served.tocoo()
    return np.bincount(pairs.coords[0], weights=pairs.data * distances, minlength=served.shape[0]).astype(np.float64)
