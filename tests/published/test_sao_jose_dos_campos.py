"""São José dos Campos: maximal covering, set covering, and the capacitated p-median (Lorena and Senne 2004)."""

from __future__ import annotations

import pytest
from support.draws import patience
from support.instances.published import EXACT, expected, needs_files, sjc, sjc_capacitated

import hubplanner as hp

pytestmark = needs_files

TOWNS = ("SJC324", "SJC402")
REACHES = (800, 1200, 1600)


@pytest.mark.parametrize("reach", REACHES)
@pytest.mark.parametrize("name", TOWNS)
def test_most_need_covered_is_as_published(name: str, reach: int) -> None:
    problem = sjc(name, reach)
    optima = expected("mclp_sjc")[name][f"S{reach}"]["MCLP"]
    assert optima
    for hubs, value in optima.items():
        solution = hp.solve_problem(problem, hp.MaxCoverage(max_hubs=int(hubs)), EXACT)
        assert (solution.status, solution.value) == ("optimal", value), f"{hubs} hubs"


@pytest.mark.parametrize("reach", REACHES)
@pytest.mark.parametrize("name", TOWNS)
def test_fewest_hubs_that_cover_all_are_as_published(name: str, reach: int) -> None:
    solution = hp.solve_problem(sjc(name, reach), hp.MinCost(1.0), EXACT)
    assert (solution.status, solution.value) == ("optimal", expected("mclp_sjc")[name][f"S{reach}"]["LSCP"])


@patience
def test_p_median_with_capacity_for_whole_points_is_as_published() -> None:
    problem, hubs, capacity = sjc_capacitated("SJC1")
    solution = hp.solve_problem(problem, hp.PMedian(max_hubs=hubs, constraints=(capacity,)), EXACT)
    assert solution.status == "optimal"
    assert solution.value * problem.n_points == pytest.approx(expected("cpmp_sjc")["SJC1"]["best_known"], abs=0.005)
