"""The stores that cases run over, and the recorder between a store and the component."""

from __future__ import annotations

import time
from typing import Any, Callable, FrozenSet, List, Optional, Protocol, Tuple

import redis

from flipcache_wasm.backend import KvBackend, MemoryBackend, RedisBackend
from flipcache_wasm.errors import of_backend

ALWAYS = frozenset(
    ("external-writes", "wrong-type", "faults", "coherence", "set-if-absent", "increment", "expire", "extend-ttl")
)


#: How long an invalidation may take to arrive, in seconds.
_TIMEOUT = 20.0


class Store(Protocol):
    """A store that is empty at the start of a case."""

    name: str
    #: The needs that it meets.
    has: FrozenSet[str]

    @property
    def backend(self) -> KvBackend:
        """Returns the backend of the component."""

    def now_ns(self) -> int:
        """Returns the time of the component's clock."""

    def wait(self, millis: int) -> None:
        """Advances both clocks."""

    def put(self, key: str, value: Optional[bytes], ttl_ms: Optional[int]) -> None:
        """Writes as another client; ``None`` stands for a value that is not a plain string."""

    def remove(self, key: str) -> None:
        """Deletes as another client."""

    def peek(self, key: str) -> Optional[bytes]:
        """Returns the value of a key."""


class InMemory:
    """A store in memory with a clock that stands still."""

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
    """A database of a Redis server, which is emptied."""

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
        raise AssertionError("the clock of Redis cannot be moved")

    def put(self, key: str, value: Optional[bytes], ttl_ms: Optional[int]) -> None:
        with self._client.pipeline(transaction=True) as written:
            written.delete(key)
            if value is None:
                written.hset(key, "field", "value")
            else:
                written.set(key, value, px=ttl_ms)
            self._await_invalidation(lambda: written.execute())

    def remove(self, key: str) -> None:
        if self._client.exists(key):
            self._await_invalidation(lambda: self._client.delete(key))

    def _await_invalidation(self, write: Callable[[], Any]) -> None:
        """Runs a write, and waits until its invalidation arrives if the backend is subscribed."""
        log, last = self.backend.log, self.backend.log.last
        write()
        until = time.monotonic() + _TIMEOUT
        while not log.is_idle and log.last == last:
            if time.monotonic() > until:
                raise TimeoutError("no invalidation of the write has arrived")
            time.sleep(0.001)

    def peek(self, key: str) -> Optional[bytes]:
        value = self._client.get(key)
        return value if isinstance(value, bytes) else None


#: A call that arrived at the import: the bucket, the function, and the arguments.
Call = Tuple[str, str, Tuple[Any, ...]]


class RecordingBackend:
    """A backend that records the calls, and injects faults."""

    def __init__(self, backend: KvBackend) -> None:
        self._backend = backend
        self.calls: List[Call] = []
        #: The error to return, and whether calls take effect before they fail.
        self.failure: Optional[Tuple[Tuple[str, Any], bool]] = None

    def open(self, name: str) -> Any:
        return _RecordingBucket(self, name, self._backend.open(name))

    def call(self, name: str, bucket: Any, method: str, arguments: Tuple[Any, ...]) -> Any:
        """Forwards a call, or fails."""
        function = method.replace("_", "-")
        if function == "changes":
            return bucket.changes(*arguments)
        self.calls.append((name, function, arguments))
        if self.failure is None:
            return getattr(bucket, method)(*arguments)
        error, is_done = self.failure
        if is_done:
            getattr(bucket, method)(*arguments)
        raise of_backend(*error)


class _RecordingBucket:
    def __init__(self, recorder: RecordingBackend, name: str, bucket: Any) -> None:
        self._recorder = recorder
        self._name = name
        self._bucket = bucket

    def __getattr__(self, method: str) -> Any:
        return lambda *arguments: self._recorder.call(self._name, self._bucket, method, arguments)
