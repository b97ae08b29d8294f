"""Draw roads that do not exist between the tehsils of Balochistan, for an example that anyone can run.

Places are joined by the shortest tree over them and to their two nearest neighbours, in straight lines that count 1.25
times as long. Use a real extract for a real plan.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from scipy.sparse.csgraph import minimum_spanning_tree
from scipy.spatial import KDTree

HERE = Path(__file__).resolve().parent
WINDING = 1.25
EARTH_RADIUS_KM = 6371.0088
CLASSES = ((25.0, "tertiary"), (60.0, "secondary"), (np.inf, "primary"))


def main() -> None:
    """Write the table of edges."""
    demand = pd.read_csv(HERE.parent / "pakistan" / "demand.csv")
    demand = demand[demand["province"] == "Balochistan"].drop_duplicates(["lon", "lat"])
    lon, lat = demand["lon"].to_numpy(), demand["lat"].to_numpy()
    half = np.radians(lat[:, None] - lat) / 2, np.radians(lon[:, None] - lon) / 2
    cosines = np.cos(np.radians(lat))
    chord = np.sin(half[0]) ** 2 + cosines[:, None] * cosines * np.sin(half[1]) ** 2
    km = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(chord))
    tree = minimum_spanning_tree(km).tocoo()
    flat = np.column_stack([lon * np.cos(np.radians(29)), lat])
    near = KDTree(flat).query(flat, k=3)[1]
    pairs = {tuple(sorted(pair)) for pair in zip(tree.row.tolist(), tree.col.tolist(), strict=True)}
    pairs |= {tuple(sorted((one, other))) for one, row in enumerate(near.tolist()) for other in row if other != one}
    ids = demand["demand_id"].to_numpy()
    rows = [
        {
            "from": ids[one],
            "to": ids[other],
            "from_x": lon[one],
            "from_y": lat[one],
            "to_x": lon[other],
            "to_y": lat[other],
            "km": round(km[one, other] * WINDING, 3),
            "class": next(name for most, name in CLASSES if km[one, other] <= most),
        }
        for one, other in sorted(pairs)
    ]
    pd.DataFrame(rows).to_csv(HERE / "invented.csv", index=False)


if __name__ == "__main__":
    main()
