"""A test for each mistake of the original, by its number in the guide, that is not made here."""

from __future__ import annotations

import copy
import math
import pickle
import subprocess
import sys
from datetime import timedelta
from typing import Any, Dict, List

import pytest
import redis

from flipcache_wasm import Client, FIFODict, FlipCache, LRUDict, MemoryBackend, et
from flipcache_wasm import errors as kinds

from .test_imports import Scripted, raising


def test_q1_constants_can_be_times_to_live(client: redis.Redis, raw: redis.Redis) -> None:
    for time in (et.HALF_AN_HOUR, et.QUARTER_HOUR, et.FIFTEEN_MINUTES, et.THIRTY_MINUTES):
        cache = FlipCache("q1", redis_protocol=client, expire_time=time)
        cache["k"] = "v"
        assert time * 1000 - 5000 < raw.pttl("q1:k") <= time * 1000


def test_q2_value_of_a_failed_set_is_not_served() -> None:
    backend = Scripted()
    cache = FlipCache("q2", backend=backend)
    cache["k"] = "old"
    backend.script["set"] = raising(kinds.Unavailable("away"))
    with pytest.raises(kinds.Unavailable):
        cache["k"] = "new"
    assert list(cache.local) == []
    assert cache["k"] == "old"
    numbers = FlipCache("q2json", backend=backend, value_type="json")
    with pytest.raises(kinds.InvalidValue):
        numbers["k"] = object()
    assert list(numbers.local) == [] and numbers["k"] is None


def test_q3_bounds_hold_while_sets_fail() -> None:
    backend = Scripted()
    cache = FlipCache("q3", backend=backend, local_max=2)
    for number in range(10):
        cache[number] = "v"
    backend.script["set"] = raising(kinds.Timeout())
    for number in range(100):
        with pytest.raises(kinds.Timeout):
            cache[number] = "v"
        assert len(cache.local) <= 2


@pytest.mark.parametrize("value_type,empty", [("str", ""), ("bytes", b"")])
def test_q4_stored_empty_value_is_a_value(memory: MemoryBackend, value_type: Any, empty: Any) -> None:
    default = "d" if value_type == "str" else b"d"
    cache = FlipCache("q4", backend=memory, value_type=value_type, value_default=default, store_default=True)
    cache["k"] = empty
    cache.local.clear()
    assert cache["k"] == empty and "k" in cache
    entry = memory.peek("q4:k")
    assert entry is not None and entry.value == b""


def test_q5_reads_from_the_local_tier_restart_the_ttl(client: redis.Redis, raw: redis.Redis) -> None:
    cache = FlipCache("q5", redis_protocol=client, expire_time=100, refresh_expire_time_on_get=True)
    cache["k"] = "v"
    cache.set("k", "v", 50)
    assert cache.get_detailed("k").value == "v"
    assert raw.pttl("q5:k") > 90_000


def test_q6_q7_local_entries_expire_and_handles_agree() -> None:
    now = [0]
    backend = MemoryBackend(clock=lambda: now[0])
    client = Client(backend, clock=lambda: now[0] * 1_000_000)
    one = FlipCache("q6", backend=client, expire_time=1)
    other = FlipCache("q6", backend=backend, expire_time=1)
    one["k"] = "v"
    now[0] += 999
    assert other.get_detailed("k") == ("v", "local")
    assert one.ttl("k") == 0.001
    now[0] += 1
    assert one["k"] is None and other["k"] is None and "k" not in one
    one["k"] = "v"
    other["k"] = "w"
    assert one["k"] == "w"


def test_q8_q9_values_and_defaults_are_copies(memory: MemoryBackend) -> None:
    cache = FlipCache("q8", backend=memory, value_type="json", value_default=[])
    value: List[int] = [1]
    cache["k"] = value
    value.append(2)
    cache["k"].append(3)
    assert cache["k"] == [1]
    cache["a"].append(1)
    assert cache["b"] == [] and cache["a"] == []


