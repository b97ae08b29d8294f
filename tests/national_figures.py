"""Measure the tables of docs/pakistan.md anew: `python tests/national_figures.py [PART...]`; minutes each.

Nothing in them is typed: a part solves what it is about and writes its table between its marks in the page.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit, logit

import hubplanner as hp
from hubplanner.analysis.requests import StabilityRequest
from hubplanner.analysis.stability.stability import Stability, _planned_anew
from hubplanner.formatting import per_cent
from hubplanner.inputs import Inputs
from hubplanner.inputs.survey import with_shares
from hubplanner.pipeline.solve import options_of

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/pakistan.md"
NATIONAL, CENTRES = ROOT / "scenarios/pakistan.yaml", ROOT / "scenarios/e_rozgaar.yaml"
UNMAPPED = ("Azad Kashmir", "Gilgit Baltistan")
"""Parts that have sites, but whose people nobody counted by tehsil."""
KNOWN = ROOT / "scenarios/pakistan.stability.json"
"""What surveys drawn again make of the default plan, shown with it."""
SURVEYS, LEVELS = 10, ("hub", "site", "district", "province")
EFFECTS = {"a fair share for every district": (0.3, 0.6, 0.9, 1.2), "as many users as can be": (0.6, 1.1, 1.15)}
"""Regular users of a hub that a phone is taken to count for, by what the plan is after."""
PHONES = (
    "plan|a phone counts for|telecentres + centres|billions for hubs|billions for phones|share of money|phones|"
    "districts with phones / with a new hub too|regular users|districts served|gap"
)
AFTER = {"a fair share for every district": ("phones",), "as many users as can be": ("most_users", "phones")}
PLANS = {
    "announced numbers": ("announced",),
    "least change, one in every district": (),
    "one in every district, the rest fair": ("every_district",),
    "one in every district, the rest where most need is": ("every_district_most_need",),
    "fair, no rule": ("fair",),
    "most need, no rule": ("most_need",),
}


def new_hubs(plan: hp.Plan) -> pd.DataFrame:
    """Return the plan's new hubs, as a plain table."""
    hubs = pd.DataFrame(plan.hubs.drop(columns="geometry"))
    return hubs[hubs["status"] != "existing"]


def plans() -> list[str]:
    """Return the table of the announced centres' six plans."""
    rows = []
    for name, overrides in PLANS.items():
        plan = hp.solve(hp.read_scenario(CENTRES, overrides=overrides), repair=not overrides)
        hubs, summary = new_hubs(plan), plan.summary()
        groups = pd.DataFrame(summary["groups"]["district"]).T
        share = groups["share"].to_numpy(dtype=float) * 100
        beside = int(hubs.loc[hubs["province"].isin(UNMAPPED), "hubs"].sum())
        rows.append(
            [
                name,
                f"{hubs['hubs'].sum() - beside} + {beside}",
                f"{hubs['site_id'].nunique()}",
                f"{hubs['district_pcode'].nunique()}",
                f"{summary['need']['covered'] / 1e6:.3f}",
                f"{(share == 0).sum()}",
                f"{share.min():.2f} / {np.median(share):.2f} / {share.max():.1f}",
                f"{gini(share, groups['need'].to_numpy(dtype=float)):.2f}",
                per_cent(summary["gap"], 2),
            ]
        )
    heads = "plan|centres|sites|districts with one|need covered, million|districts with nothing|share of need, %: "
    return table(heads + "least / median / most|Gini|gap", rows)


def gini(share: np.ndarray, need: np.ndarray) -> float:
    """Return how unequal shares are among people: 0 alike, 1 all to one."""
    order = np.argsort(share)
    people = np.concatenate([[0.0], np.cumsum(need[order]) / need.sum()])
    covered = np.concatenate([[0.0], np.cumsum((need * share)[order]) / (need * share).sum()])
    return float(1 - 2 * np.trapezoid(covered, people))


