"""What a cache has done in this process."""

from __future__ import annotations

from typing import NamedTuple


class Removals(NamedTuple):
    """Entries that the local tier held and holds no more, each under the cause of its end."""

    #: They made room, or were to hold a value that is too large.
    size: int
    #: Their life was over.
    expired: int
    #: This cache deleted or cleared them, dropped its local tier, or could not write them.
    explicit: int
    #: This cache put another value in their place, or the same one again.
    replaced: int
    #: Others changed them, or may have.
    invalidated: int
    #: Everything was void: the backend was emptied, or changes had gone untold.
    flushed: int


class Stats(NamedTuple):
    """Counts since the instance began, and what the local tier holds."""

    local_hits: int
    backend_hits: int
    misses: int
    stale_hits: int
    #: Of the misses, those that a remembered absence answered.
    absent_hits: int
    removals: Removals
    #: Answers of the backend that were not kept because they may have been old.
    refused_fills: int
    #: Values that were not kept because they are larger than the local tier may hold of one value.
    too_large: int
    backend_errors: int
    local_len: int
    local_bytes: int
