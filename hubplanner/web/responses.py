"""Answers and refusals: JSON that a browser can read, never a traceback."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from fastapi import Request, Response

from hubplanner.errors import DataWarning, Fault, FaultyError, HubplannerError
from hubplanner.translation import gettext as _, joined, said_of

JSON = "application/json"
GEOJSON = "application/geo+json"
SMALLEST_PACKED = 1000
"""Bytes below which packing an answer is not worth it."""
SHOWN_FAULTS = 200
"""Faults sent to the page; there may be one in each of many rows."""
DEEPEST = 24
"""Levels of lists and mappings that a request may nest."""


class Refused(Exception):  # noqa: N818 - an answer rather than an error
    """A request that is not served, with the status and the sentence it gets."""

    def __init__(self, status: int, sentence: str, faults: Sequence[Mapping[str, Any]] = (), **more: Any) -> None:
        """Take the HTTP status, one sentence, and what is wrong in detail."""
        super().__init__(sentence)
        self.status, self.sentence, self.faults, self.more = status, sentence, faults, more


def answer(tree: Any, status: int = 200) -> Response:
    """Return a tree as JSON."""
    return Response(encode(tree), status, media_type=JSON)


def encode(tree: Any) -> bytes:
    """Return a tree as JSON text; numbers that JSON does not know are an error."""
    return json.dumps(tree, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def packed(text: bytes) -> bytes:
    """Return a text packed for the way, fast rather than small."""
    return gzip.compress(text, compresslevel=4, mtime=0)


def packed_answer(request: Request, parts: tuple[bytes, bytes], media_type: str = GEOJSON) -> Response:
    """Return a text that is kept plain and packed, as the browser takes it."""
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
        return Response(parts[1], media_type=media_type, headers=headers)
    return Response(parts[0], media_type=media_type)


def refusal(error: Refused) -> Response:
    """Return a refusal as the page expects it."""
    return answer({"error": error.sentence, "faults": list(error.faults), **error.more}, error.status)


def as_refused(error: HubplannerError, names: Mapping[str, str] | None = None) -> Refused:
    """Return what a planner can put right as a refusal."""
    if not isinstance(error, FaultyError):
        return Refused(422, nameless(str(error), names))
    faults = faults_of(error, names)
    count = len(error.faults)
    first = faults[0]["text"]
    if count == 1:
        return Refused(422, first, faults)
    return Refused(422, _("{count:,} faults were found; the first: {first}", count=count, first=first), faults)


def faults_of(error: FaultyError, names: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
    """Return an error's faults, each with its text and without folders of this machine."""
    return [_fault(fault, names or {}) for fault in error.faults[:SHOWN_FAULTS]]


def _fault(fault: Fault, names: Mapping[str, str]) -> dict[str, Any]:
    name = Path(fault.file).name
    short = replace(fault, file=names.get(name, name), allowed=nameless(fault.allowed, names))
    found: dict[str, Any] = short.as_dict()
    place = _("row {row}", row=short.row) if short.row is not None else short.column
    return found | {"where": place, "text": str(short)}


def warnings_of(warnings: Iterable[DataWarning], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return warnings, each with its text, by the names that files have for their owner."""
    own = [replace(warning, file=names.get(warning.file, warning.file)) for warning in warnings]
    return [warning.as_dict() | {"text": str(warning)} for warning in own]


def nameless(text: str, names: Mapping[str, str] | None = None) -> str:
    """Return a text with the names that files have here replaced by those their owner knows."""
    if not names:
        return text

    def renamed(part: str) -> str:
        for own, known in names.items():
            part = part.replace(own, known)
        return part

    return said_of(text, renamed)


async def json_of(request: Request, known: frozenset[str]) -> dict[str, Any]:
    """Return a request's JSON object; refuse other types, unknown keys, odd numbers and deep nests."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != JSON:
        raise Refused(415, _("The request's Content-Type must be {kind}.", kind=JSON))
    text = await request.body()
    if _depth(text) > DEEPEST:
        raise Refused(400, _("The request nests more than {deepest} levels.", deepest=DEEPEST))
    try:
        tree = json.loads(text.decode(), parse_constant=_no_number, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise Refused(400, _("The request is not valid JSON.")) from error
    if not isinstance(tree, dict):
        raise Refused(400, _("The request must be one JSON object."))
    unknown = sorted(set(tree) - known)
    if unknown:
        allowed = _(
            "The request has the unknown key {unknown!r}; known are {known}.",
            unknown=unknown[0][:40],
            known=joined(sorted(known), ", "),
        )
        raise Refused(400, allowed)
    return tree


def _depth(text: bytes) -> int:
    """Return how deep brackets nest, those in strings included, which do no harm."""
    depth = deepest = 0
    for mark in text:
        if mark in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif mark in b"]}":
            depth -= 1
    return deepest


def _no_number(word: str) -> float:
    message = _("{word} is no number", word=word)
    raise ValueError(message)


def _finite(text: str) -> float:
    number = float(text)
    if number in {float("inf"), float("-inf")}:
        raise ValueError(text)
    return number
