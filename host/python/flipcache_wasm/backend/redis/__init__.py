"""Redis as the shared tier, by redis-py."""

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

#: How long one round trip may take, in seconds.
DEADLINE = 5.0

#: For how long what Redis has told is taken to be all while it is silent, in seconds.
STALENESS_BOUND = 2.0


class RedisBackend:
    """The database of a ``redis.Redis``, by a connection of its own with the same settings.

    Redis tells it what others write, see :mod:`.tracking`, and a silent one is believed for ``staleness_bound``
    seconds. With ``coherence="auto"`` a server that cannot tell is taken to be right, with ``"tracking"`` nothing is
    kept of what it answers; with ``"off"`` none is asked to, and local entries live by their TTL alone.

    Of the client only address, database, credentials, TLS and timeouts count, the latter up to ``deadline``
    seconds; it may decode responses or not. Nothing that writes is ever sent twice. Keys and values are limited to
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
        # It is remembered by its identity, see `backend_of`.
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
        """What Redis tells of changes; ``None``: it is not asked to."""
        return None if self._tracking is None else self._tracking.feed

    def open(self, name: str) -> RedisBucket:
        """Opens a bucket; asks nothing."""
        return RedisBucket(self._link, name, self._max_bytes, self._changes)

    def close(self) -> None:
        """Ends the connections; the next call makes others."""
        self._link.close()

    def _changes(self, name: str, since: Optional[int]) -> Changes:
        tracking = self._tracking
        if tracking is None:
            raise Unsupported("this backend is told to hear of no changes")
        tracking.feed.want(name)
        tracking.prepare()
        if tracking.feed.heard_until is None:
            raise Unsupported("this server does not tell of changes")
        if tracking.feed.is_deaf():
            raise Unavailable("changes go unheard")
        with tracking.log_lock:
            # What this connection writes is not told.
            return self.log.since(since, 0, f"{name}:")

    def _after_fork(self) -> None:
        self._link.after_fork()
        if self._tracking is not None:
            self._tracking.after_fork()


def backend_of(client: Any) -> RedisBackend:
    """The backend of a client: the same one for all clients of one pool, and for all that have none."""
    pool = 0 if client is None else id(_checked(client).connection_pool)
    with _SHARED_LOCK:
        # While a backend lives, so does its pool, and nothing else has its identity.
        shared = _SHARED.get(pool)
        if shared is None:
            shared = _SHARED[pool] = RedisBackend(client)
        return shared


def decodes(client: Any) -> bool:
    """Whether a client gives text; a cache without one does."""
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
