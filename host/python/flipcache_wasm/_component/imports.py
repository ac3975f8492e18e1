"""The import ``kv-backend``: from calls of the component to those of a backend, and back.

Whatever a backend raises is answered as a ``backend-error``; nothing of it traps. What is no
``Exception``, like an interrupt, ends the call.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, Optional, Tuple

from ..backend.protocol import Bucket, Entry, KvBackend, Nothing, Slot
from ..errors import BackendError

#: What an import answers: whether it went well, and what there is to say.
Answer = Tuple[bool, Any]


class Imports:
    """The buckets that one instance has open."""

    def __init__(self, backend: KvBackend) -> None:
        self._backend = backend
        self._buckets: Dict[int, Bucket] = {}
        self._last = 0
        #: The exception behind the last failure that was not the backend's own word.
        self.cause: Optional[Exception] = None

    def open(self, name: str) -> Answer:
        """Opens a bucket, and answers the number by which the component knows it."""
        answer = self._asked(lambda: self._backend.open(name))
        if not answer[0]:
            return answer
        self._last += 1
        self._buckets[self._last] = answer[1]
        return True, self._last

    def close(self, number: int) -> None:
        """The component has dropped a bucket."""
        self._buckets.pop(number, None)

    def call(self, method: str, number: int, arguments: Tuple[Any, ...]) -> Answer:
        """Calls a method of a bucket."""
        bucket = self._buckets[number]
        return self._asked(lambda: METHODS[method](bucket, *arguments))

    def _asked(self, call: Callable[[], Any]) -> Answer:
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
    news = ("unknown", None) if changes.keys is None else ("keys", list(changes.keys))
    return {"news": news, "cursor": changes.cursor}


#: By the names of the interface.
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
