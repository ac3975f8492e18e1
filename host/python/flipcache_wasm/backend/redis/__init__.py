"""The Redis backend, by redis-py."""

from __future__ import annotations

import os
import threading
import weakref
from typing import Any, Literal, Optional

import redis
from redis.client import Pipeline

from ...errors import InvalidOptions, Unavailable, Unsupported
from ..feed import Feed
from ..log import Log
from ..protocol import Changes
from .bucket import RedisBucket
from .link import Link
from .tracking import Tracking

#: The timeout of one round trip, in seconds.
DEADLINE = 5.0

#: How long the local tier may serve entries without a reply of Redis, in seconds.
STALENESS_BOUND = 2.0


class RedisBackend:
    """The database of a ``redis.Redis``, over a separate connection with the same settings.

    Redis reports the writes of others, see :mod:`.tracking`. Without a reply, its reports count as complete for
    ``staleness_bound`` seconds. If the server cannot report changes, ``coherence="auto"`` caches its values
    untracked, and ``"tracking"`` caches nothing. With ``"off"`` changes are untracked, and local entries expire by
    their TTL alone.

    Only address, database, credentials, TLS and timeouts of the client are used, the latter up to ``deadline``
    seconds; it may decode responses or not. Writes are never sent twice. Keys and values are limited to
    ``max_bytes`` each, Redis' own limit.
    """

    def __init__(
        self,
        client: Optional[redis.Redis] = None,
        *,
        deadline: float = DEADLINE,
        max_bytes: int = 512 << 20,
        coherence: Literal["auto", "tracking", "off"] = "auto",
        staleness_bound: float = STALENESS_BOUND,
    ) -> None:
        if coherence not in ("auto", "tracking", "off"):
            raise InvalidOptions("coherence must be 'auto', 'tracking' or 'off'")
        pool = (redis.Redis() if client is None else _checked(client)).connection_pool
        # Keeps the pool alive: `backend_of` identifies it by `id`.
        self._pool = pool
        self._max_bytes = max_bytes
        self._link = Link(pool.connection_class, pool.connection_kwargs, deadline)
        self.log = Log()
        self._tracking: Optional[Tracking] = None
        if coherence != "off":
            self._tracking = Tracking(self._link, self.log, staleness_bound, coherence == "tracking")
        _BACKENDS.add(self)

    @property
    def feed(self) -> Optional[Feed]:
        """The changes that Redis reports; ``None`` if tracking is off."""
        return None if self._tracking is None else self._tracking.feed

    def open(self, name: str) -> RedisBucket:
        """Opens a bucket. No round trip."""
        return RedisBucket(self._link, name, self._max_bytes, self._changes)

    def close(self) -> None:
        """Closes the connections; the next call opens new ones."""
        self._link.close()

    def _changes(self, name: str, since: Optional[int]) -> Changes:
        tracking = self._tracking
        if tracking is None:
            raise Unsupported("change tracking is off")
        tracking.feed.track(name)
        tracking.prepare()
        if tracking.feed.lease_until is None:
            raise Unsupported("the server does not report changes")
        if tracking.feed.is_lost():
            raise Unavailable("change tracking is lost")
        with tracking.log_lock:
            # Redis does not report the writes of this connection.
            return self.log.since(since, 0, f"{name}:")

    def _after_fork(self) -> None:
        self._link.after_fork()
        if self._tracking is not None:
            self._tracking.after_fork()


def backend_of(client: Any) -> RedisBackend:
    """Returns the backend of a client, shared by all clients of one pool, or the default one for ``None``."""
    pool = 0 if client is None else id(_checked(client).connection_pool)
    with _SHARED_LOCK:
        # A backend keeps its pool alive, so the identity stays unique.
        shared = _SHARED.get(pool)
        if shared is None:
            shared = _SHARED[pool] = RedisBackend(client)
        return shared


def decodes(client: Any) -> bool:
    """Returns whether a client decodes responses; without a client, they are decoded."""
    if client is None:
        return True
    return bool(_checked(client).connection_pool.connection_kwargs.get("decode_responses"))


def _checked(client: Any) -> redis.Redis:
    if not isinstance(client, redis.Redis) or isinstance(client, Pipeline):
        raise InvalidOptions(
            f"redis_protocol must be a redis.Redis, not {type(client).__module__}.{type(client).__qualname__}"
        )
    if type(client.connection_pool) not in (redis.ConnectionPool, redis.BlockingConnectionPool):
        raise InvalidOptions(
            f"redis_protocol must connect to one server, not by a {type(client.connection_pool).__qualname__}"
        )
    return client


_BACKENDS: weakref.WeakSet[RedisBackend] = weakref.WeakSet()
_SHARED: weakref.WeakValueDictionary[int, RedisBackend] = weakref.WeakValueDictionary()
_SHARED_LOCK = threading.Lock()


def _after_fork() -> None:
    global _SHARED_LOCK
    _SHARED_LOCK = threading.Lock()
    for backend in list(_BACKENDS):
        backend._after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
