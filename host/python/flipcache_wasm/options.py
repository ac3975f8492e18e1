"""Converts the arguments of a cache to the component's records."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any, Dict, Optional, Union

from .codecs import Codec, Keys
from .errors import InvalidOptions, InvalidTtl, InvalidValue

#: Seconds, fractions allowed, or a ``timedelta``.
Seconds = Union[int, float, timedelta]

EVICTIONS = ("fifo", "lru", "s3-fifo")


def millis(time: Seconds, what: str) -> int:
    """Converts a time to whole milliseconds, at least 1 if it is above 0."""
    if isinstance(time, timedelta):
        seconds: float = time.total_seconds()
    elif isinstance(time, bool) or not isinstance(time, (int, float)):
        raise InvalidOptions(f"{what} must be seconds or a timedelta, not {type(time).__name__}")
    else:
        seconds = time
    if not math.isfinite(seconds) or seconds < 0 or seconds > 2**53:
        raise InvalidTtl(f"{what} must be a finite time of at least 0")
    return max(round(seconds * 1000), 1 if seconds > 0 else 0)


def ttl_millis(time: Optional[Seconds], what: str = "expire_time") -> Optional[int]:
    """Converts a TTL to milliseconds. ``None`` means no expiry; 0 is invalid."""
    if time is None:
        return None
    ttl = millis(time, what)
    if ttl == 0:
        raise InvalidTtl(f"{what} must be above 0")
    return ttl


def bound(number: Any, what: str, bits: int) -> int:
    """Checks a count from 0 up to the given number of bits."""
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < 2**bits:
        raise InvalidOptions(f"{what} must be an integer from 0 to {2**bits - 1}")
    return number


def whole(number: Any) -> int:
    """Checks a 64-bit integer."""
    if isinstance(number, bool) or not isinstance(number, int) or not -(2**63) <= number < 2**63:
        raise InvalidValue("not a 64-bit integer")
    return number


def options(
    *,
    local_max: int,
    local_max_bytes: Optional[int],
    eviction: str,
    expire_time: Optional[Seconds],
    refresh: bool,
    keys: Keys,
    codec: Codec,
    default: Any,
    store_default: bool,
) -> Dict[str, Any]:
    """Returns the record ``options``."""
    if eviction not in EVICTIONS:
        raise InvalidOptions(f"eviction must be one of {', '.join(EVICTIONS)}")
    return {
        "local-max": bound(local_max, "local_max", 32),
        "local-max-bytes": None if local_max_bytes is None else bound(local_max_bytes, "local_max_bytes", 64),
        "eviction": eviction,
        "ttl-ms": ttl_millis(expire_time),
        "refresh-ttl-on-get": bool(refresh),
        "key-type": keys.key_type,
        "value-type": codec.value_type,
        "default": None if default is None else codec.encode(default),
        "store-default": bool(store_default),
    }


def resilience(
    *,
    stale_on_error: Seconds,
    absent_ttl: Seconds,
    ttl_jitter_percent: int,
    max_staleness: Optional[Seconds],
) -> Dict[str, Any]:
    """Returns the record ``resilience``."""
    return {
        "stale-on-error-ms": millis(stale_on_error, "stale_on_error"),
        "absent-ttl-ms": millis(absent_ttl, "absent_ttl"),
        "ttl-jitter-percent": bound(ttl_jitter_percent, "ttl_jitter_percent", 8),
        "max-staleness-ms": None if max_staleness is None else millis(max_staleness, "max_staleness"),
    }
