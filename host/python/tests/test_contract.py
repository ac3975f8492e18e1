"""One suite that every backend passes: the contract of `wit/kv-backend.wit`."""

from __future__ import annotations

from typing import Any, List

import pytest
import redis

from flipcache_wasm.backend import ABSENT, WRONG_TYPE, Entry, KvBackend, MemoryBackend, RedisBackend
from flipcache_wasm.errors import BackendTooLarge, Other

HOUR = 3_600_000


@pytest.fixture(params=["memory", "redis"])
def backend(request: pytest.FixtureRequest) -> Any:
    if request.param == "memory":
        return MemoryBackend(max_bytes=1000)
    return RedisBackend(request.getfixturevalue("raw"), max_bytes=1000)


def spoil(backend: KvBackend, key: str, request: pytest.FixtureRequest) -> None:
    if isinstance(backend, MemoryBackend):
        backend.put(key, None)
    else:
        request.getfixturevalue("raw").hset(key, "a", "b")


def about(ttl: Any, expected: int) -> bool:
    return isinstance(ttl, int) and expected - 20_000 < ttl <= expected


def listed(bucket: Any, limit: int) -> List[str]:
    keys, cursor = set(), None
    while True:
        page = bucket.scan(cursor, limit)
        keys.update(page.keys)
        cursor = page.cursor
        if cursor is None:
            return sorted(keys)


def test_get_returns_one_slot_per_key_in_order(backend: KvBackend, request: pytest.FixtureRequest) -> None:
    user = backend.open("user")
    user.set([("a", b"1"), ("empty", b""), ("bytes", bytes(range(256)))], None)
    spoil(backend, "user:hash", request)
    asked = ["empty", "none", "hash", "a", "a", "bytes"]
    expected = [Entry(b""), ABSENT, WRONG_TYPE, Entry(b"1"), Entry(b"1"), Entry(bytes(range(256)))]
    assert list(user.get(asked, None)) == expected
    assert list(user.get([], None)) == []


def test_get_of_more_keys_than_a_pipeline_returns_all(backend: KvBackend) -> None:
    user = backend.open("user")
    user.set([(str(number), b"%d" % number) for number in range(2500)], None)
    slots = user.get([str(number) for number in range(2600)], None)
    assert list(slots) == [Entry(b"%d" % number) for number in range(2500)] + [ABSENT] * 100


def test_set_of_a_key_given_twice_writes_the_last_value(backend: KvBackend) -> None:
    user = backend.open("user")
    user.set([("a", b"1"), ("b", b"2"), ("a", b"3")], None)
    assert list(user.get(["a", "b"], None)) == [Entry(b"3"), Entry(b"2")]


def test_get_returns_the_remaining_ttl(backend: KvBackend) -> None:
    user = backend.open("user")
    user.set([("a", b"1")], HOUR)
    [slot] = user.get(["a"], None)
    assert isinstance(slot, Entry) and about(slot.ttl_ms, HOUR)
    user.set([("a", b"1")], None)
    assert list(user.get(["a"], None)) == [Entry(b"1", None)]


def test_get_with_a_new_ttl_sets_and_returns_it(backend: KvBackend, request: pytest.FixtureRequest) -> None:
    user = backend.open("user")
    user.set([("a", b"1"), ("b", b"2")], None)
    spoil(backend, "user:hash", request)
    slots = user.get(["a", "none", "hash"], HOUR)
    assert list(slots) == [Entry(b"1", HOUR), ABSENT, WRONG_TYPE]
    [slot, other] = user.get(["a", "b"], None)
    assert isinstance(slot, Entry) and about(slot.ttl_ms, HOUR)
    assert other == Entry(b"2", None)


def test_set_with_the_longest_ttl_still_holds_the_value(backend: KvBackend) -> None:
    user = backend.open("user")
    user.set([("a", b"1")], 2**64 - 1)
    [slot] = user.get(["a"], 2**64 - 1)
    assert isinstance(slot, Entry) and slot.ttl_ms is not None and slot.ttl_ms > 10**15


