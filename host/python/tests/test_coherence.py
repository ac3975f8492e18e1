"""Writes of others are seen, over a real Redis that is cut off, restarts, hangs, or may not report changes."""

from __future__ import annotations

import os
import signal
import threading
from typing import Any, Callable, Iterator, List

import pytest
import redis

from flipcache_conformance.server import Server, free_port
from flipcache_wasm import FlipCache, RedisBackend
from flipcache_wasm import errors as kinds
from flipcache_wasm.backend.redis.prefixes import MOST, cover

from .waiting import eventually


@pytest.fixture
def cache(client: redis.Redis) -> FlipCache:
    return FlipCache("user", redis_protocol=client)


def is_local(cache: FlipCache, key: str) -> bool:
    return cache.get_detailed(key).source == "local"


def test_own_write_is_served_locally_from_the_first_one_on(cache: FlipCache) -> None:
    cache["a"] = "1"
    assert is_local(cache, "a")
    cache["a"] = "2"
    cache["b"] = "3"
    assert cache.get_detailed("a") == ("2", "local")
    assert list(cache.local) == ["a", "b"]


FOREIGN: List[Any] = [
    lambda raw: raw.set("user:a", "theirs"),
    lambda raw: raw.delete("user:a"),
    lambda raw: raw.append("user:a", "!"),
    lambda raw: raw.rename("user:a", "elsewhere"),
    lambda raw: raw.pexpire("user:a", 1),
    lambda raw: raw.eval("return redis.call('SET', KEYS[1], 'x')", 1, "user:a"),
    lambda raw: raw.flushall(),
    lambda raw: raw.flushdb(),
]


@pytest.mark.parametrize("change", FOREIGN, ids=range(len(FOREIGN)))
def test_change_by_others_invalidates_the_entry(
    cache: FlipCache, raw: redis.Redis, change: Callable[[redis.Redis], Any]
) -> None:
    cache["a"] = "mine"
    assert is_local(cache, "a")
    change(raw)
    eventually(lambda: "a" not in cache.local, "the entry was dropped")

    def agrees() -> bool:
        held = raw.get("user:a")
        return bool(cache["a"] == (None if held is None else held.decode()))

    eventually(agrees, "it serves the current value")


def test_cache_that_is_opened_later_is_invalidated_too(cache: FlipCache, client: redis.Redis, raw: redis.Redis) -> None:
    cache["a"] = "1"
    nested = FlipCache("user:admin", redis_protocol=client)
    other = FlipCache("other", redis_protocol=client)
    outer = FlipCache("u", redis_protocol=client)
    for opened in (nested, other, outer):
        opened["k"] = "mine"
        assert is_local(opened, "k")
        raw.set(f"{opened.name}:k", "theirs")
        eventually(lambda opened=opened: opened["k"] == "theirs", "the write was seen")  # type: ignore[misc]


def test_changes_of_other_keys_invalidate_nothing(cache: FlipCache, raw: redis.Redis) -> None:
    cache["a"], cache["b"] = "1", "2"
    raw.set("users:a", "x")
    raw.set("user:b", "theirs")
    eventually(lambda: "b" not in cache.local, "that entry was dropped")
    assert is_local(cache, "a")


def test_two_clients_see_each_others_writes(server: Server, raw: redis.Redis) -> None:
    with server.client() as one, server.client() as other:
        first, second = FlipCache("user", redis_protocol=one), FlipCache("user", redis_protocol=other)
        first["a"] = "1"
        assert second["a"] == "1"
        second["a"] = "2"
        eventually(lambda: first["a"] == "2", "the first one saw it")
        assert is_local(second, "a")


