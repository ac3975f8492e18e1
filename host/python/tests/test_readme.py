"""Every example of FlipCache's README runs unchanged but for the import, and prints what it did there."""

from __future__ import annotations

import pytest
import redis

from flipcache_conformance.server import Server

from . import readme


def test_readme_has_the_examples_that_are_tested_here() -> None:
    assert len(readme.examples()) == 7


def test_basic_example_prints_its_documented_output(server: Server, raw: redis.Redis) -> None:
    assert readme.run(readme.example('FlipCache("my_cache")'), server.port) == "my_value\nNone\nTrue\n"
    assert raw.keys() == [b"my_cache:my_key"]


def test_expiring_example_prints_its_documented_output(server: Server, raw: redis.Redis) -> None:
    assert readme.run(readme.example("expire_time=5"), server.port) == "None\n"
    assert raw.keys() == []


@pytest.mark.parametrize("word", ["et.THREE_DAYS", "FIFODict", "LRUDict"])
def test_example_prints_the_same_as_with_the_original(server: Server, raw: redis.Redis, word: str) -> None:
    printed = readme.run(readme.example(word), server.port)
    raw.flushall()
    assert printed == readme.run(readme.example(word), server.port, "flipcache")
    assert printed.count("\n") >= 1


def test_custom_example_prints_its_documented_output(server: Server, raw: redis.Redis) -> None:
    printed = readme.run(readme.example("encode_shape"), server.port)
    # The original returns the default as given, and prints area=0.
    assert printed.splitlines() == [
        "Shape(name='womp', dimensions=[4.1, 3.4], edges=6, area=16.38)",
        "Shape(name='default', dimensions=[], edges=0, area=0.0)",
        "Shape(name='wat', dimensions=[11.0, 22.0], edges=0, area=242.0)",
    ]
    assert raw.get("custom:123") == b"womp||[4.1, 3.4]||6||16.38"


def test_benchmark_example_reads_what_it_wrote(server: Server, raw: redis.Redis) -> None:
    code = readme.example("KEYS = 1_000") + "\nredis_set()\npycache_set()\nprint(cache[7], len(cache))\n"
    assert readme.run(code, server.port) == "14 1000\n"
