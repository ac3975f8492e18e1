"""The clock of TTLs and leases, which includes the time for which the machine sleeps.

``time.monotonic`` stops during sleep on Linux and macOS, and an entry with a TTL would outlive a suspend.
"""

from __future__ import annotations

import sys
import time

if sys.platform == "linux":
    _CLOCK = time.CLOCK_BOOTTIME

    def now_ns() -> int:
        """Returns monotonic nanoseconds since some fixed moment."""
        return time.clock_gettime_ns(_CLOCK)

elif sys.platform == "darwin":
    # On macOS it includes sleep; ``time.monotonic`` uses another clock.
    _CLOCK = time.CLOCK_MONOTONIC

    def now_ns() -> int:
        """Returns monotonic nanoseconds since some fixed moment."""
        return time.clock_gettime_ns(_CLOCK)

else:

    def now_ns() -> int:
        """Returns monotonic nanoseconds since some fixed moment."""
        return time.monotonic_ns()


def now() -> float:
    """Returns :func:`now_ns` in seconds."""
    return now_ns() / 1e9
