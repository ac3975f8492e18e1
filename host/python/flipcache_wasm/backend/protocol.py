"""The interface ``kv-backend`` in Python's types."""

from __future__ import annotations

import enum
from typing import List, NamedTuple, Optional, Protocol, Sequence, Tuple, Union


class Entry(NamedTuple):
    """The entry of a key."""

    value: bytes
    #: The remaining TTL in milliseconds, at least 1; ``None``: the entry does not expire.
    ttl_ms: Optional[int] = None


class Nothing(enum.Enum):
    """The state of a key without an entry."""

    ABSENT = "absent"
    #: Something that is not a plain string of bytes.
    WRONG_TYPE = "wrong-type"


Slot = Union[Entry, Nothing]

ABSENT = Nothing.ABSENT
WRONG_TYPE = Nothing.WRONG_TYPE


class Page(NamedTuple):
    """A page of keys, and the cursor of the next page; ``None`` after the last."""

    keys: List[str]
    cursor: Optional[str]


class Changes(NamedTuple):
    """The changes of other clients, and the cursor after them."""

    #: ``None``: any key may have changed.
    keys: Optional[List[str]]
    cursor: int


class Bucket(Protocol):
    """The keys of one name, which are stored at ``name:key``.

    TTLs are in milliseconds, ``None`` means no expiry. Calls raise a
    :class:`~flipcache_wasm.errors.BackendError`; another exception is treated as
    :class:`~flipcache_wasm.errors.Other`. No method may call the cache. The full contract is
    ``wit/kv-backend.wit``.
    """

    def get(self, keys: Sequence[str], new_ttl_ms: Optional[int]) -> Sequence[Slot]:
        """Returns one slot per key, in request order. Existing keys get the new TTL, if it is given."""

    def set(self, entries: Sequence[Tuple[str, bytes]], ttl_ms: Optional[int]) -> None:
        """Writes entries. If a key is given twice, the last value wins."""

    def set_if_absent(self, entries: Sequence[Tuple[str, bytes]], ttl_ms: Optional[int]) -> Sequence[Optional[Slot]]:
        """Writes absent keys. Returns ``None`` for each written key, else the present slot."""

    def increment(self, key: str, delta: int, ttl_ms: Optional[int]) -> int:
        """Adds to a decimal 64-bit integer and returns the sum. Only an absent key gets the TTL."""

    def delete(self, keys: Sequence[str]) -> int:
        """Deletes keys. Returns how many existed."""

    def exists(self, keys: Sequence[str]) -> int:
        """Returns how many of the keys exist, each counted once."""

    def expire(self, keys: Sequence[str], ttl_ms: Optional[int]) -> Sequence[bool]:
        """Sets or removes the TTL. Returns for each key whether it existed."""

    def scan(self, cursor: Optional[str], limit: int) -> Page:
        """Returns a page of about ``limit`` keys. Pages may be empty before the last, and may repeat keys."""

    def count(self) -> int:
        """Returns the number of keys, each counted once."""

    def clear(self) -> int:
        """Deletes all keys. Returns how many."""

    def changes(self, since: Optional[int]) -> Changes:
        """Returns the changes of others since a cursor; ``None`` requests a first cursor."""


class KvBackend(Protocol):
    """A backend: named buckets. Caches over the same backend object share one local tier."""

    def open(self, name: str) -> Bucket:
        """Opens a bucket. No round trip."""
