"""What a shared tier is to the cache: the interface ``kv-backend`` in Python's types."""

from __future__ import annotations

import enum
from typing import List, NamedTuple, Optional, Protocol, Sequence, Tuple, Union


class Entry(NamedTuple):
    """What a key holds."""

    value: bytes
    #: What is left of its life in milliseconds, at least 1; ``None``: it does not expire.
    ttl_ms: Optional[int] = None


class Nothing(enum.Enum):
    """What a key holds that is no entry."""

    ABSENT = "absent"
    #: Something that is not a plain string of bytes.
    WRONG_TYPE = "wrong-type"


Slot = Union[Entry, Nothing]

ABSENT = Nothing.ABSENT
WRONG_TYPE = Nothing.WRONG_TYPE


class Page(NamedTuple):
    """Some of a bucket's keys, and where the next page begins; ``None`` after the last."""

    keys: List[str]
    cursor: Optional[str]


class Changes(NamedTuple):
    """What others have changed, and up to which moment."""

    #: ``None``: anything may have changed.
    keys: Optional[List[str]]
    cursor: int


class Bucket(Protocol):
    """The keys of one name, which stand in the store at ``name:key``.

    TTLs are in milliseconds, ``None`` is without end. Calls fail with a
    :class:`~flipcache_wasm.errors.BackendError`; another exception is taken for
    :class:`~flipcache_wasm.errors.Other`. None of them may call the cache. The full contract is
    ``wit/kv-backend.wit``.
    """

    def get(self, keys: Sequence[str], new_ttl_ms: Optional[int]) -> Sequence[Slot]:
        """One slot a key, in the order asked for; each that is there gets the new TTL, if there is one."""

    def set(self, entries: Sequence[Tuple[str, bytes]], ttl_ms: Optional[int]) -> None:
        """Writes; of a key given twice, the last value."""

    def set_if_absent(self, entries: Sequence[Tuple[str, bytes]], ttl_ms: Optional[int]) -> Sequence[Optional[Slot]]:
        """Writes what is absent: ``None`` where it wrote, else what the key held."""

    def increment(self, key: str, delta: int, ttl_ms: Optional[int]) -> int:
        """Adds to a decimal integer of 64 bits; only a key that was absent gets the TTL."""

    def delete(self, keys: Sequence[str]) -> int:
        """Deletes; answers how many existed."""

    def exists(self, keys: Sequence[str]) -> int:
        """How many of the keys exist, each counted once."""

    def expire(self, keys: Sequence[str], ttl_ms: Optional[int]) -> Sequence[bool]:
        """Sets the TTL or removes it: per key, whether it existed."""

    def scan(self, cursor: Optional[str], limit: int) -> Page:
        """A page of about so many keys; possibly empty before the last, possibly with repetitions."""

    def count(self) -> int:
        """How many keys there are, each counted once."""

    def clear(self) -> int:
        """Deletes all keys; answers how many."""

    def changes(self, since: Optional[int]) -> Changes:
        """What others have changed since a cursor; ``None`` asks for a first one."""


class KvBackend(Protocol):
    """A store of buckets. Caches over the same backend object share one local tier."""

    def open(self, name: str) -> Bucket:
        """Opens a bucket; asks the store nothing."""