def test_set_if_absent_returns_the_present_slots(backend: KvBackend, request: pytest.FixtureRequest) -> None:
    user = backend.open("user")
    user.set([("old", b"1")], HOUR)
    spoil(backend, "user:hash", request)
    entries = [("old", b"x"), ("new", b"y"), ("hash", b"z"), ("new", b"z")]
    [old, new, spoiled, again] = user.set_if_absent(entries, 2 * HOUR)
    assert isinstance(old, Entry) and old.value == b"1" and about(old.ttl_ms, HOUR)
    assert (new, spoiled, again) == (None, WRONG_TYPE, None)
    [slot] = user.get(["new"], None)
    assert isinstance(slot, Entry) and slot.value == b"z" and about(slot.ttl_ms, 2 * HOUR)


def test_increment_gives_the_ttl_to_an_absent_key_only(backend: KvBackend) -> None:
    user = backend.open("user")
    assert user.increment("n", 5, HOUR) == 5
    assert user.increment("n", -7, 9 * HOUR) == -2
    [slot] = user.get(["n"], None)
    assert isinstance(slot, Entry) and slot.value == b"-2" and about(slot.ttl_ms, HOUR)
    assert user.increment("m", 1, None) == 1
    assert list(user.get(["m"], None)) == [Entry(b"1", None)]


@pytest.mark.parametrize("held", [b"x", b"", b" 1", b"+1", b"01", b"-0", b"1.0", b"9223372036854775808", b"\xff"])
def test_increment_of_other_values_is_an_error_and_keeps_them(backend: KvBackend, held: bytes) -> None:
    user = backend.open("user")
    user.set([("n", held)], None)
    with pytest.raises(Other):
        user.increment("n", 1, HOUR)
    assert list(user.get(["n"], None)) == [Entry(held)]


def test_increment_beyond_64_bits_is_an_error_and_keeps_the_sum(
    backend: KvBackend, request: pytest.FixtureRequest
) -> None:
    user = backend.open("user")
    assert user.increment("n", 2**63 - 1, None) == 2**63 - 1
    assert user.increment("n", 0, None) == 2**63 - 1
    with pytest.raises(Other):
        user.increment("n", 1, None)
    assert list(user.get(["n"], None)) == [Entry(b"9223372036854775807")]
    spoil(backend, "user:hash", request)
    with pytest.raises(Other):
        user.increment("hash", 1, None)


def test_delete_and_exists_count_each_key_once(backend: KvBackend, request: pytest.FixtureRequest) -> None:
    user = backend.open("user")
    user.set([("a", b"1"), ("b", b"2")], None)
    spoil(backend, "user:hash", request)
    assert user.exists(["a", "a", "none", "hash"]) == 2
    assert user.delete(["a", "a", "none", "hash"]) == 2
    assert user.exists(["a", "b"]) == 1
    assert user.delete([]) == 0


def test_expire_sets_and_removes_and_returns_which_existed(backend: KvBackend) -> None:
    user = backend.open("user")
    user.set([("a", b"1"), ("b", b"2")], None)
    assert list(user.expire(["a", "none", "b", "a"], HOUR)) == [True, False, True, True]
    [slot] = user.get(["b"], None)
    assert isinstance(slot, Entry) and about(slot.ttl_ms, HOUR)
    for _ in range(2):
        assert list(user.expire(["none", "a", "b"], None)) == [False, True, True]
        assert list(user.get(["a", "b"], None)) == [Entry(b"1"), Entry(b"2")]


@pytest.mark.parametrize("name", ["user", "a:b", "h[a]llo", "*", "back\\slash", "q?-^]", "ü"])
def test_listing_takes_the_name_literally(backend: KvBackend, name: str) -> None:
    for other in ("users", "hallo", "hello", "other", "a", "backslash", "qx-^]", "u"):
        backend.open(other).set([("k", b"other")], None)
    bucket = backend.open(name)
    keys = [str(number) for number in range(100)] + ["", "a:b", "*", "ü\n\0"]
    bucket.set([(key, b"v") for key in keys], None)
    assert listed(bucket, 7) == sorted(keys)
    assert listed(bucket, 0) == sorted(keys)
    assert bucket.count() == len(keys)
    assert bucket.clear() == len(keys)
    assert (bucket.count(), listed(bucket, 10)) == (0, [])
    assert backend.open("other").count() == 1


