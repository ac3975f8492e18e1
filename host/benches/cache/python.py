"""A hit of the original: reads every key so many times, and tells how long one read takes.

What to do comes on standard input, as JSON; what came out goes to standard output, as JSON.
"""
import json
import platform
import sys
from importlib.metadata import version
from statistics import median
from time import perf_counter_ns

from flipcache import FlipCache
from redis import Redis

order = json.load(sys.stdin)
keys = list(order["entries"])
client = Redis(port=order["port"], decode_responses=True)
cache = FlipCache("bench-python", redis_protocol=client, local_max=2 * len(keys))
for key, value in order["entries"].items():
    cache[key] = value


def read(times):
    for _ in range(times):
        for key in keys:
            cache[key]


def sample(times):
    start = perf_counter_ns()
    read(times)
    return (perf_counter_ns() - start) / (times * len(keys))


# So that a sample lasts as long as was asked for.
times = max(1, int(order["sample_ns"] / (sample(100) * len(keys))))
json.dump({
    "ns": median(sample(times) for _ in range(order["samples"])),
    "versions": f"CPython {platform.python_version()}, flipcache {version('flipcache')}",
}, sys.stdout)