@pytest.mark.parametrize("kind", ["normal", "pubsub"])
def test_lost_connection_flushes_the_local_tier(cache: FlipCache, raw: redis.Redis, kind: str) -> None:
    cache["a"] = "1"
    assert is_local(cache, "a")
    own = raw.client_id()
    for connection in raw.client_list(_type=kind):
        if int(connection["id"]) != own:
            raw.client_kill_filter(_id=connection["id"])
    raw.set("user:a", "theirs")
    eventually(lambda: cache["a"] == "theirs", "the write was seen")
    eventually(lambda: is_local(cache, "a"), "tracking is restored")


def test_read_over_a_lost_connection_caches_nothing_untracked(cache: FlipCache, raw: redis.Redis) -> None:
    cache["a"] = "1"
    raw.set("user:b", "old")
    own = raw.client_id()
    for connection in raw.client_list():
        if int(connection["id"]) != own:
            raw.client_kill_filter(_id=connection["id"])
    # Whichever connection the reader has by now, its entries are tracked.
    eventually(lambda: _value(cache, "b") == "old", "the old value was served")
    raw.set("user:b", "new")
    eventually(lambda: cache["b"] == "new", "the write was seen")


def _value(cache: FlipCache, key: str) -> Any:
    try:
        return cache[key]
    except kinds.Unavailable:
        return None


@pytest.fixture
def own_server() -> Iterator[Server]:
    with Server() as running:
        yield running


def test_restart_of_the_server_is_survived(own_server: Server) -> None:
    cache = FlipCache("user", redis_protocol=own_server.client())
    cache["a"] = "1"
    own_server.stop()
    with pytest.raises(kinds.Unavailable):
        for _ in range(2):
            cache["a"]
            cache["b"]
    with Server(port=own_server.port):
        eventually(lambda: _is_served(cache, "a"), "the server replies again")
        assert cache["a"] is None
        cache["a"] = "2"
        eventually(lambda: is_local(cache, "a"), "tracking is restored")


def _is_served(cache: FlipCache, key: str) -> bool:
    try:
        cache[key]
    except kinds.Unavailable:
        return False
    return True


def test_silent_server_ends_the_lease_after_the_bound(own_server: Server) -> None:
    backend = RedisBackend(own_server.client(), deadline=0.2, staleness_bound=0.5)
    cache = FlipCache("user", backend=backend, stale_on_error=600)
    cache["a"] = "1"
    os.kill(own_server.process.pid, signal.SIGSTOP)
    try:
        eventually(lambda: cache.get_detailed("a").source == "stale", "the bound was over")
        plain = FlipCache("user", backend=backend)
        with pytest.raises((kinds.Timeout, kinds.Unavailable)):
            plain["a"]
    finally:
        os.kill(own_server.process.pid, signal.SIGCONT)
    eventually(lambda: is_local(cache, "a"), "tracking is restored")


def test_lease_ends_while_a_call_waits_for_the_server(own_server: Server) -> None:
    backend = RedisBackend(own_server.client(socket_timeout=60), deadline=60, staleness_bound=0.5)
    cache = FlipCache("user", backend=backend)
    cache["a"] = "1"
    os.kill(own_server.process.pid, signal.SIGSTOP)
    try:
        # Less than the deadline: no call has failed yet.
        eventually(lambda: "a" not in cache.local, "the bound was over")
    finally:
        os.kill(own_server.process.pid, signal.SIGCONT)
    eventually(lambda: is_local(cache, "a"), "tracking is restored")


def test_server_without_tracking_is_cached_untracked_if_allowed(own_server: Server) -> None:
    admin = own_server.client()
    admin.acl_setuser(
        "app", enabled=True, passwords=["+secret"], keys=["*"], commands=["+@all", "-client|tracking"], channels=["*"]
    )
    client = own_server.client(username="app", password="secret")
    cache = FlipCache("user", redis_protocol=client)
    cache["a"] = "1"
    assert is_local(cache, "a")
    required = FlipCache("user", backend=RedisBackend(client, coherence="tracking"))
    required["a"] = "2"
    assert required.get_detailed("a") == ("2", "backend")
    assert required.get_detailed("a") == ("2", "backend")


