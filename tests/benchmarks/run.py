"""Measure everything side by side: ``python tests/benchmarks/run.py [--full] [--only WORDS] [--list]``."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.append(str(Path(__file__).resolve().parents[1]))
    from benchmarks.suite import main

    # Ended from outside, it ends the case that runs as well.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    sys.exit(main(sys.argv[1:]))
