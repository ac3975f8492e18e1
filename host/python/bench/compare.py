"""The cost of operations here and with the original, over a separate Redis: the minimum of several rounds."""

from __future__ import annotations

import time
from typing import Any, Callable, List, Tuple

import flipcache

import flipcache_wasm
from flipcache_conformance.server import Server

ROUNDS = 400
CALLS = 20

Operation = Callable[[], Any]


def cost(operation: Operation) -> float:
    """Microseconds a call."""
    least = float("inf")
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        for _ in range(CALLS):
            operation()
        least = min(least, (time.perf_counter() - begun) / CALLS)
    return least * 1e6


def of_caches(package: Any, client: Any) -> List[Tuple[str, Operation]]:
    """The operations of a cache."""
    texts = package.FlipCache("t", redis_protocol=client)
    far = package.FlipCache("f", redis_protocol=client, local_max=0)
    data = package.FlipCache("j", redis_protocol=client, value_type="json")
    texts["k"], texts["long"], far["k"], far["long"] = "v" * 10, "v" * 1024, "v" * 10, "v" * 1024
    data["k"] = {"state": 1, "orders": [1, 2, 3, 4], "items": {"foo": 1, "bar": True, "baz": []}}
    return [
        ("hit, 10 characters", lambda: texts["k"]),
        ("hit, 1 KiB", lambda: texts["long"]),
        ("hit, JSON of the README", lambda: data["k"]),
        ("`in`, local", lambda: "k" in texts),
        ("read from Redis, 10 characters", lambda: far["k"]),
        ("read from Redis, 1 KiB", lambda: far["long"]),
        ("absent key", lambda: texts["absent"]),
        ("set", lambda: texts.__setitem__("k", "v" * 10)),
    ]


def of_dictionaries(package: Any) -> List[Tuple[str, Operation]]:
    """The operations of dictionaries."""
    fifo, lru = package.FIFODict(100), package.LRUDict(100)
    fifo["k"] = lru["k"] = 1
    number = iter(range(10**9))
    return [
        ("`FIFODict` read", lambda: fifo["k"]),
        ("`LRUDict` read", lambda: lru["k"]),
        ("`LRUDict` set with eviction", lambda: lru.__setitem__(next(number), 1)),
    ]


def main() -> None:
    """Prints a table in Markdown."""
    with Server() as server, server.client(decode_responses=True) as client:
        rows = [of_caches(package, client) + of_dictionaries(package) for package in (flipcache_wasm, flipcache)]
        print("| | here | FlipCache 1.3 |\n|---|---|---|")
        for (name, ours), (_, theirs) in zip(*rows):
            print(f"| {name} | {cost(ours):.1f} us | {cost(theirs):.2f} us |")


if __name__ == "__main__":
    main()
