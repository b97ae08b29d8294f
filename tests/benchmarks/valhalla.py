"""Ways of Valhalla on the roads of an extract, frozen for a test: ``python tests/benchmarks/valhalla.py EXTRACT``.

It needs Valhalla's programs, which the wheel of pyvalhalla brings (unpack it anywhere): ``--programs`` names the folder
that holds ``valhalla`` and ``pyvalhalla.libs``. Tiles are built from the extract, and ways asked for between junctions
of roads that cars may use: kilometres of the shortest way, and minutes of the way that it would take.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import hubplanner as hp

FROM, TO = 10, 150
PLACE = Path(__file__).parents[1] / "published"
"""Where the tables are kept."""
CREDIT = "ways by Valhalla {version} (valhalla.github.io, MIT) over data (c) OpenStreetMap contributors, ODbL 1.0"


def junctions(extract: Path, count: int, seed: int = 0) -> list[list[float]]:
    """Return places where roads for cars meet, drawn from the largest part of the network."""
    graph = hp.read_roads(extract).graph
    ends = np.concatenate([graph.start, graph.end])[np.concatenate([graph.part, graph.part]) == 0]
    node, times = np.unique(ends, return_counts=True)
    drawn = np.random.default_rng(seed).choice(node[times > 2], count, replace=False)
    return [[round(float(x), 7), round(float(y), 7)] for x, y in graph.vertices[drawn]]


def main() -> None:
    """Build tiles, ask for ways and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("extract", type=Path)
    parser.add_argument("--programs", type=Path, required=True)
    asked = parser.parse_args()
    places = junctions(asked.extract, FROM + TO)
    home = asked.programs.resolve()
    own = os.environ | {"LD_LIBRARY_PATH": str(home / "pyvalhalla.libs")}

    def run(*words: str) -> str:
        return subprocess.run(words, env=own, check=True, capture_output=True, text=True).stdout

    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "valhalla.json")
        said = run(
            sys.executable,
            str(home / "valhalla" / "valhalla_build_config.py"),
            *(
                "--mjolnir-tile-dir",
                str(Path(folder, "tiles")),
                "--mjolnir-tile-extract",
                "",
                "--mjolnir-concurrency",
                "1",
            ),
        )
        config.write_text(said, encoding="utf-8")
        run(str(home / "valhalla" / "bin" / "valhalla_build_tiles"), "-c", str(config), str(asked.extract))
        service = str(home / "valhalla" / "bin" / "valhalla_service")
        found: dict[str, Any] = {}
        for name, options in (("km", {"shortest": True}), ("minutes", {})):
            question = {
                "sources": [{"lon": x, "lat": y} for x, y in places[:FROM]],
                "targets": [{"lon": x, "lat": y} for x, y in places[FROM:]],
                "costing": "auto",
                "costing_options": {"auto": options},
                "units": "kilometers",
            }
            answer = json.loads(run(service, str(config), "sources_to_targets", json.dumps(question)).splitlines()[-1])
            rows = answer["sources_to_targets"]
            found[name] = [
                [cell["distance"] if name == "km" else round((cell["time"] or 0) / 60, 3) for cell in row]
                for row in rows
            ]
        version = run(service, "--version").split()[-1]
    table = {"credit": CREDIT.format(version=version), "from": places[:FROM], "to": places[FROM:], **found}
    target = PLACE / f"valhalla_{asked.extract.name.partition('.')[0]}.json"
    target.write_text(json.dumps(table, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{target}: {FROM} x {TO} ways by Valhalla {version}")


if __name__ == "__main__":
    main()