def test_q10_reads_write_defaults_only_if_enabled_and_overwrite_nothing(memory: MemoryBackend) -> None:
    cache = FlipCache("q10", backend=memory, value_default="d")
    assert (cache["k"], len(cache)) == ("d", 0)
    storing = FlipCache("q10", backend=memory, value_default="d", store_default=True)
    assert (storing["k"], len(storing)) == ("d", 1)
    memory.put("q10:k", b"theirs")
    storing.local.clear()
    assert storing["k"] == "theirs"


def test_q11_default_is_decoded(memory: MemoryBackend) -> None:
    cache = FlipCache("q11", backend=memory, value_type="json", value_default=(1, 2))
    assert cache["k"] == [1, 2]
    with pytest.raises(kinds.InvalidValue):
        FlipCache("q11b", backend=memory, value_type="int", value_default="x")


@pytest.mark.parametrize("value", ["abc", 1.5, True, None, "5", 2**63, -(2**63) - 1, b"1"])
def test_q12_integer_cache_with_another_value_is_an_error(memory: MemoryBackend, value: Any) -> None:
    cache = FlipCache("q12", backend=memory, value_type="int")
    with pytest.raises(kinds.InvalidValue):
        cache["k"] = value
    assert len(cache) == 0


def test_q13_type_of_a_value_does_not_depend_on_the_tier(memory: MemoryBackend) -> None:
    cache = FlipCache("q13", backend=memory)
    cache["k"] = 5
    assert cache["k"] == "5"
    cache.local.clear()
    assert cache["k"] == "5"


@pytest.mark.parametrize("name", ["a:b", "*", "h[a]llo", "back\\slash", "?", "ü"])
def test_q14_q15_names_are_taken_literally(client: redis.Redis, raw: redis.Redis, name: str) -> None:
    raw.mset({"hallo:x": "1", "other:x": "1", "a:x": "1"})
    cache = FlipCache(name, redis_protocol=client)
    cache["k"] = "v"
    cache["k:2"] = "v"
    assert sorted(cache) == ["k", "k:2"] and len(cache) == 2


def test_q16_nested_names_leave_integer_keys_listed(memory: MemoryBackend) -> None:
    outer = FlipCache("user", backend=memory, key_type="int")
    FlipCache("user:admin", backend=memory)["1"] = "v"
    outer[7] = "v"
    assert (list(outer), len(outer)) == ([7], 2)


def test_q17_refresh_checks_keys_as_all_methods_do(memory: MemoryBackend) -> None:
    cache = FlipCache("q17", backend=memory, key_type="int", expire_time=60)
    cache[1] = "v"
    assert cache.refresh("1") is True
    assert cache.refresh(2) is False
    for key in (1.0, True, "x"):
        with pytest.raises(kinds.InvalidKey):
            cache.refresh(key)  # type: ignore[arg-type]


