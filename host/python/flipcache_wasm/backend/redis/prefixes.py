"""The tracked prefixes: a server rejects prefixes that overlap, and each one slows down writes."""

from __future__ import annotations

from os.path import commonprefix
from typing import Iterable, List

#: The most prefixes. Beyond it, their common prefix is tracked.
MOST = 64


def cover(wanted: Iterable[str]) -> List[str]:
    """Returns the smallest set of prefixes that covers all, or their common prefix; ``""`` covers all keys."""
    covering: List[str] = []
    for prefix in sorted(wanted):
        # Sorted, a prefix directly precedes all texts that begin with it.
        if not covering or not prefix.startswith(covering[-1]):
            covering.append(prefix)
    # Compares characters, not parts of paths.
    return covering if len(covering) <= MOST else [commonprefix(covering)]  # noqa: RUF071


def is_covered(prefix: str, followed: Iterable[str]) -> bool:
    """Returns whether a prefix is tracked already."""
    return any(prefix.startswith(one) for one in followed)
