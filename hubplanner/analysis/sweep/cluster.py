"""Cases on a cluster of trusted machines, by Dask."""

from __future__ import annotations

import importlib.metadata
import logging
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hubplanner.analysis.sweep.cases import FAILED, Record, SweepTask, record, solve_case
from hubplanner.errors import Fault, ScenarioError, SolverError
from hubplanner.extras import absent

log = logging.getLogger(__name__)

PATIENCE_S = 20.0
"""Seconds to wait for a scheduler, and for its first worker."""


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """A Dask scheduler whose workers run what they are sent: trusted machines only.

    Parameters
    ----------
    address
        Such as ``tcp://10.0.0.5:8786`` or ``tls://10.0.0.5:8786``.
    tls_ca, tls_cert, tls_key
        PEM files of the authority, this client's certificate and its key: all or none.
    """

    address: str
    tls_ca: Path | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None

    def __post_init__(self) -> None:
        """Refuse half a set of TLS files, and files that are not there."""
        files = {"--tls-ca": self.tls_ca, "--tls-cert": self.tls_cert, "--tls-key": self.tls_key}
        given = {name: path for name, path in files.items() if path is not None}
        if given and len(given) < len(files):
            raise ScenarioError(_fault(", ".join(given), None, "--tls-ca, --tls-cert and --tls-key go together"))
        for name, path in given.items():
            if not path.is_file():
                raise ScenarioError(_fault(name, str(path), "a PEM file"))
        if self.address.startswith("tls://") and not given:
            raise ScenarioError(_fault("--cluster", self.address, "with --tls-ca, --tls-cert and --tls-key"))


def _fault(option: str, value: object, allowed: str) -> Fault:
    return Fault(file=option, value=value, allowed=allowed, kind="scenario")


def solve_on_cluster(tasks: Sequence[SweepTask], cluster: Cluster) -> Generator[Record, None, None]:
    """Yield the record of each task as it is done, by the workers of a Dask scheduler.

    The scheduler runs a case again whose worker died, on another worker, until it gives the case up.

    Raises
    ------
    MissingExtraError
        When Dask is not installed.
    ScenarioError
        When no scheduler or no worker answers.
    SolverError
        When workers have another version, or the scheduler is lost on the way.
    """
    with _client(cluster) as client:
        _check_workers(client)
        from distributed import as_completed  # noqa: PLC0415 - optional

        futures = {client.submit(solve_case, task, key=f"hubplanner-{task.key}", pure=False): task for task in tasks}
        try:
            for future in as_completed(futures):
                yield _outcome(future, futures[future])
                future.release()
        finally:
            client.cancel(list(futures))


@contextmanager
def _client(cluster: Cluster) -> Iterator[Any]:
    try:
        from distributed import Client  # noqa: PLC0415 - optional
        from distributed.security import Security  # noqa: PLC0415
    except ImportError as error:
        raise absent(extra="cluster", needs="a cluster needs") from error
    files = {"tls_ca_file": cluster.tls_ca, "tls_client_cert": cluster.tls_cert, "tls_client_key": cluster.tls_key}
    security = Security(require_encryption=True, **{name: str(path) for name, path in files.items()})
    try:
        client = Client(cluster.address, timeout=PATIENCE_S, security=security if cluster.tls_ca else None)
    except (OSError, TimeoutError, ValueError, TypeError) as error:
        raise ScenarioError(
            _fault("--cluster", cluster.address, f"the address of a running Dask scheduler ({error})")
        ) from error
    with client:
        yield client


def _check_workers(client: Any) -> None:
    """Raise without workers, or where one has no hubplanner or another version: results must not mix."""
    try:
        client.wait_for_workers(1, timeout=PATIENCE_S)
    except TimeoutError as error:
        raise ScenarioError(
            _fault("--cluster", client.scheduler.address, "a scheduler with at least one worker")
        ) from error
    own = importlib.metadata.version("hubplanner")
    found: dict[str, Any] = client.run(importlib.metadata.version, "hubplanner", on_error="return")
    others = {worker: version for worker, version in found.items() if version != own}
    if others:
        told = "; ".join(f"{worker}: {version}" for worker, version in others.items())
        message = f"every worker needs hubplanner {own}; found {told}"
        raise SolverError(message)
    log.info("%d worker%s", len(found), " answers" if len(found) == 1 else "s answer")


def _outcome(future: Any, task: SweepTask) -> Record:
    """Return a finished future's record."""
    from distributed.client import FutureCancelledError  # noqa: PLC0415 - optional
    from distributed.scheduler import KilledWorker  # noqa: PLC0415

    if future.status in {"cancelled", "lost"}:
        message = "the scheduler was lost; the same command continues where it stopped"
        raise SolverError(message)
    try:
        result: Record = future.result()
    except FutureCancelledError as error:
        message = "the scheduler was lost; the same command continues where it stopped"
        raise SolverError(message) from error
    except KilledWorker as error:
        told = f"its workers died until the scheduler gave up: {str(error).partition('.')[0]}"
        return record(task.key, {"status": FAILED, "error": told})
    except Exception as error:  # noqa: BLE001 - such as a task no worker could unpack: told with its case
        return record(task.key, {"status": FAILED, "error": f"{type(error).__name__}: {error}"})
    return result
