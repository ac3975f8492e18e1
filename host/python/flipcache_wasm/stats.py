"""The counters of a cache in this process."""

from __future__ import annotations

from typing import NamedTuple


class Removals(NamedTuple):
    """Entries removed from the local tier, counted by cause."""

    #: Evicted to make room, or replaced by a value that is too large to keep.
    size: int
    #: Removed on access after the TTL had passed.
    expired: int
    #: Deleted or cleared by this cache, or removed with its local tier or after a failed write.
    explicit: int
    #: Overwritten by this cache, also with the same value.
    replaced: int
    #: Changed, or possibly changed, by other clients.
    invalidated: int
    #: Flushed with the whole tier: the backend was emptied, or changes may have been missed.
    flushed: int


class Stats(NamedTuple):
    """Counts since the instance was created, and the size of the local tier."""

    local_hits: int
    backend_hits: int
    misses: int
    stale_hits: int
    #: The misses that were served by a cached absence.
    absent_hits: int
    removals: Removals
    #: Values from the backend that were not cached because they may have been outdated.
    refused_fills: int
    #: Values that were not cached because they exceed the limit for one value.
    too_large: int
    backend_errors: int
    local_len: int
    local_bytes: int
