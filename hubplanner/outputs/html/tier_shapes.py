"""Shapes of tiers in vector pictures: the same, in the same order, as on map.png."""

from __future__ import annotations

import numpy as np

from hubplanner.scenario import Scenario

SHAPES = ("circle", "square", "diamond", "triangle", "pentagon", "hexagon")
OUTLINES = {
    "circle": "M0-6A6 6 0 1 1 0 6A6 6 0 1 1 0-6z",
    "square": "M-5.4-5.4h10.8v10.8h-10.8z",
    "diamond": "M0-7L7 0L0 7L-7 0z",
    "triangle": "M0-7L6.6 5.2H-6.6z",
    "pentagon": "M0-6.6L6.3-2L3.9 5.4H-3.9L-6.3-2z",
    "hexagon": "M0-6.4L5.5-3.2V3.2L0 6.4L-5.5 3.2V-3.2z",
}
"""About a middle at 0, as wide as a circle of radius 6 looks."""


def ranks(scenario: Scenario) -> dict[str, int]:
    """Return each tier's place by how far it reaches, the least 0."""
    reach = [tier.reach(scenario.travel.speed_kmh) for tier in scenario.hubs]
    return {scenario.hubs[tier].name: rank for rank, tier in enumerate(np.argsort(reach, kind="stable").tolist())}
