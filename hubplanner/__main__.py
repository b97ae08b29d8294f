"""The program's first lines: told to end while everything else is being loaded, it just ends."""

from __future__ import annotations

import os
import signal
from typing import Any


def main() -> None:
    """Run the command line."""
    for number in (signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])):
        if signal.getsignal(number) != signal.SIG_IGN:  # as under nohup
            signal.signal(number, _end)
    from hubplanner.cli.main import main as run  # noqa: PLC0415 - takes a moment

    run()


def _end(number: int, frame: Any) -> None:
    """End with the exit code that shells expect; nothing is at work yet, or any more."""
    del frame
    os._exit(128 + number)


if __name__ == "__main__":
    main()
