"""Redis as the shared tier, by redis-py."""

from __future__ import annotations

import os
import threading
import weakref
from typing import Any, Optional

import redis
from redis.client import Pipeline

from ...errors import InvalidOptions, Unsupported
from ..protocol import Changes, KvBackend
from .bucket import RedisBucket
from .link import Link

#: How long one round trip may take, in seconds.
DEADLINE = 5.0


class RedisBackend:
    """The database of a ``redis.Redis``, by a connection of its own with the same settings.

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
    ) -> None:
        pool = (redis.Redis() if client is None else _checked(client)).connection_pool
        # It is remembered by its identity, see `backend_of`.
        self._pool = pool
        self._max_bytes = max_bytes
        self._link = Link(pool.connection_class, pool.connection_kwargs, deadline)
        _BACKENDS.add(self)

    def open(self, name: str) -> RedisBucket:
        """Opens a bucket; asks nothing."""
        return RedisBucket(self._link, name, self._max_bytes, self._changes)

    def close(self) -> None:
        """Ends the connection; the next call makes another one."""
        self._link.close()

    def _changes(self, prefix: str, since: Optional[int]) -> Changes:
        raise Unsupported("this backend is not asked for changes")


def backend_of(client: Any, backend: Optional[KvBackend]) -> KvBackend:
    """The backend that a cache was given: the same one for all that have clients of one pool, or none."""
    if backend is not None:
        if client is not None:
            raise InvalidOptions("a cache has either redis_protocol or backend")
        return backend
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
        backend._link.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
