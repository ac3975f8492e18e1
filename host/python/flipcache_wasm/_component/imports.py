"""The import ``kv-backend``: passes calls of the component to a backend.

An exception of the backend is returned as a ``backend-error`` and does not trap. Other
``BaseException``s, such as an interrupt, end the call.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, Optional, Tuple

from ..backend.protocol import Bucket, Entry, KvBackend, Nothing, Slot
from ..errors import BackendError

#: The result of an import: whether it succeeded, and its payload.
Result = Tuple[bool, Any]


class Imports:
    """The open buckets of one instance."""

    def __init__(self, backend: KvBackend) -> None:
        self._backend = backend
        self._buckets: Dict[int, Bucket] = {}
        self._last = 0
        #: The cause of the last failure, if it was not a :class:`BackendError`.
        self.cause: Optional[Exception] = None

    def open(self, name: str) -> Result:
        """Opens a bucket. Returns its number in the component."""
        result = self._guarded(lambda: self._backend.open(name))
        if not result[0]:
            return result
        self._last += 1
        self._buckets[self._last] = result[1]
        return True, self._last

    def close(self, number: int) -> None:
        """Closes a bucket that the component has dropped."""
        self._buckets.pop(number, None)

    def call(self, method: str, number: int, arguments: Tuple[Any, ...]) -> Result:
        """Calls a method of a bucket."""
        bucket = self._buckets[number]
        return self._guarded(lambda: METHODS[method](bucket, *arguments))

    def _guarded(self, call: Callable[[], Any]) -> Result:
        self.cause = None
        try:
            return True, call()
        except BackendError as error:
            return False, (error.case, error.payload())
        except Exception as error:
            self.cause = error
            return False, ("other", f"the backend raised {type(error).__name__}")


def _slot(slot: Slot) -> Tuple[str, Any]:
    if isinstance(slot, Entry):
        return "entry", {"value": slot.value, "ttl-ms": slot.ttl_ms}
    return Nothing(slot).value, None


def _get(bucket: Bucket, keys: Any, new_ttl_ms: Any) -> Any:
    return [_slot(slot) for slot in bucket.get(keys, new_ttl_ms)]


def _set_if_absent(bucket: Bucket, entries: Any, ttl_ms: Any) -> Any:
    held = bucket.set_if_absent(entries, ttl_ms)
    return [None if slot is None else _slot(slot) for slot in held]


def _scan(bucket: Bucket, cursor: Any, limit: Any) -> Any:
    page = bucket.scan(cursor, limit)
    return {"keys": list(page.keys), "cursor": page.cursor}


def _changes(bucket: Bucket, since: Any) -> Any:
    changes = bucket.changes(since)
    changed = ("unknown", None) if changes.keys is None else ("keys", list(changes.keys))
    return {"changed": changed, "cursor": changes.cursor}


#: The methods by their names in WIT.
METHODS: Dict[str, Callable[..., Any]] = {
    "get": _get,
    "set": lambda bucket, entries, ttl_ms: bucket.set(entries, ttl_ms),
    "set-if-absent": _set_if_absent,
    "increment": lambda bucket, key, delta, ttl_ms: bucket.increment(key, delta, ttl_ms),
    "delete": lambda bucket, keys: bucket.delete(keys),
    "exists": lambda bucket, keys: bucket.exists(keys),
    "expire": lambda bucket, keys, ttl_ms: list(bucket.expire(keys, ttl_ms)),
    "scan": _scan,
    "count": lambda bucket: bucket.count(),
    "clear": lambda bucket: bucket.clear(),
    "changes": _changes,
}
