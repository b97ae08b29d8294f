"""Write squares.csv: the people of Balochistan by squares of two degrees, as areas that nobody drew.

Each square holds the people of the rows of data/pakistan/demand.csv whose points lie in it, and the mean share online.
Run it from the repository's root: python data/areas/build.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

SIDE = 2.0
HERE = Path(__file__).resolve().parent


def main() -> None:
    """Write the file."""
    rows = pd.read_csv(HERE.parent / "pakistan" / "demand.csv")
    rows = rows[rows["province"] == "Balochistan"]
    west, south = (np.floor(rows[axis] / SIDE) * SIDE for axis in ("lon", "lat"))
    online = rows["people"] * rows["internet_user_share"]
    groups = rows.assign(west=west, south=south, online=online).groupby(["west", "south"], as_index=False)
    squares = groups[["people", "online"]].sum()
    corners = [(0, 0), (SIDE, 0), (SIDE, SIDE), (0, SIDE), (0, 0)]
    squares["square"] = [
        f"POLYGON (({', '.join(f'{x + right:g} {y + up:g}' for right, up in corners)}))"
        for x, y in zip(squares["west"], squares["south"], strict=True)
    ]
    squares["id"] = [f"{x:g}E {y:g}N" for x, y in zip(squares["west"], squares["south"], strict=True)]
    squares["share_online"] = (squares["online"] / squares["people"]).round(4)
    squares[["id", "people", "share_online", "square"]].to_csv(HERE / "squares.csv", index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
