"""Which prefixes of keys are followed: a server refuses such that overlap, and each costs every writer some time."""

from __future__ import annotations

from os.path import commonprefix
from typing import Iterable, List

#: So many are followed one by one; more of them as what all of them begin with.
MOST = 64


def cover(wanted: Iterable[str]) -> List[str]:
    """The least set of prefixes that covers all of them, or one that all of them begin with; ``""`` is everything."""
    covering: List[str] = []
    for prefix in sorted(wanted):
        # Whatever begins with one comes after it, before all others.
        if not covering or not prefix.startswith(covering[-1]):
            covering.append(prefix)
    # Characters are what is common here, not the parts of paths.
    return covering if len(covering) <= MOST else [commonprefix(covering)]  # noqa: RUF071


def is_covered(prefix: str, followed: Iterable[str]) -> bool:
    """Whether what begins with a prefix is followed already."""
    return any(prefix.startswith(one) for one in followed)
