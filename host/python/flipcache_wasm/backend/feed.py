"""What a store tells of changes that are made in it, and who is told.

A backend whose attribute ``feed`` is one tells here; a client takes the news in before each call, so that no
answer of the local tier is older than what has been told.
"""

from __future__ import annotations

import threading
import time
import weakref
from collections import deque
from typing import Any, Callable, Deque, List, Optional, Tuple

#: A function of the interface ``coherence`` and its arguments.
News = Tuple[str, Tuple[Any, ...]]

#: So many keys wait for a client; more of them, and anything may have changed.
MOST = 16_384


class Feed:
    """The news of one store.

    ``heard_until`` is the moment, by ``time.monotonic``, until which all that has been told is all that there
    was; ``None``: nobody tells, and what was answered is kept all the same.
    """

    def __init__(self, heard_until: Optional[float] = 0.0) -> None:
        self.heard_until = heard_until
        self._inboxes: weakref.WeakSet[Inbox] = weakref.WeakSet()
        self._lock = threading.Lock()
        #: Told of the names of caches that are opened.
        self.on_want: Callable[[str], None] = lambda name: None

    def listen(self) -> Inbox:
        """Somebody who is told from now on."""
        inbox = Inbox(self)
        with self._lock:
            self._inboxes.add(inbox)
        return inbox

    def want(self, name: str) -> None:
        """Somebody opens the cache ``name``."""
        self.on_want(name)

    def tell(self, keys: List[str]) -> None:
        """Others have changed what stands at these complete keys."""
        for inbox in self._all():
            inbox.put(keys)

    def tell_all(self) -> None:
        """Anything may have changed."""
        for inbox in self._all():
            inbox.void()

    def _all(self) -> List[Inbox]:
        with self._lock:
            return list(self._inboxes)


class Inbox:
    """What one client has still to be told."""

    def __init__(self, feed: Feed) -> None:
        self.feed = feed
        self._keys: Deque[str] = deque()
        self._is_void = False
        self._is_suspended = False

    def begin(self) -> None:
        """For a new instance, which holds nothing and takes itself to hear."""
        self._is_suspended = False

    def put(self, keys: List[str]) -> None:
        self._keys.extend(keys)
        if len(self._keys) > MOST:
            self.void()

    def void(self) -> None:
        self._is_void = True
        self._keys.clear()

    def has_news(self) -> bool:
        """Whether there is anything to tell. Costs little."""
        until = self.feed.heard_until
        is_deaf = until is not None and time.monotonic() >= until
        return bool(self._keys) or self._is_void or is_deaf != self._is_suspended

    def take(self) -> List[News]:
        """What there is to tell, in order."""
        until = self.feed.heard_until
        is_deaf = until is not None and time.monotonic() >= until
        news: List[News] = []
        if is_deaf and not self._is_suspended:
            news.append(("suspend", ()))
        if self._is_void:
            self._is_void = False
            news.append(("invalidate-all", ()))
        while self._keys:
            news += [("invalidate", (name, [key])) for name, key in _divided(self._keys.popleft())]
        if self._is_suspended and not is_deaf:
            news.append(("resume", ()))
        self._is_suspended = is_deaf
        return news


def _divided(full_key: str) -> List[Tuple[str, str]]:
    """The component puts name and key together again: any division does."""
    name, colon, key = full_key.partition(":")
    return [(name, key)] if colon else []