def assumptions() -> list[str]:
    """Return how the default plan fares under other take-up."""
    cases = {"as assumed: 15 %, a factor e every 5 km": (), "10 % come": ("fewer_come",)}
    cases |= {"a factor e every 8 km": ("come_from_afar",), "as many users as can be": ("most_users",)}
    made = {name: hp.solve(hp.read_scenario(NATIONAL, overrides=asked)) for name, asked in cases.items()}
    base, rows = new_hubs(next(iter(made.values()))), []
    for name, plan in made.items():
        hubs, summary = new_hubs(plan), plan.summary()
        served = sum(row["share"] > 0 for row in summary["groups"]["district"].values())
        users = f"{summary['need']['covered']:,.0f}"
        same = [per_cent(kept(base, hubs, by), 0) for by in (["district"], ["site_id"])]
        rows.append([name, sizes(plan), users, str(served), *same, per_cent(summary["gap"], 2)])
    heads = (
        "assumption|telecentres + centres|regular users|districts served|same hubs by district|same hubs by site|gap"
    )
    return table(heads, rows)


def surveys() -> list[str]:
    """Return how much of a plan stands in surveys drawn again; that of the default plan is kept beside its scenario."""
    rows = []
    for name, overrides in {"a fair share for every district": (), "as many users as can be": ("most_users",)}.items():
        plan = hp.solve(hp.read_scenario(NATIONAL, overrides=overrides))
        found = hp.stability(plan, draws=SURVEYS).summary()
        if not overrides:
            text = json.dumps(found, indent=1, ensure_ascii=False, allow_nan=False)
            KNOWN.write_text(f"{text}\n", encoding="utf-8")
        rows.append([name, *stands(found)])
    heads = "plan|hubs|same place and size|same place|same district|same province"
    return table(f"{heads}|in nine of ten, by place / by district|as good as each survey's own plan", rows)


def phones() -> list[str]:
    """Return how much money goes to phones beside hubs, by what a phone is taken to count for."""
    rows = [with_phones(name, effect) for name, effects in EFFECTS.items() for effect in effects]
    return table(PHONES, rows)


def with_phones(name: str, effect: float) -> list[str]:
    """Return the row of one plan with phones beside hubs."""
    settings = {"measures.devices.benefit": effect}
    plan = hp.solve(hp.read_scenario(NATIONAL, overrides=AFTER[name], settings=settings))
    summary, demand = plan.summary(), plan.demand
    beside = summary["measures"]["devices"]
    phoned = set(pcodes(demand.loc[demand["devices"] > 0, "demand_id"]))
    hubbed = set(new_hubs(plan)["district_pcode"])  # by code: sites and people spell some districts otherwise
    money = (summary["cost"]["total"] - beside["cost"], beside["cost"])
    return [
        name,
        f"{effect:g}",
        sizes(plan),
        *(f"{part / 1e9:.2f}" for part in money),
        per_cent(money[1] / sum(money)),
        f"{beside['people']:,.0f}",
        f"{len(phoned)} / {len(phoned & hubbed)}",
        f"{summary['need']['covered']:,.0f}",
        str(sum(row["share"] > 0 for row in summary["groups"]["district"].values())),
        per_cent(summary["gap"], 2),
    ]


def pcodes(demand_id: pd.Series) -> pd.Series:
    """Return the code of the district of some demand rows."""
    rows = pd.read_csv(ROOT / "data/pakistan/demand.csv", dtype={"demand_id": str}).set_index("demand_id")
    return rows.loc[demand_id.astype(str), "district_pcode"]


def even() -> list[str]:
    """Return what a phone would have to count for to be worth its money as much as a full hub of each size."""
    inputs = hp.read_inputs(hp.read_scenario(NATIONAL, overrides=["phones"]))
    [phone] = hp.build_problem(inputs).measures
    costs = (inputs.sites.capex + inputs.sites.opex_present_value).min(axis=0)
    rows = [
        [tier.name, f"{cost / tier.capacity:,.0f}", f"{phone.cost * tier.capacity / cost:.3f}"]
        for tier, cost in zip(inputs.scenario.hubs, costs.tolist(), strict=True)
        if tier.capacity is not None
    ]
    return table("hub|money for a regular user, if it is full|a phone is worth as much if it counts for", rows)


def sizes(plan: hp.Plan) -> str:
    """Return how many new hubs of each tier there are, such as ``48 + 142``."""
    tiers = new_hubs(plan).groupby("tier")["hubs"].sum()
    return " + ".join(str(tiers.get(tier.name, 0)) for tier in plan.inputs.scenario.hubs)


