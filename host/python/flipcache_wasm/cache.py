"""``FlipCache``: a named cache over two tiers."""

from __future__ import annotations

import math
from typing import (
    Any,
    Callable,
    Iterable,
    Iterator,
    List,
    Literal,
    Mapping,
    NamedTuple,
    NoReturn,
    Optional,
    Tuple,
    Union,
)

import redis

from . import options as opts
from ._component.instance import CACHE
from .backend.protocol import KvBackend
from .backend.redis import backend_of, decodes
from .client import Client, client_of
from .codecs import Keys, codec
from .errors import InvalidName, InvalidOptions
from .local import Local
from .options import Seconds
from .stats import Removals, Stats

STRINT = Union[str, int]

#: The number of keys that a listing requests per page.
_PAGE = 1000

_INHERIT = ("inherit", None)


def _expiry(expire_time: Optional[Seconds]) -> Tuple[str, Optional[int]]:
    if expire_time is None:
        return _INHERIT
    if expire_time == math.inf:
        return "never", None
    return "after-ms", opts.ttl_millis(expire_time)


class Found(NamedTuple):
    """The result of a read, and its source."""

    value: Any
    source: Literal["local", "backend", "default", "stale", "none"]


class FlipCache:
    """A small local tier in front of Redis, run by the component ``flipcache.wasm``.

    Key ``k`` is stored in Redis at ``name:k``, as FlipCache 1.3 writes it. Reads try the local tier, then Redis.
    Writes go to Redis first; after a failed write the local tier has no value for the key.

    Caches with one name over one client or backend share their local tier. All methods are thread-safe. Opening
    a cache makes no call to Redis.

    :param name: The prefix of its keys; not empty.
    :param local_max: The most entries in the local tier; 0 disables it.
    :param expire_time: The TTL of entries, in both tiers: seconds, fractions allowed, or a ``timedelta``.
    :param key_type: ``"str"``, or ``"int"`` for 64-bit integers.
    :param value_type: ``"str"``, ``"int"`` (64 bits), ``"json"`` or ``"custom"``, as in FlipCache; or ``"float"``,
        ``"bool"`` or ``"bytes"``.
    :param value_default: The value that a read of an absent key returns, each time a copy.
    :param value_encoder: For custom values: returns text or bytes.
    :param value_decoder: For custom values: takes what the encoder returned.
    :param redis_protocol: A ``redis.Redis``, with or without ``decode_responses``; by default
        ``localhost:6379``.
    :param refresh_expire_time_on_get: Whether a read restarts the TTL of an entry, in both tiers.
    :param store_default: Whether a read that returns the default also writes it, if the key is still absent.
    :param eviction: The eviction policy of the local tier: ``"fifo"``, ``"lru"`` or ``"s3-fifo"``.
    :param local_max_bytes: The most bytes of keys and values in the local tier.
    :param stale_on_error: How long an entry may still be served, marked stale, while the backend fails, in seconds.
    :param absent_ttl: How long an absence in the backend is cached (negative caching), in seconds.
    :param ttl_jitter_percent: TTL jitter: each TTL is shortened by a random share of at most this percentage, up to 50.
    :param max_staleness: For a backend that reports changes only when polled: how long the local tier may serve
        entries without polling, in seconds; ``None``: without limit.
    :param backend: A backend instead of Redis, or a :class:`Client` of one.
    :param decode_responses: Whether a custom decoder gets text. By default as the client does; text
        without a client.
    """

    __slots__ = ("__weakref__", "_client", "_codec", "_decode", "_handle", "_keys", "_name")
    __reversed__ = None

    def __init__(
        self,
        name: str,
        *,
        local_max: int = 100,
        expire_time: Optional[Seconds] = None,
        key_type: Literal["str", "int"] = "str",
        value_type: Literal["str", "int", "json", "custom", "float", "bool", "bytes"] = "str",
        value_default: Any = None,
        value_encoder: Optional[Callable[[Any], Any]] = None,
        value_decoder: Optional[Callable[[Any], Any]] = None,
        redis_protocol: Optional[redis.Redis] = None,
        refresh_expire_time_on_get: bool = False,
        store_default: bool = False,
        eviction: Literal["fifo", "lru", "s3-fifo"] = "fifo",
        local_max_bytes: Optional[int] = None,
        stale_on_error: Seconds = 0,
        absent_ttl: Seconds = 0,
        ttl_jitter_percent: int = 0,
        max_staleness: Optional[Seconds] = None,
        backend: Union[KvBackend, Client, None] = None,
        decode_responses: Optional[bool] = None,
    ) -> None:
        if not isinstance(name, str):
            raise InvalidName(f"a name must be text, not {type(name).__name__}")
        if decode_responses is None:
            decode_responses = decodes(redis_protocol)
        self._name = name
        self._keys = Keys(key_type)
        self._codec = codec(value_type, value_encoder, value_decoder, decode_responses)
        self._decode = self._codec.decode
        options = opts.options(
            local_max=local_max,
            local_max_bytes=local_max_bytes,
            eviction=eviction,
            expire_time=expire_time,
            refresh=refresh_expire_time_on_get,
            keys=self._keys,
            codec=self._codec,
            default=value_default,
            store_default=store_default,
        )
        resilience = opts.resilience(
            stale_on_error=stale_on_error,
            absent_ttl=absent_ttl,
            ttl_jitter_percent=ttl_jitter_percent,
            max_staleness=max_staleness,
        )
        if backend is not None and redis_protocol is not None:
            raise InvalidOptions("redis_protocol and backend cannot be combined")
        self._client = client_of(backend_of(redis_protocol) if backend is None else backend)
        opening = ("[static]flip-cache.open-with", name, options, resilience)
        self._handle = self._client.open(CACHE, *opening)

    @property
    def name(self) -> str:
        """The prefix of its keys in the backend, before the colon."""
        return self._name

    @property
    def local(self) -> Local:
        """A view of the local tier."""
        return Local(self._keys, self._codec, self._plain)

    def __getitem__(self, key: STRINT) -> Any:
        """Returns the value; for an absent key the default, or ``None``."""
        held = self._client.answer(self._handle, "get", self._keys.encode(key))
        return None if held is None else self._decode(held[1])

    def get(self, key: STRINT, default: Any = None) -> Any:
        """Returns ``self[key]``, with another default for this call."""
        held = self._ask("get", self._keys.encode(key))
        return default if held is None else self._decode(held[1])

    def get_detailed(self, key: STRINT) -> Found:
        """Returns the value and its source."""
        found = self._ask("get-detailed", self._keys.encode(key))
        held = found["value"]
        return Found(None if held is None else self._decode(held[1]), found["source"])

    def get_many(self, keys: Iterable[STRINT]) -> List[Any]:
        """Returns one value per key, in request order, in at most one round trip."""
        held = self._ask("get-many", [self._keys.encode(key) for key in keys])
        return [None if value is None else self._decode(value[1]) for value in held]

    def __contains__(self, key: STRINT) -> bool:
        """Returns whether either tier has the key."""
        return bool(self._ask("contains", self._keys.encode(key)))

    def ttl(self, key: STRINT) -> Optional[float]:
        """Returns the remaining TTL in seconds: ``math.inf`` if the entry does not expire, ``None`` if it is absent."""
        left = self._ask("ttl", self._keys.encode(key))
        if left is None:
            return None
        return math.inf if left[0] == "never" else int(left[1]) / 1000

    def __setitem__(self, key: STRINT, value: Any) -> None:
        self._ask("set", self._keys.encode(key), self._codec.encode(value), _INHERIT)

    def set(self, key: STRINT, value: Any, expire_time: Optional[Seconds] = None) -> None:
        """Writes with a TTL; ``math.inf``: no expiry, ``None``: that of the cache."""
        expiry = _expiry(expire_time)
        self._ask("set", self._keys.encode(key), self._codec.encode(value), expiry)

    def set_many(
        self,
        values: Union[Mapping[Any, Any], Iterable[Tuple[Any, Any]]],
        expire_time: Optional[Seconds] = None,
    ) -> None:
        """Writes entries in one round trip. After an error, any of them may have been written."""
        pairs = values.items() if isinstance(values, Mapping) else values
        entries = [(self._keys.encode(key), self._codec.encode(value)) for key, value in pairs]
        self._ask("set-many", entries, _expiry(expire_time))

    def set_if_absent(self, key: STRINT, value: Any, expire_time: Optional[Seconds] = None) -> bool:
        """Writes the value if the key is absent. Returns whether it was written."""
        expiry = _expiry(expire_time)
        encoded = self._codec.encode(value)
        return bool(self._ask("set-if-absent", self._keys.encode(key), encoded, expiry))

    def increment(self, key: STRINT, delta: int = 1) -> int:
        """Adds in the backend and returns the sum. For caches of integers."""
        number = opts.whole(delta)
        return int(self._ask("increment", self._keys.encode(key), number))

    def __delitem__(self, key: STRINT) -> None:
        """Deletes the key in both tiers. Does not raise if it is absent."""
        self._ask("delete", self._keys.encode(key))

    def delete(self, key: STRINT) -> bool:
        """Deletes the key in both tiers. Returns whether the backend had it."""
        return bool(self._ask("delete", self._keys.encode(key)))

    def delete_many(self, keys: Iterable[STRINT]) -> int:
        """Deletes keys in one round trip. Returns how many the backend had."""
        return int(self._ask("delete-many", [self._keys.encode(key) for key in keys]))

    def refresh(self, key: STRINT) -> bool:
        """Marks the entry as used and restarts its TTL. Returns whether the backend has it."""
        return bool(self._ask("refresh", self._keys.encode(key)))

    def clear(self) -> int:
        """Deletes every key in both tiers, including those of caches whose names begin with this name and a
        colon. Returns how many."""
        return int(self._ask("clear"))

    def __iter__(self) -> Iterator[Any]:
        """Iterates over the keys in the backend, each once, in its order."""
        seen = set()
        for page in self._pages():
            for key in page:
                if key not in seen:
                    seen.add(key)
                    yield self._keys.decode(key)

    def keys(self) -> List[Any]:
        """Returns the keys as ``list(self)`` does, without counting them first."""
        return [*iter(self)]

    def __len__(self) -> int:
        """Returns the number of keys in the backend. Scans all keys of the server."""
        return int(self._ask("len"))

    def __bool__(self) -> bool:
        """Returns whether the backend has a key; stops at the first one."""
        return any(page for page in self._pages())

    def stats(self) -> Stats:
        """Returns the counters of the cache in this process."""
        stats = dict(self._plain("stats"))
        removals = Removals(**stats.pop("removals"))
        return Stats(removals=removals, **{name.replace("-", "_"): n for name, n in stats.items()})

    def __repr__(self) -> str:
        return f"FlipCache<{self._name}>({list(self.local.items())})"

    def __copy__(self) -> FlipCache:
        """Returns the same cache."""
        return self

    def __reduce_ex__(self, _: Any) -> NoReturn:
        raise TypeError("an open cache cannot be pickled or deeply copied")

    def _pages(self) -> Iterator[List[str]]:
        cursor = None
        while True:
            page = self._ask("keys", cursor, _PAGE)
            yield page["keys"]
            cursor = page["cursor"]
            if cursor is None:
                return

    def _ask(self, method: str, *arguments: Any) -> Any:
        return self._client.answer(self._handle, method, *arguments)

    def _plain(self, method: str, *arguments: Any) -> Any:
        return self._client.call(self._handle, method, *arguments)