OPTIONS: List[Dict[str, Any]] = [
    {"local_max": None},
    {"local_max": -1},
    {"local_max": "3"},
    {"local_max": 1.5},
    {"local_max": True},
    {"local_max": 2**32},
    {"key_type": "bool"},
    {"key_type": None},
    {"value_type": "float64"},
    {"value_type": []},
    {"value_type": "custom"},
    {"value_type": "custom", "value_encoder": str},
    {"value_type": "custom", "value_encoder": 1, "value_decoder": 2},
    {"expire_time": 0},
    {"expire_time": -1},
    {"expire_time": "5"},
    {"expire_time": True},
    {"expire_time": math.nan},
    {"expire_time": math.inf},
    {"expire_time": 10**20},
    {"expire_time": timedelta(0)},
    {"eviction": "random"},
    {"local_max_bytes": -1},
    {"ttl_jitter_percent": 51},
    {"stale_on_error": -1},
    {"max_staleness": "x"},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_q20_options_are_checked_at_opening(memory: MemoryBackend, options: Dict[str, Any]) -> None:
    with pytest.raises((kinds.InvalidOptions, kinds.InvalidTtl)):
        FlipCache("q20", backend=memory, **options)


@pytest.mark.parametrize("name", ["", None, 5, "n" * 1025, b"name"])
def test_q21_name_is_text_and_not_empty(memory: MemoryBackend, name: Any) -> None:
    with pytest.raises((kinds.InvalidName, kinds.BackendError)):
        FlipCache(name, backend=memory)


def test_q20_options_are_checked_without_asserts_too() -> None:
    code = (
        "from flipcache_wasm import *\n"
        "try: FlipCache('c', backend=MemoryBackend(), key_type='bool')\n"
        "except errors.InvalidOptions: print('refused')"
    )
    ran = subprocess.run([sys.executable, "-O", "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "refused\n"


def test_q22_each_key_is_listed_and_counted_once(client: redis.Redis, raw: redis.Redis) -> None:
    cache = FlipCache("q22", redis_protocol=client)
    assert not cache
    cache.set_many({str(number): "v" for number in range(3000)})
    raw.config_resetstat()
    assert cache
    stats: Any = raw.info("commandstats")
    assert stats["cmdstat_scan"]["calls"] == 1
    assert sorted(cache.keys()) == sorted(str(number) for number in range(3000))
    assert len(cache) == 3000


def test_q23_cache_over_a_client_of_bytes_is_iterated(raw: redis.Redis) -> None:
    cache = FlipCache(
        "q23", redis_protocol=raw, value_type="custom", value_encoder=pickle.dumps, value_decoder=pickle.loads
    )
    cache["k"] = {1}
    assert list(cache) == ["k"]


def test_q24_methods_of_dictionaries_exist(memory: MemoryBackend) -> None:
    cache = FlipCache("q24", backend=memory, value_type="int", value_default=9)
    assert cache.get("k") is None if cache.get("k", None) is None else cache.get("k") == 9
    cache.set_many([("a", 1), ("b", 2)])
    assert cache.get_many(["a", "x", "b"]) == [1, 9, 2]
    assert (cache.set_if_absent("a", 5), cache.set_if_absent("c", 3)) == (False, True)
    assert (cache.increment("c"), cache.increment("c", -4)) == (4, 0)
    assert (cache.delete("a"), cache.delete("a"), cache.delete_many(["b", "x"])) == (True, False, 1)
    assert (cache.keys(), cache.clear(), len(cache)) == (["c"], 1, 0)
    del cache["nothing"]
    with pytest.raises(TypeError):
        reversed(cache)
    with pytest.raises(TypeError):
        pickle.dumps(cache)
    assert copy.copy(cache).name == "q24"


@pytest.mark.parametrize("size", [0, -1, None, "3", 1.5, True, 2**32, {"a": 1}])
@pytest.mark.parametrize("kind", [FIFODict, LRUDict])
def test_q25_size_of_a_dictionary_is_checked(kind: Any, size: Any) -> None:
    with pytest.raises(kinds.InvalidOptions):
        kind(size)


@pytest.mark.parametrize("kind", [FIFODict, LRUDict])
def test_q26_q27_q28_dictionaries_are_joined_copied_and_pickled_whole(kind: Any) -> None:
    items = kind(2000, [(number, str(number)) for number in range(1500)])
    for copied in (items.copy(), copy.copy(items), pickle.loads(pickle.dumps(items)), copy.deepcopy(items)):
        assert copied == items and copied.max_items == 2000 and type(copied) is kind
    joined = kind(2, a=1) | {"b": 2, "c": 3}
    assert list(joined.items()) == [("b", 2), ("c", 3)] and joined.max_items == 2
    other = {"b": 2} | kind(2, a=1)
    assert list(other.items()) == [("b", 2), ("a", 1)]


def test_q27_reading_while_iterating_is_fine() -> None:
    items = LRUDict(3, a=1, b=2, c=3)
    assert [items[key] for key in items] == [1, 2, 3]


def test_q32_read_that_may_extend_the_ttl_is_one_round_trip(client: redis.Redis, raw: redis.Redis) -> None:
    cache = FlipCache("q32", redis_protocol=client, expire_time=100, refresh_expire_time_on_get=True)
    cache["k"] = "v"
    cache.local.clear()
    raw.config_resetstat()
    assert cache["k"] == "v"
    stats: Any = raw.info("commandstats")
    assert "cmdstat_getex" not in stats and "cmdstat_expire" not in stats
