"""What has been changed lately, for those who come and ask."""

from __future__ import annotations

from collections import deque
from typing import Deque, List, Optional, Tuple

from .protocol import Changes

#: So many changes are remembered, and so many characters of their keys.
MOST_CHANGES = 16_384
MOST_CHARACTERS = 4 << 20


class Log:
    """Changes in the order in which they came, numbered. Not safe by itself."""

    def __init__(self) -> None:
        self._changes: Deque[Tuple[Optional[int], str]] = deque()
        self._characters = 0
        #: The number of the last one that is not remembered any more.
        self._forgotten = 0
        #: Nobody has asked yet.
        self.is_idle = True

    @property
    def last(self) -> int:
        """The number of the last change."""
        return self._forgotten + len(self._changes)

    def note(self, full_key: str, by: Optional[int]) -> None:
        """Somebody has changed what stands at a complete key. Before anybody has asked, nothing is remembered."""
        if self.is_idle:
            return
        self._changes.append((by, full_key))
        self._characters += len(full_key)
        while len(self._changes) > MOST_CHANGES or self._characters > MOST_CHARACTERS:
            self._characters -= len(self._changes.popleft()[1])
            self._forgotten += 1

    def forget(self) -> None:
        """Anything may have changed: nobody is up to date who was before this."""
        self._forgotten += len(self._changes) + 1
        self._changes.clear()
        self._characters = 0

    def since(self, since: Optional[int], but: int, prefix: str) -> Changes:
        """What others than ``but`` have changed under a prefix."""
        self.is_idle = False
        cursor = self.last
        if since is None or not self._forgotten <= since <= cursor:
            return Changes(None, cursor)
        keys: List[str] = []
        for at in range(since - self._forgotten, len(self._changes)):
            by, full_key = self._changes[at]
            if by != but and full_key.startswith(prefix):
                keys.append(full_key[len(prefix) :])
        return Changes(keys, cursor)
