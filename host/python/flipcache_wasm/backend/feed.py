"""The changes that a backend reports, and their delivery to clients.

A backend with an attribute ``feed`` publishes changes to it. A client applies them before each call, so that
the local tier serves nothing older than the published changes.
"""

from __future__ import annotations

import threading
import weakref
from collections import deque
from typing import Any, Callable, Deque, List, Optional, Tuple

from ..clock import now

#: A function of the interface ``coherence`` and its arguments.
CoherenceCall = Tuple[str, Tuple[Any, ...]]

#: The most keys that wait for a client. Beyond it, any key counts as changed.
MOST = 16_384


class Feed:
    """The changes of one backend. It starts as lost."""

    def __init__(self) -> None:
        #: The end of the lease, by :func:`flipcache_wasm.clock.now`: until then, the published changes are
        #: complete. ``None``: changes are untracked, and entries are cached all the same.
        self.lease_until: Optional[float] = 0.0
        #: How often tracking was lost, which flushes all entries.
        self.epoch = 0
        #: Called with the name of each cache that is opened.
        self.track: Callable[[str], None] = lambda name: None
        #: Called before each call, to start tracking if possible.
        self.prepare: Callable[[], None] = lambda: None
        self._inboxes: weakref.WeakSet[Inbox] = weakref.WeakSet()
        self._lock = threading.Lock()

    def subscribe(self) -> Inbox:
        """Returns an inbox that gets the changes from now on."""
        inbox = Inbox(self)
        with self._lock:
            self._inboxes.add(inbox)
        return inbox

    def publish(self, keys: List[str]) -> None:
        """Publishes complete keys that others have changed."""
        for inbox in self._all():
            inbox.put(keys)

    def publish_all(self) -> None:
        """Publishes that any key may have changed."""
        for inbox in self._all():
            inbox.put_all()

    def lose(self) -> None:
        """Marks tracking as lost: changes are not reported from now on."""
        self.epoch += 1
        self.lease_until = 0.0

    def is_lost(self) -> bool:
        """Returns whether changes may be missed."""
        return self.lease_until is not None and now() >= self.lease_until

    def after_fork(self) -> None:
        """Resets the feed in a forked child, where it is not connected."""
        self._lock = threading.Lock()
        self.lose()

    def _all(self) -> List[Inbox]:
        with self._lock:
            return list(self._inboxes)


class Inbox:
    """The pending changes of one client."""

    def __init__(self, feed: Feed) -> None:
        self.feed = feed
        self._keys: Deque[str] = deque()
        self._is_any_changed = False
        self._is_suspended = False
        self._epoch = feed.epoch

    def begin(self) -> None:
        """Resets the inbox for a new instance, which is empty and not suspended."""
        self._is_suspended = False

    def put(self, keys: List[str]) -> None:
        """Adds changed keys."""
        self._keys.extend(keys)
        if len(self._keys) > MOST:
            self.put_all()

    def put_all(self) -> None:
        """Records that any key may have changed."""
        self._is_any_changed = True
        self._keys.clear()

    def has_pending(self) -> bool:
        """Returns whether there are pending changes. Cheap."""
        return bool(
            self._keys
            or self._is_any_changed
            or self._epoch != self.feed.epoch
            or self._is_suspended != self.feed.is_lost()
        )

    def take(self) -> List[CoherenceCall]:
        """Returns the pending calls of ``coherence``, in order."""
        epoch, is_lost = self.feed.epoch, self.feed.is_lost()
        calls: List[CoherenceCall] = []
        if not self._is_suspended and (is_lost or epoch != self._epoch):
            # Tracking was lost meanwhile, even if it is live again.
            calls.append(("suspend", ()))
            self._is_suspended = True
        self._epoch = epoch
        if self._is_any_changed:
            self._is_any_changed = False
            calls.append(("invalidate-all", ()))
        while self._keys:
            name, colon, key = self._keys.popleft().partition(":")
            if colon:
                # The component joins them again, so any split works.
                calls.append(("invalidate", (name, [key])))
        if self._is_suspended and not is_lost:
            calls.append(("resume", ()))
            self._is_suspended = False
        return calls
