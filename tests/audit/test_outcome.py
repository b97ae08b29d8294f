"""What hubs achieve by row and by hub, as an audit works it out, and what it finds wrong with the links of a run."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from support.instances.audit_worlds import SEATS, hub, world

from hubplanner.audit import outcome
from hubplanner.audit.ledger import Ledger
from hubplanner.audit.outcome import AuditOutcome, outcome_of

if TYPE_CHECKING:
    from hubplanner.audit.data.hubs import AuditHub
    from hubplanner.audit.data.world import AuditData


def link(row: int | str, site: int | str, share: float, far: float = 0.0, **more: Any) -> dict[str, Any]:
    """Return a stated link of a row of 10 people and 4 need."""
    ends = {"demand_id": f"D{row}", "site_id": f"S{site}"}
    return {**ends, "people": 10.0 * share, "need": 4.0 * share, "distance_km": far, **more}


def audited(
    given: AuditData, hubs: list[AuditHub], links: list[dict[str, Any]], year: int = 0
) -> tuple[AuditOutcome, list[tuple[str, Any, Any]], Ledger]:
    """Return what hubs achieve, what is found wrong with the links, and all that was compared."""
    ledger = Ledger()
    found = outcome_of(given, hubs, pd.DataFrame(links), year, ledger)
    wrong = [(one.item, one.stated, one.recomputed) for one in ledger.findings if one.file == "links.geojson"]
    return found, wrong, ledger


# -- where people go as they like ------------------------------------------------------------------------------------


def test_rows_are_covered_by_the_parts_that_hubs_cover_and_hubs_count_them() -> None:
    given = world([[3, 8], [7, 4], [math.inf, 6], [6, 9]], row=[0, 0, 1, 2], parts=[0.25, 0.75, 1, 1])
    found, wrong, ledger = audited(given, [hub(0), hub(1, 1)], [], year=1)
    assert found.covered.tolist() == [1, 1, 1]
    assert found.hub_need.tolist() == [1.5, 4.5 + 6 + 6]
    assert found.hub_people.tolist() == [3.75, 11.25 + 15 + 15]
    assert found.hub_load.tolist() == found.hub_people.tolist()
    assert found.links[["row", "site", "share", "people", "need", "distance"]].to_numpy().tolist() == [
        [0, 0, 0.25, 3.75, 1.5, 3],
        [0, 1, 0.75, 11.25, 4.5, 4],
        [1, 1, 1, 15, 6, 6],
        [2, 1, 1, 15, 6, 9],
    ]
    assert (found.exact, found.known, found.farthest, found.year) == (True, True, None, 1)
    assert found.service.hub.tolist() == [0, 1, 1, 1]
    assert (wrong, ledger.checked) == ([], {})


def test_what_fades_counts_in_parts_but_takes_a_whole_seat() -> None:
    given = world([[2.5], [5.0], [6.0]], coverage={"decay": "linear"})
    found, _, _ = audited(given, [hub(0)], [])
    assert found.covered.tolist() == [0.5, 0, 0]
    assert (found.hub_need.tolist(), found.hub_people.tolist()) == ([2], [5])
    assert found.hub_load.tolist() == [10 * sum(found.service.hub == 0)]


def test_a_hub_that_nobody_goes_to_counts_nothing() -> None:
    found, _, _ = audited(world([[3.0, 9.0]]), [hub(0), hub(1)], [])
    assert (found.hub_need.tolist(), found.hub_people.tolist(), found.hub_load.tolist()) == ([4, 0], [10, 0], [10, 0])


# -- where people are assigned ---------------------------------------------------------------------------------------


def test_links_say_who_is_served_where_hubs_fill_up() -> None:
    given = world([[3, 8], [7, 4], [6, 2]], SEATS)
    links = [link(0, 0, 0.5, 3), link(0, 1, 0.25, 8), link(1, 1, 1, 4), link(2, 1, 0.5, 2)]
    found, wrong, ledger = audited(given, [hub(0), hub(1, 1)], links)
    assert wrong == []
    assert found.covered.tolist() == [0.75, 1, 0.5]
    assert found.hub_need.tolist() == [2, 1 + 4 + 2]
    assert found.hub_people.tolist() == [5, 2.5 + 10 + 5]
    assert found.hub_load.tolist() == [2, 7]
    assert found.links["share"].tolist() == [0.5, 0.25, 1, 0.5]
    assert found.links["seats"].tolist() == [2, 1, 4, 2]
    assert found.links["distance"].tolist() == [3, 8, 4, 2]
    assert (found.exact, found.known, found.farthest, found.year) == (True, True, None, 0)
    assert found.service.hub.tolist() == [0, 1, 1]
    # each link: its ends, need, hub and share; each site's seats; each row's sum and wholeness
    assert ledger.checked == {"links.geojson": 4 * 4 + 2 + 3 * 2}


def test_links_of_a_later_year_are_of_those_who_live_there_then() -> None:
    given = world([[3.0]], SEATS)
    found, wrong, _ = audited(given, [hub(0)], [link(0, 0, 0.5, 3) | {"people": 7.5, "need": 3.0}], year=1)
    assert wrong == []
    assert (found.covered.tolist(), found.hub_need.tolist(), found.hub_load.tolist()) == ([0.5], [3], [3])
    assert (found.links["share"].tolist(), found.links["need"].tolist()) == ([0.5], [3])
    assert found.year == 1


def test_distances_are_recomputed_and_cover_fades_with_them() -> None:
    given = world([[2.5]], SEATS, coverage={"decay": "linear"})
    found, wrong, ledger = audited(given, [hub(0)], [link(0, 0, 0.5, 99)])
    assert found.links["distance"].tolist() == [2.5]
    assert (found.covered.tolist(), found.hub_need.tolist(), found.hub_people.tolist()) == ([0.25], [1], [2.5])
    assert found.hub_load.tolist() == [2]
    assert (wrong, ledger.not_audited) == ([], [])


def test_tiers_of_one_site_share_its_links_and_its_room() -> None:
    given = world([[3.0], [8.0]], SEATS)
    links = [link(0, 0, 1, 3), link(1, 0, 1, 8)]
    found, wrong, _ = audited(given, [hub(0), hub(0, 1)], links)
    assert wrong == []
    assert found.covered.tolist() == [1, 1]
    for totals in (found.hub_need, found.hub_people, found.hub_load):
        assert np.isnan(totals).tolist() == [True, True]


@pytest.mark.parametrize(
    ("room", "count", "fits"), [(8.0, 1, True), (7.99999, 1, False), (4.0, 2, True), (8 / (1 + 9e-7), 1, True)]
)
def test_hubs_serve_no_more_than_they_have_room_for(room: float, count: int, fits: bool) -> None:  # noqa: FBT001
    given = world([[3.0], [4.0]], SEATS, room=[[room, 1.0]])
    _, wrong, _ = audited(given, [hub(0, 0, count)], [link(0, 0, 1, 3), link(1, 0, 1, 4)])
    assert wrong == ([] if fits else [("seats taken at S0", 8.0, f"room for {room * count:,.0f}")])


# -- what links may not say ------------------------------------------------------------------------------------------


def test_a_table_without_its_columns_is_no_table_of_links() -> None:
    given = world([[3.0]], SEATS)
    table = [{"demand_id": "D0", "site_id": "S0", "distance_km": 3.0}]
    found, wrong, _ = audited(given, [hub(0)], table)
    assert wrong == [("columns", "missing", "people, need")]
    assert (found.covered.tolist(), len(found.links)) == ([0], 0)


def test_no_links_at_all_are_missed_by_nobody() -> None:
    found, wrong, _ = audited(world([[3.0]], SEATS), [hub(0)], [])
    assert (wrong, found.covered.tolist(), found.hub_load.tolist()) == ([], [0], [0])


def test_links_have_a_row_a_site_and_a_hub() -> None:
    given = world([[3.0, 4.0]], SEATS)
    links = [link("x", 0, 1), link(0, "x", 1), link(0, 1, 0.5, 4), link(0, 0, 0.5, 3)]
    found, wrong, _ = audited(given, [hub(0)], links)
    assert wrong == [
        ("link Dx to S0", "a link", "no such row or site"),
        ("link D0 to Sx", "a link", "no such row or site"),
        ("link D0 to S1", "a link", "no hub at this site"),
    ]
    assert found.covered.tolist() == [0.5]


def test_links_hold_as_much_need_as_their_part_of_the_people() -> None:
    given = world([[3.0], [3.0], [3.0]], SEATS, room=[[99.0, 99.0]])
    given.people.frame.loc[1:, "people"] = 0.0
    given.people.frame.loc[2, ["need", "seats"]] = 0.0
    links = [
        link(0, 0, 0.5, need=1.0),
        link(1, 0, 0.0, need=1.0),
        link(2, 0, 0.0, need=0.0),
    ]
    found, wrong, _ = audited(given, [hub(0)], links)
    assert wrong == [("link D0 to S0, need", 1.0, 2.0)]
    assert found.links["share"].tolist() == [0.5, 0.25, 1]
    assert found.links["need"].tolist() == [2, 1, 0]


def test_a_part_of_less_than_one_person_is_one_all_the_same() -> None:
    given = world([[3.0], [3.0]], SEATS)
    given.people.frame["people"], given.people.frame["need"] = [0.5, 0.0], 0.25
    links = [link(0, 0, 0) | {"people": 0.25, "need": 0.25}, link(1, 0, 0) | {"need": 0.125}]
    found, wrong, _ = audited(given, [hub(0)], links)
    assert (wrong, found.links["share"].tolist()) == ([("link D0 to S0, need", 0.25, 0.125)], [0.5, 0.5])


def test_nobody_is_served_beyond_reach() -> None:
    given = world([[6.0], [5.0]], SEATS)
    found, wrong, _ = audited(given, [hub(0)], [link(0, 0, 0.5, 6), link(1, 0, 1, 5)])
    assert wrong == [("link D0 to S0, share", 0.5, "0.000000 in reach")]
    assert found.covered.tolist() == [0, 1]


@pytest.mark.parametrize(("share", "is_fine"), [(1 + 5e-7, True), (1 + 2e-6, False)])
def test_nobody_is_served_more_than_once_over(share: float, is_fine: bool) -> None:  # noqa: FBT001
    given = world([[3.0, 3.0]], SEATS)
    links = [link(0, 0, share / 2, 3), link(0, 1, share / 2, 3)]
    _, wrong, _ = audited(given, [hub(0), hub(1)], links)
    assert wrong == ([] if is_fine else [("people of D0", f"{share:.6f} of them", "at most all")])


def test_whole_points_are_served_by_one_hub_or_none() -> None:
    given = world([[3.0, 3.0], [4.0, 4.0], [2.0, 2.0]], SEATS, model={"assignment": "single"})
    links = [link(0, 0, 0.5, 3), link(0, 1, 0.5, 3), link(1, 0, 0.9, 4), link(2, 1, 1, 2)]
    _, wrong, _ = audited(given, [hub(0), hub(1)], links)
    assert wrong == [(f"people of D{row}", "served in parts", "whole, by one site") for row in (0, 1)]
    split = world([[3.0, 3.0], [4.0, 4.0], [2.0, 2.0]], SEATS)
    assert audited(split, [hub(0), hub(1)], links)[1] == []


def test_no_more_come_than_take_up_allows() -> None:
    given = world([[2.0, 4.0]], SEATS, demand={"take_up": {"share": 0.5, "e_fold_km": 4.0}})
    most = [0.5 * math.exp(-0.5), 0.5 * math.exp(-1)]
    fine = [link(0, 0, most[0] / 4, 2), link(0, 1, most[1] * 3 / 4, 4)]
    assert audited(given, [hub(0), hub(1)], fine)[1] == []
    [(item, stated, allowed)] = audited(given, [hub(0), hub(1)], [*fine[:1], link(0, 1, most[1], 4)])[1]
    assert (item, stated, allowed) == ("people of D0, take_up", pytest.approx(1.25), "at most 1")
    flat = world([[2.0, 4.0]], SEATS, demand={"take_up": {"share": 0.5}})
    assert audited(flat, [hub(0), hub(1)], [link(0, 0, 0.3, 2), link(0, 1, 0.2, 4)])[1] == []
    [(item, stated, _)] = audited(flat, [hub(0), hub(1)], [link(0, 0, 0.3, 2), link(0, 1, 0.3, 4)])[1]
    assert stated == pytest.approx(1.2)


# -- rows of several points with seats -------------------------------------------------------------------------------


def spread(**more: Any) -> AuditData:
    """Return a row of four points at 1, 2, 4 and 8 km of one site and the other way round of another."""
    return world([[1, 8], [2, 4], [4, 2], [8, 1]], SEATS, row=[0] * 4, parts=[0.25] * 4, **more)


def test_people_of_a_row_go_the_shortest_ways_that_there_are() -> None:
    found, wrong, ledger = audited(spread(), [hub(0), hub(1)], [link(0, 0, 0.5, 1.5), link(0, 1, 0.25, 1)])
    assert (wrong, ledger.not_audited) == ([], [])
    assert (found.covered.tolist(), found.exact, found.known, found.farthest) == ([0.75], False, True, 2)
    assert found.links["distance"].tolist() == [1.5, 1]
    # ends, need, hub, share and span of each link; the row together, its mean and each way; seats; sum and wholeness
    assert ledger.checked == {"links.geojson": 2 * 5 + 2 + 2 + 2 + 2}


def test_ways_that_are_longer_or_shorter_than_they_can_be_are_found() -> None:
    _, wrong, _ = audited(spread(), [hub(0), hub(1)], [link(0, 0, 0.5, 2.5), link(0, 1, 0.25, 1)])
    assert wrong == [
        ("people of D0, mean distance", pytest.approx(2), pytest.approx(4 / 3)),
        ("people of D0, distance to S0", 2.5, pytest.approx(1.5)),
    ]
    _, wrong, _ = audited(spread(), [hub(0)], [link(0, 0, 0.5, 0.5)])
    assert wrong[0] == ("link D0 to S0, distance", 0.5, "1.000000 to 4.000000")
    _, wrong, _ = audited(spread(), [hub(0)], [link(0, 0, 0.5, 4.5)])
    assert wrong[0] == ("link D0 to S0, distance", 4.5, "1.000000 to 4.000000")


def test_no_more_of_a_row_are_served_than_live_in_reach() -> None:
    found, wrong, _ = audited(spread(), [hub(0)], [link(0, 0, 1, 2)])
    assert wrong == [
        ("link D0 to S0, share", 1.0, "0.750000 in reach"),
        ("people of D0, together", 4.0, "too few points in reach"),
    ]
    assert (found.known, found.farthest) == (False, None)
    links = [link(0, 0, 0.75, 7 / 3), link(0, 1, 0.75, 7 / 3)]
    _, wrong, _ = audited(spread(), [hub(0), hub(1)], links)
    assert [item for item, _, _ in wrong] == ["people of D0, together", "people of D0"]


def test_the_longest_way_is_that_of_whoever_has_need() -> None:
    given = world([[1], [2], [3], [4]], SEATS, row=[0, 0, 1, 1], parts=[0.5] * 4)
    links = [link(0, 0, 1, 1.5), link(1, 0, 1, 3.5)]
    assert audited(given, [hub(0, 1)], links)[0].farthest == 4
    given.people.frame.loc[1, "need"] = 0.0
    given.people.frame.loc[1, "seats"] = 0.0
    found, wrong, _ = audited(given, [hub(0, 1)], [links[0], links[1] | {"need": 0.0}])
    assert (wrong, found.farthest, found.known) == ([], 2, True)


def test_ways_that_are_as_short_as_others_have_some_of_these_lengths() -> None:
    given = world([[1, 2], [3, 4]], SEATS, row=[0, 0], parts=[0.5, 0.5])
    links = [link(0, 0, 0.5, 2), link(0, 1, 0.5, 3)]  # whoever goes where, they go 5 in all
    found, wrong, _ = audited(given, [hub(0), hub(1)], links)
    assert (wrong, found.known, found.farthest) == ([], True, None)
    _, wrong, _ = audited(given, [hub(0), hub(1)], [link(0, 0, 0.5, 1), link(0, 1, 0.5, 4)])
    assert wrong == []
    _, wrong, _ = audited(given, [hub(0), hub(1)], [link(0, 0, 0.5, 3), link(0, 1, 0.5, 2)])
    assert wrong == []
    _, wrong, _ = audited(given, [hub(0), hub(1)], [link(0, 0, 0.5, 2.5), link(0, 1, 0.5, 3.5)])
    assert wrong == [
        ("people of D0, mean distance", pytest.approx(3), pytest.approx(2.5)),
        ("people of D0, distances", [2.5, 3.5], "no such ways"),
    ]
    for off, is_fine in ((5e-6, True), (5e-5, False)):  # written to so many digits
        _, wrong, _ = audited(given, [hub(0), hub(1)], [link(0, 0, 0.5, 1 - off), link(0, 1, 0.5, 4)])
        assert ([item for item, _, _ in wrong if item.startswith("people")] == []) == is_fine


@pytest.mark.parametrize(("off", "is_fine"), [(5e-6, True), (2e-5, False)])
def test_ways_are_as_long_as_they_can_be_written(off: float, is_fine: bool) -> None:  # noqa: FBT001
    _, wrong, _ = audited(spread(), [hub(0), hub(1)], [link(0, 0, 0.5, 1.5 + off), link(0, 1, 0.25, 1)])
    items = ["people of D0, mean distance", "people of D0, distance to S0"]
    assert [item for item, _, _ in wrong] == ([] if is_fine else items)


def test_short_ways_and_a_little_need_are_ways_and_need() -> None:
    given = world([[0.25], [0.5]], SEATS, row=[0, 0], parts=[0.5, 0.5])
    given.people.frame[["need", "seats"]] = 0.5
    found, wrong, _ = audited(given, [hub(0)], [link(0, 0, 1, 0.375) | {"need": 0.5}])
    assert (wrong, found.farthest) == ([], 0.5)


def test_links_of_nobody_and_to_no_hub_lead_no_way() -> None:
    given = world([[1, 8, 1], [2, 4, 1]], SEATS, row=[0, 0], parts=[0.5, 0.5])
    links = [link(0, 0, 0.5, 1), link(0, 1, 0.0, 4), link(0, 2, 0.25, 1)]
    found, wrong, _ = audited(given, [hub(0), hub(1)], links)
    assert wrong == [("link D0 to S2", "a link", "no hub at this site")]
    assert (found.known, found.farthest) == (True, 1)


def test_a_row_that_cannot_go_so_hides_no_other() -> None:
    given = world([[1], [6], [2], [3]], SEATS, row=[0, 0, 1, 1], parts=[0.5] * 4)
    _, wrong, _ = audited(given, [hub(0)], [link(0, 0, 1, 1), link(1, 0, 0.5, 3)])
    items = ["link D0 to S0, share", "people of D0, together"]
    assert [item for item, _, _ in wrong] == [*items, "people of D1, mean distance", "people of D1, distance to S0"]


@pytest.mark.parametrize(
    "more",
    [
        {"model": {"assignment": "single"}},
        {"model": {"objective": "p_center"}},
        {"coverage": {"decay": "linear"}},
        {"demand": {"take_up": {"share": 1.0}}},
    ],
)
def test_longer_ways_are_not_judged_where_something_else_has_a_say(more: dict[str, Any]) -> None:
    found, wrong, ledger = audited(spread(**more), [hub(0)], [link(0, 0, 0.5, 2)])
    assert wrong == []
    assert (found.known, found.farthest) == (False, None)
    told = "links.geojson, distances of people of D0: 2.000000 is stated on average and 1.500000 can be"
    assert told in ledger.not_audited
    found, wrong, ledger = audited(spread(**more), [hub(0)], [link(0, 0, 0.5, 1.5)])
    assert (wrong, found.known, found.farthest) == ([], True, 2)
    assert not any(told.startswith("links.geojson") for told in ledger.not_audited)
    _, wrong, _ = audited(spread(**more), [hub(0)], [link(0, 0, 0.5, 1.2)])
    assert ("people of D0, mean distance", pytest.approx(1.2), 1.5) in wrong


def test_several_rows_of_longer_ways_are_told_by_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    given = world([[1], [2], [3], [4]], SEATS, row=[0, 0, 1, 1], parts=[0.5] * 4)
    links = [link(0, 0, 0.5, 1.5), link(1, 0, 0.5, 3.5)]
    monkeypatch.setattr(outcome, "MOST_PAIRS", 3)
    ledger = audited(given, [hub(0, 1)], links)[2]
    told = "links.geojson, distances of people of D0: 1.500000 is stated on average and 1.000000 can be"
    assert ledger.not_audited == [f"{told}, and so of 1 other rows"]
    far = world([[1], [2], [3], [6]], SEATS, row=[0, 0, 1, 1], parts=[0.5] * 4)
    assert audited(far, [hub(0)], links[:1])[2].not_audited == []  # of four points three are in reach
    for need, firm in ((0.0, True), (0.5, False)):  # nor do those count who need nothing
        given.people.frame.loc[1, ["need", "seats"]] = need
        own = [links[0], links[1] | {"need": need / 2}]
        assert (audited(given, [hub(0, 1)], own)[2].not_audited == []) == firm
    given.people.frame.loc[1, ["need", "seats"]] = 4.0
    monkeypatch.setattr(outcome, "MOST_PAIRS", 4)
    assert [item for item, _, _ in audited(given, [hub(0, 1)], links)[1]] == [
        "people of D0, mean distance",
        "people of D0, distance to S0",
        "people of D1, mean distance",
        "people of D1, distance to S0",
    ]


def test_tiers_of_several_reaches_at_a_site_leave_open_who_goes_to_which() -> None:
    found, wrong, ledger = audited(spread(), [hub(0), hub(0, 1)], [link(0, 0, 0.5, 2)])
    assert (wrong, found.known) == ([], False)
    assert len(ledger.not_audited) == 1


def test_what_fades_with_seats_is_not_known_from_links_of_spread_rows() -> None:
    told = "covered need with decay, seats and spread rows or several tiers a site: links do not tell it"
    fading = {"coverage": {"decay": "linear"}}
    assert told in audited(spread(**fading), [hub(0)], [link(0, 0, 0.25, 1)])[2].not_audited
    plain = world([[2.0]], SEATS, **fading)
    assert audited(plain, [hub(0), hub(0, 1)], [link(0, 0, 1, 2)])[2].not_audited == [told]
    assert audited(plain, [hub(0)], [link(0, 0, 1, 2)])[2].not_audited == []
    assert audited(spread(), [hub(0)], [link(0, 0, 0.25, 1)])[2].not_audited == []


def test_a_measure_covers_beside_hubs() -> None:
    measure = {"courses": {"cost": 1.0, "people": "people", "benefit": 0.5}}
    given = world([[3.0], [9.5]], SEATS, measures=measure)
    given.people.may["courses"] = np.array([4.0, 4.0])
    given.beside["courses"] = np.array([0.0, 2.0])
    found, wrong, _ = audited(given, [hub(0)], [link(0, 0, 1, 3)])
    assert (wrong, found.covered.tolist()) == ([], [1, 0.25])
