"""What every store does with a batch before it asks for anything: keys given twice, lengths, names."""

from __future__ import annotations

from typing import Dict, Iterable, List, Sequence, Tuple

from ..errors import BackendTooLarge, Other

#: The longest name of a bucket in bytes.
MOST_NAME_BYTES = 1024

_LEAST, _MOST = -(2**63), 2**63 - 1


def prefix(name: str) -> str:
    """What every key of a bucket begins with."""
    if not 0 < len(name.encode()) <= MOST_NAME_BYTES:
        raise Other(f"a bucket's name has 1 to {MOST_NAME_BYTES} bytes")
    return f"{name}:"


def distinct(keys: Iterable[str]) -> List[str]:
    """The keys without repetitions, in the order of their first mention."""
    return list(dict.fromkeys(keys))


def last_of_each(entries: Iterable[Tuple[str, bytes]]) -> Dict[str, bytes]:
    """One value a key, the last one, in the order of the keys' first mention."""
    return dict(entries)


def refuse_larger(limit: int, entries: Iterable[Tuple[str, bytes]]) -> None:
    """Refuses a batch that has a key or a value of more than ``limit`` bytes."""
    for key, value in entries:
        if len(value) > limit or len(key) > limit or len(key.encode()) > limit:
            raise BackendTooLarge(limit)


def refuse_larger_keys(limit: int, keys: Sequence[str]) -> None:
    """Refuses a batch that has a key of more than ``limit`` bytes."""
    refuse_larger(limit, ((key, b"") for key in keys))


def added(held: bytes, delta: int) -> int:
    """The sum of what a key holds and ``delta``, as Redis adds."""
    text = held.decode("ascii", "replace")
    digits = text[1:] if text.startswith("-") else text
    if not digits.isascii() or not digits.isdigit() or len(digits) > 19 or text == "-0":
        raise Other("what the key holds is not an integer of 64 bits")
    if len(digits) > 1 and digits.startswith("0"):
        raise Other("what the key holds is not an integer of 64 bits")
    number = int(text)
    if not _LEAST <= number <= _MOST:
        raise Other("what the key holds is not an integer of 64 bits")
    if not _LEAST <= number + delta <= _MOST:
        raise Other("the sum is beyond 64 bits")
    return number + delta
