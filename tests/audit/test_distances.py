"""Distances, and points that stand for areas, as an audit works them out: against PROJ, and against what is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, strategies as st
from pyproj import Geod, Proj

from hubplanner.audit.data.distances import RADIUS_KM, along, distances, lattice
from hubplanner.scenario.travel_spec import GreatCircleSpec, MatrixSpec, PlanarSpec

SPHERE = Geod(a=RADIUS_KM * 1000, b=RADIUS_KM * 1000)
QUARTER = math.pi / 2 * RADIUS_KM
PLACES = st.tuples(st.floats(-180, 180), st.floats(-90, 90))


def test_distances_on_the_globe_are_those_of_circles_about_its_middle() -> None:
    points, sites = np.array([[0.0, 0.0], [67.0, 25.0]]), np.array([[0.0, 90.0], [180.0, 0.0], [67.0, 25.0]])
    found = distances(points, sites, GreatCircleSpec())
    assert found.shape == (2, 3)
    assert found[0, :2].tolist() == pytest.approx([QUARTER, 2 * QUARTER], rel=1e-15)
    assert found[1, 2] == 0
    assert found[1, 0] == pytest.approx(math.radians(65) * RADIUS_KM, rel=1e-14)


@given(PLACES, PLACES)
def test_distances_on_the_globe_are_those_of_proj(one: tuple[float, float], other: tuple[float, float]) -> None:
    far = along(np.array(one), np.array(other), GreatCircleSpec())
    assert float(far) == pytest.approx(SPHERE.inv(*one, *other)[2] / 1000, rel=1e-7, abs=1e-6)


def test_a_detour_lengthens_every_way() -> None:
    points, sites = np.array([[1000.0, 500.0]]), np.array([[4000.0, 4500.0], [1000.0, -500.0]])
    assert distances(points, sites, PlanarSpec(method="planar", detour=1.0)).tolist() == [[5.0, 1.0]]
    assert distances(points, sites, PlanarSpec(method="planar", detour=1.5)).tolist() == [[7.5, 1.5]]
    table = MatrixSpec(method="matrix", path="table.csv")
    # A table tells ways to sites; between sites it is as the crow flies.
    assert distances(np.zeros((1, 2)), np.array([[0.0, 90.0]]), table)[0, 0] == pytest.approx(QUARTER)


# -- areas -----------------------------------------------------------------------------------------------------------


def as_set(points: np.ndarray) -> set[tuple[float, ...]]:
    return set(map(tuple, points.round(6).tolist()))


def test_a_plane_area_is_a_lattice_about_its_middle() -> None:
    box = shapely.box(1000, 2000, 4000, 4500)
    east, north = (500.0, 1500.0, 2500.0, 3500.0, 4500.0), (1250.0, 2250.0, 3250.0, 4250.0)
    expected = {(x, y) for x in east for y in north if 1000 <= x <= 4000 and 2000 <= y <= 4500}
    assert as_set(lattice(box, 7.5, 1.0, planar=True)) == expected
    assert as_set(lattice(box, 7.5, 0.5, planar=True)) == {
        (x, y) for x in np.arange(1000.0, 4001, 500) for y in np.arange(2250.0, 4251, 500)
    }


def test_points_of_a_lattice_lie_inside_or_on_the_edge() -> None:
    corner = shapely.Polygon([(0, 0), (4000, 0), (4000, 1000), (1000, 1000), (1000, 4000), (0, 4000)])
    found = lattice(corner, 7.0, 0.1, planar=True)
    assert shapely.intersects_xy(corner, found[:, 0], found[:, 1]).all()
    assert len(found) == pytest.approx(700, rel=0.05)


def test_a_point_stands_for_a_disc_of_the_area() -> None:
    found = lattice(shapely.Point(500, 700), math.pi, 0.5, planar=True) - [500, 700]
    steps = [(x * 500.0, y * 500.0) for x in range(-2, 3) for y in range(-2, 3) if x * x + y * y <= 4]
    assert as_set(found) == set(steps)


def test_an_area_that_no_point_of_the_lattice_lies_in_has_one_of_its_own() -> None:
    ring = shapely.Point(0, 0).buffer(900).difference(shapely.Point(0, 0).buffer(800))
    found = lattice(ring, 0.53, 5.0, planar=True)
    assert found.shape == (1, 2)
    assert ring.contains(shapely.Point(found[0]))


@pytest.mark.parametrize(("lon", "lat"), [(67.0, 30.0), (-70.0, -33.0), (179.97, 0.5), (-179.99, -16.5), (25.0, 78.0)])
@pytest.mark.parametrize(("spacing", "area"), [(2.0, 400.0), (0.25, 5.0)])
def test_an_area_on_the_globe_is_a_lattice_of_equal_areas(lon: float, lat: float, spacing: float, area: float) -> None:
    found = lattice(shapely.Point(lon, lat), area, spacing, planar=False)
    plane = Proj(proj="laea", lon_0=lon, lat_0=lat, R=RADIUS_KM, units="m")
    local = np.column_stack(plane(*found.T))
    radius = math.sqrt(area / math.pi)
    steps = {
        (x * spacing, y * spacing) for x in range(-6, 7) for y in range(-6, 7) if math.hypot(x, y) * spacing <= radius
    }
    assert as_set(local + 0.0) == steps
    assert (np.abs(found[:, 0]) <= 180).all()


@pytest.mark.parametrize("east", [67.0, -70.0, 179.0])
@pytest.mark.parametrize("north", [30.0, -45.0])
def test_a_polygon_on_the_globe_is_a_lattice_about_its_middle_in_the_plane_amid_its_corners(
    east: float, north: float
) -> None:
    corners = np.array([(0, 0), (0.9, 0), (0.9, 0.2), (0.3, 0.6), (0, 0.6)]) + np.array([east, north])
    shape = shapely.Polygon(corners)
    found = lattice(shape, 5000.0, 10.0, planar=False)
    # Every corner counts in the middle, the first twice, since the ring ends there.
    lon, lat = np.radians(shapely.get_coordinates(shape)).T
    mean = np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)]).mean(axis=1)
    middle = math.degrees(math.atan2(mean[1], mean[0])), math.degrees(math.atan2(mean[2], math.hypot(*mean[:2])))
    plane = Proj(proj="laea", lon_0=middle[0], lat_0=middle[1], R=RADIUS_KM, units="m")
    flat = shapely.Polygon(np.column_stack(plane(*corners.T)))
    turned = np.column_stack([np.where(found[:, 0] < east - 90, found[:, 0] + 360, found[:, 0]), found[:, 1]])
    local = np.column_stack(plane(*turned.T))
    assert as_set(local + 0.0) == as_set(lattice_in(flat, 10.0) + 0.0)
    assert len(local) > 20


def lattice_in(shape: shapely.Polygon, spacing: float) -> np.ndarray:
    """Return the points of a lattice about a shape's middle that lie in it."""
    ticks = spacing * np.arange(-40, 41)
    grid = np.array([(shape.centroid.x + x, shape.centroid.y + y) for x in ticks for y in ticks])
    return grid[shapely.intersects_xy(shape, grid[:, 0], grid[:, 1])]
