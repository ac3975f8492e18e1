"""The clock that lifetimes and leases are counted by: it counts the time for which the machine sleeps.

``time.monotonic`` stands still meanwhile on Linux and macOS, and an entry with a TTL would outlive a suspend.
"""

from __future__ import annotations

import sys
import time

if sys.platform == "linux":
    _CLOCK = time.CLOCK_BOOTTIME

    def now_ns() -> int:
        """Nanoseconds since some fixed moment, which never go back."""
        return time.clock_gettime_ns(_CLOCK)

elif sys.platform == "darwin":
    # There it counts sleep, and ``time.monotonic`` is another one.
    _CLOCK = time.CLOCK_MONOTONIC

    def now_ns() -> int:
        """Nanoseconds since some fixed moment, which never go back."""
        return time.clock_gettime_ns(_CLOCK)

else:

    def now_ns() -> int:
        """Nanoseconds since some fixed moment, which never go back."""
        return time.monotonic_ns()


def now() -> float:
    """As :func:`now_ns`, in seconds."""
    return now_ns() / 1e9
