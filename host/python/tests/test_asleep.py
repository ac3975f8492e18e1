"""A machine that was suspended: the time asleep counts."""

from __future__ import annotations

import sys
import time
from typing import Callable

import pytest

from flipcache_wasm import FlipCache, MemoryBackend
from flipcache_wasm.backend.feed import Feed
from flipcache_wasm.clock import now

HOUR = 3600.0

pytestmark = pytest.mark.skipif(sys.platform not in ("linux", "darwin"), reason="elsewhere time.monotonic counts sleep")


@pytest.fixture
def sleep(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Advances the clocks that include sleep, as a suspend does, but not ``time.monotonic``."""
    asleep = 0.0
    real = time.clock_gettime_ns

    def moved(clock: int) -> int:
        return real(clock) + int(asleep * 1e9)

    def fall_asleep(seconds: float) -> None:
        nonlocal asleep
        asleep += seconds

    monkeypatch.setattr(time, "clock_gettime_ns", moved)
    return fall_asleep


def test_entry_whose_ttl_passed_while_the_machine_slept_is_absent(sleep: Callable[[float], None]) -> None:
    backend = MemoryBackend()
    cache = FlipCache("c", backend=backend, expire_time=600)
    cache["k"] = "v"
    assert cache.get_detailed("k") == ("v", "local")
    sleep(HOUR)
    assert cache["k"] is None
    assert backend.peek("c:k") is None


def test_feed_after_a_sleep_beyond_the_bound_is_lost(sleep: Callable[[float], None]) -> None:
    feed = Feed()
    feed.lease_until = now() + 600
    assert not feed.is_lost()
    sleep(HOUR)
    assert feed.is_lost()
