"""The instance behind caches: traps, interrupts, re-entrance, threads, forks, garbage."""

from __future__ import annotations

import gc
import os
import threading
import traceback
from typing import Any, Callable, List

import pytest
import redis

from flipcache_wasm import Client, FlipCache, LRUDict, MemoryBackend, RedisBackend, digest
from flipcache_wasm import errors as kinds
from flipcache_wasm._component.instance import CACHE
from flipcache_wasm.client import client_of

from .test_imports import Scripted, raising


def test_interrupt_during_a_backend_call_is_raised_and_the_next_call_works() -> None:
    backend = Scripted()
    cache = FlipCache("c", backend=backend)
    cache["k"] = "v"
    backend.script["get"] = raising(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        cache["other"]
    backend.script.clear()
    assert cache.get_detailed("k") == ("v", "backend"), "the local tier starts empty"
    assert cache.get_detailed("k") == ("v", "local")


def test_trap_is_an_error_and_the_next_call_works() -> None:
    cache = FlipCache("c", backend=MemoryBackend())
    cache["k"] = "v"
    client = cache._client
    instance = client._instance
    assert instance is not None
    instance.imports.open = raising(SystemExit())  # type: ignore[method-assign]
    with pytest.raises(SystemExit):
        FlipCache("d", backend=client.backend)
    # wasmtime does not enter an instance whose call was interrupted.
    with pytest.raises(kinds.ComponentFailed, match="cannot enter component instance"):
        instance.call(CACHE, "get", cache._handle.pointer, "k")
    assert cache["k"] == "v"
    assert FlipCache("d", backend=client.backend)["k"] is None


def test_dictionary_after_a_trap_is_in_insertion_order() -> None:
    items: LRUDict[str, int] = LRUDict(3, [("a", 1), ("b", 2), ("c", 3)])
    order = items._order
    instance = order._client._instance
    assert instance is not None
    instance.is_poisoned = True
    LRUDict(1)
    assert order.is_lost()
    assert items["a"] == 1
    assert list(items.items()) == [("b", 2), ("c", 3), ("a", 1)]
    items["d"] = 4
    assert list(items) == ["c", "a", "d"]


@pytest.mark.parametrize("function", ["get", "set"])
def test_backend_that_calls_the_cache_is_an_error_not_a_deadlock(function: str) -> None:
    backend = Scripted()
    cache = FlipCache("c", backend=backend)
    inner: List[Exception] = []

    def call_back(*_: Any) -> Any:
        try:
            cache["k"]
        except kinds.ReentrantCall as error:
            inner.append(error)
        raise kinds.Unavailable("away")

    backend.script[function] = call_back
    with pytest.raises(kinds.Unavailable):
        cache.set("k", "v") if function == "set" else cache["k"]
    assert len(inner) == 1
    backend.script.clear()
    cache["k"] = "v"
    assert cache["k"] == "v"


def test_caches_without_references_are_closed() -> None:
    backend = MemoryBackend()
    keep = FlipCache("kept", backend=backend)
    FlipCache("c", backend=backend)
    gc.collect()
    assert keep["k"] is None
    other = FlipCache("c", backend=backend, value_type="int")
    other["k"] = 1
    with pytest.raises(kinds.Conflict):
        FlipCache("c", backend=backend, value_type="json")


def test_handles_of_one_name_are_one_cache() -> None:
    backend = MemoryBackend()
    one, other = FlipCache("c", backend=backend), FlipCache("c", backend=backend)
    one["k"] = "v"
    assert other.get_detailed("k") == ("v", "local")
    other["k"] = "w"
    assert one["k"] == "w"


def test_clients_of_one_pool_share_a_local_tier(client: redis.Redis) -> None:
    one = FlipCache("c", redis_protocol=client)
    other = FlipCache("c", redis_protocol=redis.Redis(connection_pool=client.connection_pool))
    one["k"] = "v"
    assert other.get_detailed("k").source == "local"


def test_backend_has_one_client(memory: MemoryBackend) -> None:
    cache = FlipCache("c", backend=memory)
    with pytest.raises(kinds.InvalidOptions):
        Client(memory)
    assert FlipCache("d", backend=cache._client)._client is cache._client
    del cache
    gc.collect()
    assert Client(memory).generation == 1


def test_digest_is_that_of_the_loaded_bytes() -> None:
    client = client_of(MemoryBackend())
    assert client.digest == digest()
    assert len(bytes.fromhex(digest())) == 32


def test_threads_of_one_cache_see_each_others_writes_and_lose_none(client: redis.Redis) -> None:
    counts = FlipCache("n", value_type="int", redis_protocol=client, local_max=2)
    texts = FlipCache("t", redis_protocol=client, local_max=3)
    failures: List[BaseException] = []

    def work(number: int) -> None:
        try:
            for at in range(60):
                counts.increment("sum")
                key = f"{at % 5}"
                texts[key] = f"{number}-{at}"
                assert str(texts[key]).count("-") == 1
                repr(texts)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert counts["sum"] == 480
    assert len(texts.local) <= 3


def test_dictionaries_keep_their_bound_under_threads() -> None:
    items: LRUDict[int, int] = LRUDict(3)
    failures: List[BaseException] = []

    def work(number: int) -> None:
        try:
            for at in range(300):
                items[at % 7] = number
                items.get(at % 5)
                items.setdefault(at % 3, at)
                items.pop(at % 4, None)
                assert len(list(items.items())) <= 3
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(items) <= 3 and sorted(items._order.numbers()) == sorted(items._held)


def in_child(check: Callable[[], None]) -> None:
    """Runs a check in a forked child, and fails with it."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            check()
            os.write(write, b"ok")
        except BaseException:
            os.write(write, traceback.format_exc().encode())
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        output = pipe.read()
    os.waitpid(child, 0)
    assert output == b"ok", output.decode()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_forked_child_starts_with_an_empty_local_tier_and_its_own_connection(client: redis.Redis) -> None:
    cache = FlipCache("c", redis_protocol=client)
    cache["k"] = "v"
    items: LRUDict[str, int] = LRUDict(2, a=1)

    def check() -> None:
        assert cache.get_detailed("k") == ("v", "backend")
        assert cache.get_detailed("k") == ("v", "local")
        cache["child"] = "written"
        assert items["a"] == 1

    in_child(check)
    assert cache.get_detailed("k") == ("v", "local")
    assert cache["child"] == "written"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_child_that_was_forked_while_another_thread_was_in_a_call_does_not_wait_for_it() -> None:
    backend = Scripted()
    cache = FlipCache("c", backend=backend)
    cache["k"] = "v"
    entered, go_on = threading.Event(), threading.Event()

    def wait(*_: Any) -> Any:
        entered.set()
        assert go_on.wait(60)
        raise kinds.Unavailable("away")

    backend.script["delete"] = wait

    def delete() -> None:
        with pytest.raises(kinds.Unavailable):
            cache.delete("other")

    busy = threading.Thread(target=delete)
    busy.start()
    assert entered.wait(60)
    try:
        in_child(lambda: _expect(cache["k"] == "v"))
    finally:
        go_on.set()
        busy.join()
    assert cache["k"] == "v"


def _expect(condition: bool) -> None:
    assert condition


def test_backend_is_freed_with_its_caches(client: redis.Redis) -> None:
    cache = FlipCache("c", redis_protocol=client)
    first = cache._client
    assert isinstance(first.backend, RedisBackend)
    assert FlipCache("d", redis_protocol=client)._client is first
