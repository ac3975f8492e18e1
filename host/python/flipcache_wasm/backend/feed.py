"""What a store tells of changes that are made in it, and who is told.

A backend whose attribute ``feed`` is one tells here; a client takes the news in before each call, so that no
answer of the local tier is older than what has been told.
"""

from __future__ import annotations

import threading
import weakref
from collections import deque
from typing import Any, Callable, Deque, List, Optional, Tuple

from ..clock import now

#: A function of the interface ``coherence`` and its arguments.
News = Tuple[str, Tuple[Any, ...]]

#: So many keys wait for a client; more of them, and anything may have changed.
MOST = 16_384


class Feed:
    """The news of one store. It begins deaf."""

    def __init__(self) -> None:
        #: The moment, by :func:`flipcache_wasm.clock.now`, until which all that has been told is all that there
        #: was; ``None``: nobody tells, and what was answered is kept all the same.
        self.heard_until: Optional[float] = 0.0
        #: How often what was heard before has become void.
        self.epoch = 0
        #: Told of the names of caches that are opened.
        self.want: Callable[[str], None] = lambda name: None
        #: Called before each question, to begin to hear if that can be.
        self.prepare: Callable[[], None] = lambda: None
        self._inboxes: weakref.WeakSet[Inbox] = weakref.WeakSet()
        self._lock = threading.Lock()

    def listen(self) -> Inbox:
        """Somebody who is told from now on."""
        inbox = Inbox(self)
        with self._lock:
            self._inboxes.add(inbox)
        return inbox

    def tell(self, keys: List[str]) -> None:
        """Others have changed what stands at these complete keys."""
        for inbox in self._all():
            inbox.put(keys)

    def tell_all(self) -> None:
        """Anything may have changed."""
        for inbox in self._all():
            inbox.void()

    def goes_deaf(self) -> None:
        """Changes go untold from now on."""
        self.epoch += 1
        self.heard_until = 0.0

    def is_deaf(self) -> bool:
        """Whether changes may go untold."""
        return self.heard_until is not None and now() >= self.heard_until

    def after_fork(self) -> None:
        """In a forked child, where nobody tells."""
        self._lock = threading.Lock()
        self.goes_deaf()

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
        self._epoch = feed.epoch

    def begin(self) -> None:
        """For a new instance, which holds nothing and takes itself to hear."""
        self._is_suspended = False

    def put(self, keys: List[str]) -> None:
        """These have been changed."""
        self._keys.extend(keys)
        if len(self._keys) > MOST:
            self.void()

    def void(self) -> None:
        """Anything may have been."""
        self._is_void = True
        self._keys.clear()

    def has_news(self) -> bool:
        """Whether there is anything to tell. Costs little."""
        return bool(
            self._keys or self._is_void or self._epoch != self.feed.epoch or self._is_suspended != self.feed.is_deaf()
        )

    def take(self) -> List[News]:
        """What there is to tell, in order."""
        epoch, is_deaf = self.feed.epoch, self.feed.is_deaf()
        news: List[News] = []
        if not self._is_suspended and (is_deaf or epoch != self._epoch):
            # It was deaf meanwhile, if it is not now.
            news.append(("suspend", ()))
            self._is_suspended = True
        self._epoch = epoch
        if self._is_void:
            self._is_void = False
            news.append(("invalidate-all", ()))
        while self._keys:
            name, colon, key = self._keys.popleft().partition(":")
            if colon:
                # The component puts them together again: any division does.
                news.append(("invalidate", (name, [key])))
        if self._is_suspended and not is_deaf:
            news.append(("resume", ()))
            self._is_suspended = False
        return news
