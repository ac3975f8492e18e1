"""A backend in this process's memory."""

from __future__ import annotations

import threading
from typing import Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple, Union

from ..clock import now_ns
from ..errors import Other
from . import batch
from .log import Log
from .protocol import ABSENT, WRONG_TYPE, Changes, Entry, Page, Slot

#: The longest TTL: the sum of the time and a TTL must fit 64 bits.
_LONGEST = (2**63 - 1) // 2


class _Row(NamedTuple):
    #: ``None``: a value that is not a plain string.
    value: Optional[bytes]
    #: By the backend's clock; ``None``: never.
    deadline: Optional[int]


class MemoryBackend:
    """Buckets in memory, for tests and for caches of one process. Entries expire at their deadline.

    ``clock`` returns monotonic milliseconds; the default includes the time asleep. Keys and values are limited
    to ``max_bytes`` each. :meth:`put` and :meth:`remove` write beside the caches.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], int] = lambda: now_ns() // 1_000_000,
        max_bytes: int = 512 << 20,
    ) -> None:
        self._clock = clock
        self.max_bytes = max_bytes
        self._rows: Dict[str, _Row] = {}
        self._lock = threading.RLock()
        self._log = Log()
        self._last_id = 0

    def open(self, name: str) -> MemoryBucket:
        """Opens a bucket."""
        with self._lock:
            self._last_id += 1
            return MemoryBucket(self, batch.prefix(name), self._last_id)

    def put(self, full_key: str, value: Optional[bytes], ttl_ms: Optional[int] = None) -> None:
        """Writes a complete key; ``None`` stands for a value that is not a plain string."""
        with self._lock:
            self.write(full_key, value, ttl_ms, None)

    def peek(self, full_key: str) -> Union[Entry, None]:
        """Returns the entry of a complete key, if it exists."""
        with self._lock:
            slot = self.slot(full_key)
            return slot if isinstance(slot, Entry) else None

    def remove(self, full_key: str) -> bool:
        """Deletes a complete key. Returns whether it existed."""
        with self._lock:
            return self.erase(full_key, None)

    def slot(self, full_key: str) -> Slot:
        """Returns the slot of a complete key."""
        row = self._rows.get(full_key)
        if row is None:
            return ABSENT
        left = None if row.deadline is None else row.deadline - self._clock()
        if left is not None and left <= 0:
            del self._rows[full_key]
            return ABSENT
        return WRONG_TYPE if row.value is None else Entry(row.value, left)

    def write(self, full_key: str, value: Optional[bytes], ttl_ms: Optional[int], by: Optional[int]) -> None:
        """Writes a row and records the writer."""
        ttl = None if ttl_ms is None else min(max(ttl_ms, 1), _LONGEST)
        self._rows[full_key] = _Row(value, None if ttl is None else self._clock() + ttl)
        self._log.note(full_key, by)

    def erase(self, full_key: str, by: Optional[int]) -> bool:
        """Deletes a row and records the writer. Returns whether it existed."""
        existed = self.slot(full_key) is not ABSENT
        if existed:
            del self._rows[full_key]
            self._log.note(full_key, by)
        return existed

    def under(self, prefix: str) -> List[str]:
        """Returns the complete keys with a prefix, in order."""
        found = [key for key in self._rows if key.startswith(prefix)]
        return sorted(key for key in found if self.slot(key) is not ABSENT)


class MemoryBucket:
    """The keys of one name."""

    def __init__(self, backend: MemoryBackend, prefix: str, number: int) -> None:
        self._backend = backend
        self._prefix = prefix
        self._number = number

    def get(self, keys: Sequence[str], new_ttl_ms: Optional[int]) -> List[Slot]:
        with self._backend._lock:
            if new_ttl_ms is not None:
                self.expire(keys, new_ttl_ms)
            return [self._backend.slot(self._prefix + key) for key in keys]

    def set(self, entries: Sequence[Tuple[str, bytes]], ttl_ms: Optional[int]) -> None:
        batch.refuse_larger(self._backend.max_bytes, entries)
        with self._backend._lock:
            for key, value in batch.last_of_each(entries).items():
                self._backend.write(self._prefix + key, value, ttl_ms, self._number)

    def set_if_absent(self, entries: Sequence[Tuple[str, bytes]], ttl_ms: Optional[int]) -> List[Optional[Slot]]:
        batch.refuse_larger(self._backend.max_bytes, entries)
        held: Dict[str, Optional[Slot]] = {}
        with self._backend._lock:
            for key, value in batch.last_of_each(entries).items():
                slot = self._backend.slot(self._prefix + key)
                held[key] = None if slot is ABSENT else slot
                if slot is ABSENT:
                    self._backend.write(self._prefix + key, value, ttl_ms, self._number)
        return [held[key] for key, _ in entries]

    def increment(self, key: str, delta: int, ttl_ms: Optional[int]) -> int:
        full_key = self._prefix + key
        with self._backend._lock:
            slot = self._backend.slot(full_key)
            if slot is WRONG_TYPE:
                raise Other("the value is not a plain string")
            left = slot.ttl_ms if isinstance(slot, Entry) else ttl_ms
            total = batch.added(slot.value if isinstance(slot, Entry) else b"0", delta)
            self._backend.write(full_key, str(total).encode(), left, self._number)
            return total

    def delete(self, keys: Sequence[str]) -> int:
        with self._backend._lock:
            erased = [self._backend.erase(self._prefix + key, self._number) for key in keys]
            return sum(erased)

    def exists(self, keys: Sequence[str]) -> int:
        with self._backend._lock:
            slots = [self._backend.slot(self._prefix + key) for key in batch.distinct(keys)]
            return sum(slot is not ABSENT for slot in slots)

    def expire(self, keys: Sequence[str], ttl_ms: Optional[int]) -> List[bool]:
        with self._backend._lock:
            return [self._expire(self._prefix + key, ttl_ms) for key in keys]

    def _expire(self, full_key: str, ttl_ms: Optional[int]) -> bool:
        slot = self._backend.slot(full_key)
        if slot is not ABSENT:
            value = slot.value if isinstance(slot, Entry) else None
            self._backend.write(full_key, value, ttl_ms, self._number)
        return slot is not ABSENT

    def scan(self, cursor: Optional[str], limit: int) -> Page:
        with self._backend._lock:
            keys = self._backend.under(self._prefix)
        keys = [key for key in keys if cursor is None or key > self._prefix + cursor]
        some = [key[len(self._prefix) :] for key in keys[: max(limit, 1)]]
        return Page(some, some[-1] if len(some) < len(keys) else None)

    def count(self) -> int:
        with self._backend._lock:
            return len(self._backend.under(self._prefix))

    def clear(self) -> int:
        with self._backend._lock:
            keys = self._backend.under(self._prefix)
            return sum([self._backend.erase(key, self._number) for key in keys])

    def changes(self, since: Optional[int]) -> Changes:
        with self._backend._lock:
            return self._backend._log.since(since, self._number, self._prefix)
