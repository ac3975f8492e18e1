"""The recent changes, for clients that poll."""

from __future__ import annotations

from collections import deque
from typing import Deque, List, Optional, Tuple

from .protocol import Changes

#: The most changes that the log keeps, and characters of their keys.
MOST_CHANGES = 16_384
MOST_CHARACTERS = 4 << 20


class Log:
    """Numbered changes in order. Not thread-safe."""

    def __init__(self) -> None:
        self._changes: Deque[Tuple[Optional[int], str]] = deque()
        self._characters = 0
        #: The number of the last change that was discarded.
        self._discarded = 0
        #: Nothing is recorded until the first client polls.
        self.is_idle = True

    @property
    def last(self) -> int:
        """The number of the last change."""
        return self._discarded + len(self._changes)

    def note(self, full_key: str, by: Optional[int]) -> None:
        """Records a changed complete key, unless the log is idle."""
        if self.is_idle:
            return
        self._changes.append((by, full_key))
        self._characters += len(full_key)
        while len(self._changes) > MOST_CHANGES or self._characters > MOST_CHARACTERS:
            self._characters -= len(self._changes.popleft()[1])
            self._discarded += 1

    def discard_all(self) -> None:
        """Records that any key may have changed: all earlier cursors become too old."""
        self._discarded += len(self._changes) + 1
        self._changes.clear()
        self._characters = 0

    def since(self, since: Optional[int], but: int, prefix: str) -> Changes:
        """Returns the changes under a prefix by clients other than ``but``."""
        self.is_idle = False
        cursor = self.last
        if since is None or not self._discarded <= since <= cursor:
            return Changes(None, cursor)
        keys: List[str] = []
        for at in range(since - self._discarded, len(self._changes)):
            by, full_key = self._changes[at]
            if by != but and full_key.startswith(prefix):
                keys.append(full_key[len(prefix) :])
        return Changes(keys, cursor)
