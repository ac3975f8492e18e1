"""Data is shared with the installed FlipCache 1.3 over one Redis, in both directions."""

from __future__ import annotations

import json
import pickle
from datetime import timedelta
from typing import Any, List, Tuple

import flipcache
import pytest
import redis

import flipcache_wasm
from flipcache_conformance.server import Server
from flipcache_wasm import errors as kinds

VALUES: List[Tuple[str, Any]] = [
    ("str", "v"),
    ("str", "é☃😀"),
    ("str", "a\nb\0c"),
    ("str", 5),
    ("str", -7),
    ("str", 1.5),
    ("str", 1e16),
    ("str", 1e-7),
    ("str", float("inf")),
    ("str", True),
    ("str", (1, 2)),
    ("int", 5),
    ("int", -7),
    ("int", 0),
    ("int", 2**63 - 1),
    ("int", -(2**63)),
    ("json", "é☃😀\x7f"),
    ("json", 2**100),
    ("json", 1e-7),
    ("json", 1e16),
    ("json", None),
    ("json", [1, "a", True, None, 1.5]),
    ("json", (1, 2)),
    ("json", {"b": 1, "a": [True, {"c": "\ud800"}], "": {}}),
    ("json", {1: "int", None: "null", False: "false"}),
]


@pytest.fixture
def shared(server: Server, raw: redis.Redis) -> redis.Redis:
    return server.client(decode_responses=True)


def pair(client: redis.Redis, **options: Any) -> Tuple[flipcache.FlipCache, flipcache_wasm.FlipCache]:
    """The original without a local tier, and ours."""
    theirs = flipcache.FlipCache("w", redis_protocol=client, **{**options, "local_max": 0})
    return theirs, flipcache_wasm.FlipCache("w", redis_protocol=client, **options)


@pytest.mark.parametrize("value_type,value", VALUES)
def test_written_bytes_are_those_of_the_original(
    shared: redis.Redis, raw: redis.Redis, value_type: str, value: Any
) -> None:
    theirs, ours = pair(shared, value_type=value_type)
    theirs["theirs"] = value
    ours["ours"] = value
    assert raw.get("w:ours") == raw.get("w:theirs")


@pytest.mark.parametrize("value_type,value", VALUES)
def test_either_package_reads_the_values_of_the_other(shared: redis.Redis, value_type: str, value: Any) -> None:
    theirs, ours = pair(shared, value_type=value_type)
    theirs["theirs"] = value
    ours["ours"] = value
    read = theirs["ours"]
    assert (read, type(read)) == (theirs["theirs"], type(theirs["theirs"]))
    for key in ("theirs", "ours"):
        for _ in range(2):
            assert (ours[key], type(ours[key])) == (read, type(read)), "from either tier"


@pytest.mark.parametrize("text", ["NaN", "[Infinity, -Infinity]", " [1] ", '{"a": 1, "a": 2}', "1E400", '"\\ud800"'])
def test_json_that_only_python_writes_is_read(shared: redis.Redis, raw: redis.Redis, text: str) -> None:
    theirs, ours = pair(shared, value_type="json")
    raw.set("w:k", text)
    assert repr(ours["k"]) == repr(theirs["k"])


@pytest.mark.parametrize("text", [" 7 ", "+7", "1_0", "-07", "٤"])
def test_integers_are_read_as_python_reads_them(shared: redis.Redis, raw: redis.Redis, text: str) -> None:
    theirs, ours = pair(shared, value_type="int")
    raw.set("w:k", text)
    if text == "٤":
        with pytest.raises(kinds.Undecodable):
            ours["k"]
    else:
        assert ours["k"] == theirs["k"]


def test_pickled_values_are_shared_over_a_client_of_bytes(server: Server, raw: redis.Redis) -> None:
    options: Any = {"value_type": "custom", "value_encoder": pickle.dumps, "value_decoder": pickle.loads}
    theirs, ours = pair(server.client(), **options)
    theirs["theirs"] = {"a": {1, 2}}
    ours["ours"] = {"a": {1, 2}}
    assert theirs["ours"] == ours["theirs"] == {"a": {1, 2}}
    assert ours["ours"] is not ours["ours"]


def test_keys_are_shared_and_listed_alike(shared: redis.Redis) -> None:
    theirs, ours = pair(shared, key_type="int", value_type="int")
    theirs[5] = 1
    ours["-3"] = 2
    assert sorted(theirs) == sorted(ours) == [-3, 5]
    assert (theirs["-3"], ours["5"], len(theirs), len(ours)) == (2, 1, 2, 2)
    assert 5 in ours and "5" in ours and 5 in theirs
    del theirs[5]
    assert (5 in theirs, len(ours)) == (False, 1)


@pytest.mark.parametrize("expire_time", [60, timedelta(minutes=1)])
def test_ttls_are_those_of_the_original(shared: redis.Redis, raw: redis.Redis, expire_time: Any) -> None:
    theirs, ours = pair(shared, expire_time=expire_time)
    theirs["theirs"] = "v"
    ours["ours"] = "v"
    assert 58_000 < raw.pttl("w:theirs") <= 60_000
    assert 58_000 < raw.pttl("w:ours") <= 60_000
    left = ours.ttl("theirs")
    assert left is not None and 58 < left <= 60


def test_stored_default_is_that_of_the_original(shared: redis.Redis, raw: redis.Redis) -> None:
    options: Any = {"value_type": "json", "value_default": {"a": [1]}}
    theirs = flipcache.FlipCache("w", redis_protocol=shared, local_max=0, **options)
    ours = flipcache_wasm.FlipCache("w", redis_protocol=shared, store_default=True, **options)
    assert theirs["theirs"] == ours["ours"] == {"a": [1]}
    assert raw.get("w:ours") == raw.get("w:theirs") == json.dumps({"a": [1]}).encode()


def test_names_of_the_original_are_all_here() -> None:
    assert set(flipcache.__all__) <= set(flipcache_wasm.__all__)
    for name in flipcache.__all__:
        assert hasattr(flipcache_wasm, name)


def test_constants_are_those_of_the_original_and_all_are_integers() -> None:
    names = [name for name in vars(flipcache.et) if name.isupper()]
    assert names and set(names) == {name for name in vars(flipcache_wasm.et) if name.isupper()}
    for name in names:
        value = getattr(flipcache_wasm.et, name)
        assert type(value) is int and value == getattr(flipcache.et, name)
