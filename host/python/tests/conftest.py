"""A Redis for all tests, emptied before each of them."""

from __future__ import annotations

from typing import Iterator

import pytest
import redis

from flipcache_conformance.server import Server
from flipcache_wasm import MemoryBackend


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


@pytest.fixture
def raw(server: Server) -> Iterator[redis.Redis]:
    """Another client, without decoding."""
    with server.client() as client:
        client.flushall()
        yield client


@pytest.fixture
def client(server: Server, raw: redis.Redis) -> Iterator[redis.Redis]:
    """What an application has: a client that decodes."""
    with server.client(decode_responses=True) as decoding:
        yield decoding


@pytest.fixture
def memory() -> MemoryBackend:
    return MemoryBackend()
