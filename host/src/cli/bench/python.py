"""The benchmark of the original, on the original.

Arguments: `check` to see whether it can run, `run` to run. What to do comes on standard input, as JSON;
each row goes to standard output as a line of JSON, with nanoseconds for one operation as samples.
"""
import sys

# A folder that happens to be called flipcache must not be taken for the package.
sys.path = [path for path in sys.path if path]

import json
import platform
from importlib.metadata import version
from time import perf_counter_ns

from flipcache import FlipCache
from redis import Redis

DOCUMENT = {"name": "Ada Lovelace", "tags": ["mathematics", "engines"], "notes": "n" * 950}


def measure(name, rounds, keys, operation):
    operation()
    samples = []
    for _ in range(rounds):
        start = perf_counter_ns()
        operation()
        samples.append((perf_counter_ns() - start) / keys)
    print(json.dumps({"name": name, "samples": samples}), flush=True)


def main(name, keys, rounds, address):
    client = Redis(decode_responses=True, **address)
    cache = FlipCache(name, redis_protocol=client, local_max=keys)
    documents = FlipCache(f"{name}:json", redis_protocol=client, local_max=keys, value_type="json")
    uncached = FlipCache(name, redis_protocol=client, local_max=0)
    numbers = range(keys)
    texts = [str(i) for i in numbers]

    def redis_set():
        for i in numbers:
            client.set(f"{name}:{i}", i * 2)

    def redis_get():
        for i in numbers:
            client.get(f"{name}:{i}")

    def flipcache_set():
        for i in numbers:
            cache[i] = i * 2

    def read(cache, keys):
        def operation():
            for key in keys:
                cache[key]
        return operation

    for text in texts:
        documents[text] = DOCUMENT
    for row, operation in (
        ("redis_set", redis_set),
        ("flipcache_set", flipcache_set),
        ("redis_get", redis_get),
        ("flipcache_get", read(cache, numbers)),
        ("flipcache_get_str", read(cache, texts)),
        ("flipcache_get_json_1k", read(documents, texts)),
        ("flipcache_miss", read(uncached, texts)),
    ):
        measure(f"python_{row}", rounds, keys, operation)


if sys.argv[1] == "check":
    python = f"{platform.python_implementation()} {platform.python_version()}"
    print(f"{python}, flipcache {version('flipcache')}, redis {version('redis')}")
else:
    try:
        main(**json.load(sys.stdin))
    except Exception as error:
        print(json.dumps({"error": f"{type(error).__name__}: {error}"}))
        sys.exit(1)
