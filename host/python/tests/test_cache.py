"""Keys, values, and what else a cache does."""

from __future__ import annotations

import enum
import inspect
import math
import uuid
from typing import Any

import flipcache
import pytest

from flipcache_wasm import FlipCache, MemoryBackend, Removals
from flipcache_wasm import errors as kinds


def test_signature_starts_with_that_of_the_original() -> None:
    ours = list(inspect.signature(FlipCache).parameters.values())
    theirs = list(inspect.signature(flipcache.FlipCache).parameters.values())
    for our, their in zip(ours, theirs):
        assert (our.name, our.kind, our.default) == (their.name, their.kind, their.default)


@pytest.mark.parametrize(
    "key,text",
    [
        ("k", "k"),
        ("", ""),
        (5, "5"),
        (-3, "-3"),
        (1.5, "1.5"),
        (True, "True"),
        ((1, 2), "(1, 2)"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        ("ü:\n\0*", "ü:\n\0*"),
    ],
)
def test_key_of_a_text_cache_is_stored_as_its_text(memory: MemoryBackend, key: Any, text: str) -> None:
    cache = FlipCache("c", backend=memory)
    cache[key] = "v"
    assert memory.peek(f"c:{text}") is not None
    assert cache[text] == cache[key] == "v"


@pytest.mark.parametrize("key", [None, b"k", bytearray(b"k"), "\ud800", "k" * (64 * 1024 + 1)])
def test_invalid_key_is_an_error_in_every_call(memory: MemoryBackend, key: Any) -> None:
    cache = FlipCache("c", backend=memory)
    calls: Any = [
        lambda: cache[key],
        lambda: cache.set(key, "v"),
        lambda: cache.delete(key),
        lambda: key in cache,
        lambda: cache.refresh(key),
        lambda: cache.get_many(["a", key]),
        lambda: cache.set_many({"a": "v", key: "v"}),
        lambda: cache.ttl(key),
    ]
    for call in calls[: -2 if isinstance(key, bytearray) else None]:
        with pytest.raises((kinds.InvalidKey, kinds.TooLarge)):
            call()
    assert len(cache) == 0


class Number(enum.IntEnum):
    ONE = 1


@pytest.mark.parametrize("key", [1, "1", Number.ONE])
def test_key_of_an_integer_cache_is_an_integer_or_its_text(memory: MemoryBackend, key: Any) -> None:
    cache = FlipCache("c", backend=memory, key_type="int")
    cache[key] = "v"
    assert memory.peek("c:1") is not None and list(cache) == [1] and list(cache.local) == [1]


@pytest.mark.parametrize("key", [True, 1.0, "+1", "01", " 1", "", "x", "-0", None, 2**63, b"1"])
def test_key_of_an_integer_cache_in_another_form_is_an_error(memory: MemoryBackend, key: Any) -> None:
    with pytest.raises(kinds.InvalidKey):
        FlipCache("c", backend=memory, key_type="int")[key] = "v"


@pytest.mark.parametrize("value", [None, b"v", bytearray(b"v"), memoryview(b"v"), "\ud800"])
def test_text_cache_with_none_or_bytes_is_an_error(memory: MemoryBackend, value: Any) -> None:
    with pytest.raises(kinds.InvalidValue):
        FlipCache("c", backend=memory)["k"] = value


@pytest.mark.parametrize("value", [math.nan, [math.inf], object(), b"v", {1, 2}, {(1, 2): 3}])
def test_json_cache_with_other_objects_is_an_error(memory: MemoryBackend, value: Any) -> None:
    with pytest.raises(kinds.InvalidValue):
        FlipCache("c", backend=memory, value_type="json")["k"] = value


def test_json_beyond_the_depth_of_python_is_an_error_both_ways(memory: MemoryBackend) -> None:
    cache = FlipCache("c", backend=memory, value_type="json")
    deep: Any = []
    for _ in range(200_000):
        deep = [deep]
    with pytest.raises(kinds.InvalidValue):
        cache["k"] = deep
    memory.put("c:k", b"[" * 200_000 + b"]" * 200_000)
    with pytest.raises(kinds.Undecodable):
        cache["k"]
    while deep:
        deep = deep.pop()


@pytest.mark.parametrize(
    "value_type,value,wire",
    [
        ("float", 1.5, b"1.5"),
        ("float", 1, b"1.0"),
        ("float", 1e-7, b"1e-07"),
        ("float", math.inf, b"inf"),
        ("bool", True, b"true"),
        ("bool", False, b"false"),
        ("bytes", bytes(range(256)), bytes(range(256))),
        ("bytes", b"", b""),
        ("bytes", bytearray(b"ab"), b"ab"),
    ],
)
def test_types_beyond_those_of_the_original(memory: MemoryBackend, value_type: Any, value: Any, wire: bytes) -> None:
    cache = FlipCache("c", backend=memory, value_type=value_type)
    cache["k"] = value
    entry = memory.peek("c:k")
    assert entry is not None and entry.value == wire
    for _ in range(2):
        assert cache["k"] == value and type(cache["k"]) in (type(value), bytes, float)
        cache.local.clear()


@pytest.mark.parametrize(
    "value_type,value",
    [("float", "1"), ("float", True), ("float", 10**400), ("bool", 1), ("bool", None), ("bytes", "v"), ("bytes", 5)],
)
def test_types_with_other_values_are_an_error(memory: MemoryBackend, value_type: Any, value: Any) -> None:
    with pytest.raises(kinds.InvalidValue):
        FlipCache("c", backend=memory, value_type=value_type)["k"] = value


@pytest.mark.parametrize("value_type,held", [("int", b"x"), ("json", b"{"), ("bool", b"yes"), ("str", b"\xff")])
def test_bytes_that_are_not_of_the_type_are_an_error_that_names_the_key(
    memory: MemoryBackend, value_type: Any, held: bytes
) -> None:
    cache = FlipCache("c", backend=memory, value_type=value_type)
    memory.put("c:k", held)
    with pytest.raises(kinds.Undecodable, match="'k'"):
        cache["k"]
    assert list(cache.local) == []


def custom(memory: MemoryBackend, encoder: Any, decoder: Any, **options: Any) -> FlipCache:
    return FlipCache("c", backend=memory, value_type="custom", value_encoder=encoder, value_decoder=decoder, **options)


@pytest.mark.parametrize(
    "encoded,wire", [("ü", "ü".encode()), (b"a", b"a"), (5, b"5"), (1.5, b"1.5"), (bytearray(b"b"), b"b")]
)
def test_custom_encoder_may_return_what_redis_py_accepts(memory: MemoryBackend, encoded: Any, wire: bytes) -> None:
    cache = custom(memory, lambda value: encoded, lambda text: text)
    cache["k"] = object()
    entry = memory.peek("c:k")
    assert entry is not None and entry.value == wire
    assert cache["k"] == wire.decode()


@pytest.mark.parametrize("encoded", [None, True, [1], {}])
def test_custom_encoder_that_returns_something_else_is_an_error(memory: MemoryBackend, encoded: Any) -> None:
    with pytest.raises(kinds.InvalidValue):
        custom(memory, lambda value: encoded, str)["k"] = 1


def test_custom_functions_raise_their_own_exceptions(memory: MemoryBackend) -> None:
    cache = custom(memory, lambda value: 1 / value, lambda text: 1 / int(text))
    with pytest.raises(ZeroDivisionError):
        cache["k"] = 0
    memory.put("c:k", b"0")
    with pytest.raises(ZeroDivisionError):
        cache["k"]


def test_custom_bytes_that_are_not_text_need_a_decoder_of_bytes(memory: MemoryBackend) -> None:
    cache = custom(memory, bytes, bytes, decode_responses=False)
    cache["k"] = b"\xff\x00"
    assert cache["k"] == b"\xff\x00"
    other = FlipCache("t", backend=memory, value_type="custom", value_encoder=bytes, value_decoder=str)
    with pytest.raises(kinds.InvalidValue):
        other["k"] = b"\xff"
    memory.put("t:k", b"\xff")
    with pytest.raises(kinds.Undecodable):
        other["k"]


def test_set_with_a_ttl_and_the_remaining_ttl(memory: MemoryBackend) -> None:
    cache = FlipCache("c", backend=memory, expire_time=60)
    cache["a"] = "v"
    cache.set("b", "v", expire_time=math.inf)
    cache.set_many({"d": "v"}, expire_time=7.5)
    assert cache.set_if_absent("e", "v", expire_time=7)
    ttls = [cache.ttl(key) for key in "abdex"]
    assert 59 < ttls[0] <= 60 and ttls[1] == math.inf and ttls[4] is None  # type: ignore[operator]
    assert 7 < ttls[2] <= 7.5 and 6 < ttls[3] <= 7  # type: ignore[operator]
    for time in (0, -1, math.nan, "x", True):
        with pytest.raises((kinds.InvalidTtl, kinds.InvalidOptions)):
            cache.set("a", "v", time)  # type: ignore[arg-type]


def test_eviction_lru_keeps_what_was_read(memory: MemoryBackend) -> None:
    cache = FlipCache("c", backend=memory, local_max=2, eviction="lru")
    cache["a"], cache["b"] = "1", "2"
    cache["a"]
    cache["c"] = "3"
    assert list(cache.local) == ["a", "c"]
    fifo = FlipCache("f", backend=memory, local_max=2)
    fifo["a"], fifo["b"] = "1", "2"
    fifo["a"]
    fifo["c"] = "3"
    assert list(fifo.local) == ["b", "c"]


def test_local_is_a_view(memory: MemoryBackend) -> None:
    cache = FlipCache("c", backend=memory, key_type="int", value_type="json")
    cache[1], cache[2] = [1], {"a": 2}
    local = cache.local
    assert dict(local) == {1: [1], 2: {"a": 2}} and list(local.values()) == [[1], {"a": 2}]
    assert 1 in local and 3 not in local and local.get(3) is None
    assert repr(cache) == "FlipCache<c>([(1, [1]), (2, {'a': 2})])"
    with pytest.raises(TypeError):
        local[3] = 1  # type: ignore[index]
    local.clear()
    assert (len(local), len(cache), cache[1]) == (0, 2, [1])


def test_stats_count_calls_and_removals(memory: MemoryBackend) -> None:
    cache = FlipCache("c", backend=memory, local_max=1)
    cache["a"], cache["b"] = "1", "2"
    assert [cache.get_detailed(key).source for key in "abx"] == ["backend", "backend", "none"]
    cache["b"]
    stats = cache.stats()
    assert (stats.local_hits, stats.backend_hits, stats.misses, stats.local_len) == (1, 2, 1, 1)
    assert stats.removals == Removals(size=3, expired=0, explicit=0, replaced=0, invalidated=0, flushed=0)


def test_get_returns_the_default_of_the_cache_or_that_of_the_call(memory: MemoryBackend) -> None:
    cache = FlipCache("c", backend=memory)
    assert cache.get("k") is None and cache.get("k", "other") == "other"
    with_default = FlipCache("d", backend=memory, value_default="d")
    assert with_default.get_detailed("k") == ("d", "default")


def test_increment_of_other_values_is_an_error(memory: MemoryBackend) -> None:
    with pytest.raises(kinds.InvalidValue):
        FlipCache("c", backend=memory).increment("k")
    numbers = FlipCache("n", backend=memory, value_type="int")
    numbers["k"] = 2**63 - 1
    for delta in (1, 2**63, 1.5, True):
        with pytest.raises(kinds.InvalidValue):
            numbers.increment("k", delta)  # type: ignore[arg-type]
    assert numbers["k"] == 2**63 - 1


def test_errors_contain_no_values(memory: MemoryBackend) -> None:
    for value_type in ("int", "json", "float", "bool", "bytes"):
        cache = FlipCache(f"c{value_type}", backend=memory, value_type=value_type)  # type: ignore[arg-type]
        with pytest.raises(kinds.InvalidValue) as refused:
            cache["k"] = {"secret", "other"} if value_type != "bytes" else "secret"
        assert "secret" not in str(refused.value)
