"""The stores that cases run over, and what stands between them and the component."""

from __future__ import annotations

import time
from typing import Any, Callable, FrozenSet, List, Optional, Protocol, Tuple

import redis

from flipcache_wasm.backend import KvBackend, MemoryBackend, RedisBackend
from flipcache_wasm.errors import of_backend

ALWAYS = frozenset(("foreign", "wrong-type", "faults", "coherence", "set-if-absent", "increment", "expire", "prolong"))


#: What Redis has not told by then, it will not.
_PATIENCE = 20.0


class Store(Protocol):
    """A store that is empty at the beginning of a case."""

    name: str
    #: Which needs of cases it fulfils.
    has: FrozenSet[str]

    @property
    def backend(self) -> KvBackend:
        """What the component asks."""

    def now_ns(self) -> int:
        """The component's clock."""

    def wait(self, millis: int) -> None:
        """Both clocks go on."""

    def put(self, key: str, value: Optional[bytes], ttl_ms: Optional[int]) -> None:
        """Somebody else writes; ``None`` is something that is no plain string."""

    def remove(self, key: str) -> None:
        """Somebody else deletes."""

    def peek(self, key: str) -> Optional[bytes]:
        """What a key holds."""


class InMemory:
    """Memory, by a clock that stands still."""

    name = "memory"
    has = ALWAYS | {"clock", "changes"}

    def __init__(self) -> None:
        self._millis = 1_000_000
        self.backend = MemoryBackend(clock=lambda: self._millis)

    def now_ns(self) -> int:
        return self._millis * 1_000_000

    def wait(self, millis: int) -> None:
        self._millis += millis

    def put(self, key: str, value: Optional[bytes], ttl_ms: Optional[int]) -> None:
        self.backend.put(key, value, ttl_ms)

    def remove(self, key: str) -> None:
        self.backend.remove(key)

    def peek(self, key: str) -> Optional[bytes]:
        entry = self.backend.peek(key)
        return None if entry is None else entry.value


class InRedis:
    """A database of a real Redis, which is emptied."""

    name = "Redis"
    has = ALWAYS | {"changes"}

    def __init__(self, client: redis.Redis, clock: Callable[[], int]) -> None:
        self._client = client
        self._clock = clock
        client.flushdb()
        self.backend = RedisBackend(client, coherence="tracking")

    def now_ns(self) -> int:
        return self._clock()

    def wait(self, millis: int) -> None:
        raise AssertionError("nobody moves the clock of Redis")

    def put(self, key: str, value: Optional[bytes], ttl_ms: Optional[int]) -> None:
        with self._client.pipeline(transaction=True) as written:
            written.delete(key)
            if value is None:
                written.hset(key, "field", "value")
            else:
                written.set(key, value, px=ttl_ms)
            self._told(lambda: written.execute())

    def remove(self, key: str) -> None:
        if self._client.exists(key):
            self._told(lambda: self._client.delete(key))

    def _told(self, write: Callable[[], Any]) -> None:
        """Somebody else's write, until the backend has heard of it, if it listens."""
        log, last = self.backend.log, self.backend.log.last
        write()
        until = time.monotonic() + _PATIENCE
        while not log.is_idle and log.last == last:
            if time.monotonic() > until:
                raise TimeoutError("Redis has told nothing of a write")
            time.sleep(0.001)

    def peek(self, key: str) -> Optional[bytes]:
        value = self._client.get(key)
        return value if isinstance(value, bytes) else None


#: A call that arrived at the import: the bucket, the function, and the arguments.
Ask = Tuple[str, str, Tuple[Any, ...]]


class Watched:
    """A backend that notes what it is asked, and fails when told."""

    def __init__(self, backend: KvBackend) -> None:
        self._backend = backend
        self.asks: List[Ask] = []
        #: The error that is answered, and whether what is asked is done nevertheless.
        self.failure: Optional[Tuple[Tuple[str, Any], bool]] = None

    def open(self, name: str) -> Any:
        return _WatchedBucket(self, name, self._backend.open(name))

    def call(self, name: str, bucket: Any, method: str, arguments: Tuple[Any, ...]) -> Any:
        """Passes a call on, or fails."""
        function = method.replace("_", "-")
        if function == "changes":
            return bucket.changes(*arguments)
        self.asks.append((name, function, arguments))
        if self.failure is None:
            return getattr(bucket, method)(*arguments)
        error, is_done = self.failure
        if is_done:
            getattr(bucket, method)(*arguments)
        raise of_backend(*error)


class _WatchedBucket:
    def __init__(self, watched: Watched, name: str, bucket: Any) -> None:
        self._watched = watched
        self._name = name
        self._bucket = bucket

    def __getattr__(self, method: str) -> Any:
        return lambda *arguments: self._watched.call(self._name, self._bucket, method, arguments)
