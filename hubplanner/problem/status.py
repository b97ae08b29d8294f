"""What a site is to a plan."""

from __future__ import annotations

from enum import IntEnum


class SiteStatus(IntEnum):
    """Whether a hub may, must or does stand at a site."""

    CANDIDATE = 0
    EXISTING = 1
    REQUIRED = 2
    EXCLUDED = 3