def test_scan_with_an_unknown_cursor_is_an_error(raw: redis.Redis) -> None:
    bucket = RedisBackend(raw).open("user")
    for cursor in ("", "0", "-1", "x", "18446744073709551616", "1 ", "٤"):
        with pytest.raises(Other, match="not a cursor"):
            bucket.scan(cursor, 10)


def test_names_nest(backend: KvBackend) -> None:
    backend.open("user:admin").set([("1", b"x")], None)
    user = backend.open("user")
    assert list(user.get(["admin:1"], None)) == [Entry(b"x")]
    assert (user.count(), listed(user, 10)) == (1, ["admin:1"])


def test_keys_that_are_not_text_are_neither_listed_nor_counted_nor_cleared(raw: redis.Redis) -> None:
    bucket = RedisBackend(raw).open("user")
    raw.set(b"user:\xff", b"x")
    bucket.set([("a", b"1")], None)
    assert (bucket.count(), listed(bucket, 10)) == (1, ["a"])
    assert bucket.clear() == 1
    assert raw.get(b"user:\xff") == b"x"


def test_too_large_batch_is_an_error_before_anything_is_written(backend: KvBackend) -> None:
    user = backend.open("user")
    larger: Any = [
        lambda: user.set([("a", b"x"), ("b", b"x" * 1001)], None),
        lambda: user.set([("a", b"x"), ("k" * 1001, b"x")], None),
        lambda: user.set_if_absent([("a", b"x"), ("b", b"x" * 1001)], None),
    ]
    for write in larger:
        with pytest.raises(BackendTooLarge) as refused:
            write()
        assert refused.value.limit == 1000
    assert user.count() == 0
    user.set([("a", b"x" * 1000)], None)
    assert user.count() == 1


@pytest.mark.parametrize("name", ["", "n" * 1025])
def test_open_of_an_invalid_name_is_an_error(backend: KvBackend, name: str) -> None:
    with pytest.raises(Other):
        backend.open(name)


def test_expired_key_is_absent_for_every_call() -> None:
    now = [1000]
    backend = MemoryBackend(clock=lambda: now[0])
    user = backend.open("user")
    user.set([("a", b"1"), ("n", b"7")], 500)
    now[0] += 499
    assert list(user.get(["a"], None)) == [Entry(b"1", 1)]
    now[0] += 1
    assert list(user.get(["a", "n"], None)) == [ABSENT, ABSENT]
    user.set([("a", b"1"), ("n", b"7")], 500)
    now[0] += 500
    assert (user.exists(["a", "n"]), user.count(), listed(user, 10)) == (0, 0, [])
    assert list(user.expire(["a"], None)) == [False]
    assert user.delete(["a"]) == 0
    assert user.increment("n", 1, None) == 1
    assert list(user.set_if_absent([("a", b"2")], None)) == [None]


def test_changes_returns_the_writes_of_others_since_a_cursor() -> None:
    backend = MemoryBackend()
    mine, theirs = backend.open("user"), backend.open("user")
    first = mine.changes(None)
    assert first.keys is None
    mine.set([("own", b"1")], None)
    theirs.set([("theirs", b"1")], None)
    backend.put("user:beside", b"1")
    backend.put("other:k", b"1")
    backend.remove("user:absent")
    changes = mine.changes(first.cursor)
    assert changes.keys == ["theirs", "beside"]
    assert mine.changes(changes.cursor).keys == []
    assert mine.changes(changes.cursor + 1).keys is None, "this cursor was never returned"
    assert theirs.changes(first.cursor).keys == ["own", "beside"]