def newer() -> list[str]:
    """Return how much of a plan stands by the newer rural survey, and by its fit where that has no figure."""
    rows = []
    for name, overrides in {"a fair share for every district": (), "as many users as can be": ("most_users",)}.items():
        plan = hp.solve(hp.read_scenario(NATIONAL, overrides=overrides))
        own, options = plan.inputs, options_of(plan.inputs.scenario)
        draw = _planned_anew(with_shares(own, newer_shares(own)), plan.solution, options, 1)
        found = Stability(
            inputs=own,
            problem=hp.build_problem(own),
            plan=plan.solution,
            draws=(draw,),
            request=StabilityRequest(),
            gap=options.gap,
        ).summary()
        levels = found["levels"]
        kept_of = [per_cent(levels[by]["kept"], 0) for by in LEVELS]
        rows.append([name, str(levels["hub"]["hubs"]), *kept_of, per_cent(found["reached"]["mean"])])
    heads = "plan|hubs|same place and size|same place|same district|same province|as good as that survey's own plan"
    return table(heads, rows)


def newer_shares(inputs: Inputs) -> np.ndarray:
    """Return the connected share of each row by the newer survey: its district's, else what its fit makes of the old.

    The survey's figures are of others and not in this repository: HUBPLANNER_SHARED names their folder.
    """
    folder = Path(os.environ.get("HUBPLANNER_SHARED", ROOT.parent / "shared" / "data"))
    figures = pd.read_csv(folder / "pakistan/districts_connectivity.csv").set_index("district_pcode")
    frame, changed, error = inputs.demand.frame, inputs.scenario.demand.since_survey, inputs.demand.share_error
    if changed is None or error is None:
        sys.exit(f"{NATIONAL}: no since_survey, or no errors of shares")
    old = np.clip(frame["connected_share"].to_numpy(dtype=float), error, 1 - error)
    fit = expit(changed.shift + changed.slope * logit(old))
    newest = pcodes(frame["demand_id"]).map(figures["hies2425_rural_internet_user_10plus_pct"])
    known = newest.to_numpy(dtype=float) / 100
    return np.where(np.isnan(known), fit, known)


def stands(found: dict[str, Any]) -> list[str]:
    """Return a plan's hubs, how many of them stand by several ways of counting, and how good the plan stays."""
    levels = found["levels"]
    kept_of = [f"{per_cent(levels[by]['kept'], 0)} ({per_cent(levels[by]['kept_least'], 0)})" for by in LEVELS]
    sure = " / ".join(str(levels[by]["in_nine_of_ten"]) for by in ("hub", "district"))
    return [str(levels["hub"]["hubs"]), *kept_of, sure, per_cent(found["reached"]["mean"])]


def kept(one: pd.DataFrame, other: pd.DataFrame, by: list[str]) -> float:
    """Return the share of the first plan's hubs that stand in the other too, counted by some columns."""
    counts = [hubs.groupby(by)["hubs"].sum() for hubs in (one, other)]
    both = pd.concat(counts, axis=1).fillna(0)
    return float(both.min(axis=1).sum() / counts[0].sum())


def table(heads: str, rows: list[list[Any]]) -> list[str]:
    """Return a table of the page; the first column is words, the others figures."""
    columns = heads.split("|")
    rule = ["---", *["---:"] * (len(columns) - 1)]
    return [f"| {' | '.join(map(str, row))} |" for row in (columns, rule, *rows)]


PARTS: dict[str, Callable[[], list[str]]] = {
    "plans": plans,
    "assumptions": assumptions,
    "surveys": surveys,
    "newer": newer,
    "phones": phones,
    "even": even,
}


def main(names: list[str]) -> None:
    """Measure some parts, or all, and write each into the page as soon as it is known."""
    for name in names or PARTS:
        found = "\n".join(PARTS[name]())
        text = PAGE.read_text(encoding="utf-8")
        begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
        before, _, rest = text.partition(begin)
        _, mark, after = rest.partition(end)
        if not mark:
            sys.exit(f"{PAGE}: no place for {name}")
        PAGE.write_text(f"{before}{begin}{found}\n{end}{after}", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
