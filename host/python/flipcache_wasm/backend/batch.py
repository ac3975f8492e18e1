"""Checks of batches, shared by the backends: duplicate keys, lengths, names."""

from __future__ import annotations

from typing import Dict, Iterable, List, Sequence, Tuple

from ..errors import BackendTooLarge, Other

#: The longest name of a bucket in bytes.
MOST_NAME_BYTES = 1024

_LEAST, _MOST = -(2**63), 2**63 - 1


def prefix(name: str) -> str:
    """Returns the prefix of the keys of a bucket."""
    if not 0 < len(name.encode()) <= MOST_NAME_BYTES:
        raise Other(f"a bucket's name must have 1 to {MOST_NAME_BYTES} bytes")
    return f"{name}:"


def distinct(keys: Iterable[str]) -> List[str]:
    """Returns the distinct keys, in the order of their first occurrence."""
    return list(dict.fromkeys(keys))


def last_of_each(entries: Iterable[Tuple[str, bytes]]) -> Dict[str, bytes]:
    """Returns the last value of each key, in the order of their first occurrence."""
    return dict(entries)


def refuse_larger(limit: int, entries: Iterable[Tuple[str, bytes]]) -> None:
    """Raises :class:`BackendTooLarge` if a key or a value has more than ``limit`` bytes."""
    for key, value in entries:
        if len(value) > limit or len(key) > limit or len(key.encode()) > limit:
            raise BackendTooLarge(limit)


def refuse_larger_keys(limit: int, keys: Sequence[str]) -> None:
    """Raises :class:`BackendTooLarge` if a key has more than ``limit`` bytes."""
    refuse_larger(limit, ((key, b"") for key in keys))


def added(held: bytes, delta: int) -> int:
    """Returns the sum of a stored integer and ``delta``, with the rules of Redis."""
    text = held.decode("ascii", "replace")
    digits = text[1:] if text.startswith("-") else text
    if not digits.isascii() or not digits.isdigit() or len(digits) > 19 or text == "-0":
        raise Other("the value is not a 64-bit integer")
    if len(digits) > 1 and digits.startswith("0"):
        raise Other("the value is not a 64-bit integer")
    number = int(text)
    if not _LEAST <= number <= _MOST:
        raise Other("the value is not a 64-bit integer")
    if not _LEAST <= number + delta <= _MOST:
        raise Other("the sum does not fit 64 bits")
    return number + delta