def test_replica_is_read_but_not_cached(own_server: Server) -> None:
    master = own_server.client()
    master.set("user:a", "1")
    with Server("--replicaof", "127.0.0.1", str(own_server.port)) as replica:
        cache = FlipCache("user", redis_protocol=replica.client())
        eventually(lambda: _value(cache, "a") == "1", "it was replicated")
        assert cache.get_detailed("a") == ("1", "backend")
        with pytest.raises(kinds.Unavailable):
            cache["a"] = "2"


def test_without_coherence_the_local_tier_serves_entries_until_they_expire(raw: redis.Redis) -> None:
    cache = FlipCache("user", backend=RedisBackend(raw, coherence="off"))
    cache["a"] = "1"
    raw.set("user:a", "theirs")
    assert cache.get_detailed("a") == ("1", "local")
    assert not any(connection["flags"] == "t" for connection in raw.client_list())


def test_view_and_repr_do_not_call_redis() -> None:
    cache = FlipCache("user", redis_protocol=redis.Redis(port=free_port()))
    assert (repr(cache), len(cache.local), cache.stats().local_len) == ("FlipCache<user>([])", 0, 0)


def test_after_all_writes_no_cache_is_stale(server: Server, raw: redis.Redis) -> None:
    keys = [f"k{number}" for number in range(20)]
    with server.client() as one, server.client() as other:
        caches = [FlipCache("race", redis_protocol=client, local_max=15) for client in (one, other)]
        failures: List[BaseException] = []

        def write(work: Callable[[str, str], Any], name: str) -> None:
            try:
                for at in range(200):
                    work(keys[at * 7 % len(keys)], f"{name}-{at}")
            except BaseException as error:
                failures.append(error)

        def read_and_write(cache: FlipCache) -> Callable[[str, str], Any]:
            def work(key: str, value: str) -> None:
                cache[key]
                if value.endswith("3"):
                    cache[key] = value

            return work

        works = [read_and_write(cache) for cache in caches]
        works.append(lambda key, value: raw.set(f"race:{key}", value))
        threads = [threading.Thread(target=write, args=(work, str(nth))) for nth, work in enumerate(works)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        for cache in caches:
            for key in keys:
                held = raw.get(f"race:{key}")
                expected = None if held is None else held.decode()
                eventually(lambda c=cache, k=key, e=expected: c[k] == e, "L1 and L2 agree")  # type: ignore[misc]


def test_cover_returns_the_smallest_set_of_prefixes() -> None:
    assert cover(["user:", "user:admin:", "users:", "a:", "user:admin:x:"]) == ["a:", "user:", "users:"]
    assert cover(f"app:{number}:" for number in range(MOST + 1)) == ["app:"]
    assert cover(f"{number}:" for number in range(MOST + 1)) == [""]


def test_more_caches_than_tracked_prefixes_are_invalidated(client: redis.Redis, raw: redis.Redis) -> None:
    caches = [FlipCache(f"{number}", redis_protocol=client) for number in range(MOST + 3)]
    for cache in caches:
        cache["k"] = "mine"
    assert is_local(caches[-1], "k")
    for cache in (caches[0], caches[-1]):
        raw.set(f"{cache.name}:k", "theirs")
        eventually(lambda c=cache: c["k"] == "theirs", "the write was seen")  # type: ignore[misc]


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_forked_child_tracks_by_its_own_connections(cache: FlipCache, raw: redis.Redis) -> None:
    cache["a"] = "1"
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            assert cache["a"] == "1" and is_local(cache, "a")
            os.write(write, b"ready\n")
            eventually(lambda: cache["a"] == "theirs", "the child saw it")
            os.write(write, b"seen\n")
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        assert pipe.readline() == b"ready\n"
        raw.set("user:a", "theirs")
        assert pipe.readline() == b"seen\n"
    os.waitpid(child, 0)
    eventually(lambda: cache["a"] == "theirs", "the parent saw it, too")
