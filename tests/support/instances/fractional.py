"""Small instances whose relaxation is seldom whole, and every plan there is for them."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product

import numpy as np
from scipy.sparse import csr_array

import hubplanner as hp
from hubplanner.problem.covering_instance import CoveringInstance
from hubplanner.solver.limits import limits


def pinned(hubs: int = 0) -> tuple[CoveringInstance, hp.MaxCoverage]:
    """Return five rows that pairs of five sites cover, in a ring, two tiers at the first site, which is required."""
    cover = np.array(
        [[1, 1, 0, 0, 0, 1], [1, 1, 1, 0, 0, 0], [0, 0, 1, 1, 0, 0], [0, 0, 0, 1, 1, 0], [0, 1, 0, 0, 1, 1]]
    )
    instance = CoveringInstance(
        need=np.ones(5),
        cover=csr_array(cover.astype(np.int8)),
        option=np.arange(6),
        site=np.array([0, 0, 1, 2, 3, 4]),
        cost=np.array([1.0, 2.0, 1.0, 1.0, 1.0, 1.0]),
        gain=np.zeros(6),
        required=np.array([0]),
        base=0.0,
    )
    return instance, hp.MaxCoverage(max_hubs=hubs) if hubs else hp.MaxCoverage(budget=3.0)


def crowd(seed: int) -> tuple[CoveringInstance, hp.MaxCoverage]:
    """Return rows that pairs of eight sites cover; three have a wider, dearer tier, up to two are required."""
    rng = np.random.default_rng(seed)
    narrow = np.zeros((24, 8), dtype=np.int8)
    for row in range(24):
        narrow[row, rng.choice(8, 2, replace=False)] = 1
    wide = narrow[:, :3] | (rng.random((24, 3)) < 0.1)
    site = np.concatenate([np.repeat([0, 1, 2], 2), np.arange(3, 8)])
    cover = np.concatenate([np.stack([narrow[:, :3], wide], axis=2).reshape(24, 6), narrow[:, 3:]], axis=1)
    instance = CoveringInstance(
        need=rng.integers(1, 4, 24).astype(float),
        cover=csr_array(cover.astype(np.int8)),
        option=np.arange(11),
        site=site,
        cost=np.where(np.append(np.diff(site) == 0, False), 1.0, 2.0),
        gain=np.zeros(11),
        required=np.array([1, 6][: seed % 3], dtype=np.intp),
        base=2.0,
    )
    both = hp.MaxCoverage(max_hubs=int(rng.integers(3, 6)), budget=12.0)
    return instance, both if seed % 2 else replace(both, budget=None)


def all_plans(instance: CoveringInstance, objective: hp.MaxCoverage) -> np.ndarray:
    """Return every plan within all limits, (plans, o)."""
    money, count = limits(objective)
    choices = [[-1, *np.flatnonzero(instance.site == site)] for site in np.unique(instance.site)]
    plans = np.zeros((math.prod(map(len, choices)), len(instance.option)))
    for number, chosen in enumerate(product(*choices)):
        plans[number, [option for option in chosen if option >= 0]] = 1
    held = [plans[:, instance.site == site].sum(axis=1) > 0 for site in instance.required]
    fits = (plans @ instance.cost <= money * (1 + 1e-9)) & (plans.sum(axis=1) <= count)
    return plans[np.all([fits, *held], axis=0)]


def worth(instance: CoveringInstance, plans: np.ndarray) -> np.ndarray:
    """Return the need that each plan covers."""
    rows = (instance.cover @ plans.T > 0).astype(float)
    return np.asarray(instance.need @ rows + plans @ instance.gain + instance.base)
