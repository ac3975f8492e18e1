"""The examples of FlipCache's source archive, by their text in `examples/` of it."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Dict, Iterator

import pytest
import redis

from flipcache_conformance.server import Server

from . import readme


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dict[str, str]]:
    """The examples by name. The archive is kept between runs."""
    cache = Path(os.environ.get("FLIPCACHE_ARCHIVE", Path(sys.prefix) / "flipcache-archive"))
    archives = list(cache.glob("flipcache-1.3.tar.gz"))
    if not archives:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
        command += ["--no-build-isolation", "--dest", str(cache), "flipcache==1.3"]
        fetched = subprocess.run(command, capture_output=True, text=True, check=False)
        assert fetched.returncode == 0, f"the source archive of FlipCache 1.3 cannot be had: {fetched.stderr}"
        archives = list(cache.glob("flipcache-1.3.tar.gz"))
    with tarfile.open(archives[0]) as opened:
        texts = {}
        for member in opened.getmembers():
            if "/examples/" in member.name and member.name.endswith(".py"):
                held = opened.extractfile(member)
                assert held is not None
                texts[Path(member.name).stem] = held.read().decode()
    yield texts


@pytest.mark.parametrize("name", ["fifo_example", "lru_example", "json_example"])
def test_example_prints_the_same_as_with_the_original(
    server: Server, raw: redis.Redis, archive: Dict[str, str], name: str
) -> None:
    printed = readme.run(archive[name], server.port)
    raw.flushall()
    assert printed == readme.run(archive[name], server.port, "flipcache")
    assert printed


@pytest.mark.parametrize("name", ["fifo_thread_safe", "lru_thread_safe", "fifo_async_safe", "lru_async_safe"])
def test_concurrent_example_ends_with_the_expected_size(server: Server, archive: Dict[str, str], name: str) -> None:
    printed = readme.run(archive[name], server.port)
    _, _, final = printed.rpartition("\nFinal ")
    listed = final.splitlines()
    items = listed[1:] if listed[0] == "contents:" else eval(listed[0].partition(":")[2])
    assert len(items) == (5 if name.startswith("fifo") else 4)


def test_expiring_example_prints_the_documented_output(
    server: Server, raw: redis.Redis, archive: Dict[str, str]
) -> None:
    assert readme.run(archive["expiring_cache"], server.port).splitlines() == [
        "Hello World!",
        "None",
        "Python",
        "1",
        "Hello, World!",
        "Hello, World!",
        "Python",
        "2",
    ]


def test_custom_example_decodes_the_default(server: Server, raw: redis.Redis, archive: Dict[str, str]) -> None:
    assert "Shape(name='default', dimensions=[], edges=0, area=0.0)" in readme.run(
        archive["custom_encoder"], server.port
    )


def test_default_example_returns_text_from_either_tier(
    server: Server, raw: redis.Redis, archive: Dict[str, str]
) -> None:
    printed = readme.run(archive["default_example"], server.port).splitlines()
    raw.flushall()
    there = readme.run(archive["default_example"], server.port, "flipcache").splitlines()
    # A value's type depends on the tier there, and does not here.
    assert printed[:3] == ["4 <class 'str'>", "456 <class 'str'>", "(1, 2) <class 'str'>"]
    assert there[:3] == ["4 <class 'int'>", "456 <class 'str'>", "(1, 2) <class 'tuple'>"]
    # Then come the keys in Redis, in its order, and those of the local tier, and how many there are of each.
    assert printed[3:7] == there[3:7]
    assert sorted(printed[7:-2]) == sorted(there[7:-2])
    assert printed[-2:] == there[-2:]
