"""Client tracking: the server reports the keys that others change.

The connection that carries the commands is tracked in broadcasting mode, without its own writes (``NOLOOP``),
and redirected to a second connection, which a thread reads:
<https://redis.io/docs/latest/develop/reference/client-side-caching/>. The lease ends ``bound`` seconds
after the last request that checked that the server is still the master, if it replied on both connections.
"""

from __future__ import annotations

import logging
import threading
import weakref
from typing import Any, Callable, List, Optional, Set

from redis import exceptions as redis_errors

from ... import clock
from ...errors import BackendError, Unavailable
from ..feed import Feed
from ..log import Log
from . import reply
from .link import Command, Link
from .prefixes import cover, is_covered

_LOG = logging.getLogger("flipcache_wasm")

_CHANNEL = b"__redis__:invalidate"

#: The backoff after a failed attempt, in seconds.
_BACKOFF = 1.0


class Tracking:
    """The tracked prefixes of a server, and the pair of connections."""

    def __init__(self, link: Link, log: Log, bound: float, is_required: bool) -> None:
        self.feed = Feed()
        self.feed.track = self._want
        self.feed.prepare = self.prepare
        self.bound = bound
        self.link = link
        self.log = log
        self.log_lock = threading.Lock()
        self._is_required = is_required
        self._wanted: Set[str] = set()
        self._followed: List[str] = []
        #: The number of the tracked connection, or 0, and its listener.
        self._number = 0
        self._listener: Optional[_Listener] = None
        self._not_before = 0.0
        self._has_given_up = False
        self._lock = threading.Lock()
        link.on_lost = self._lost

    def _want(self, name: str) -> None:
        if len(self._wanted) >= _MOST_WANTED:
            self._wanted = {""}
        if "" not in self._wanted:
            self._wanted.add(f"{name}:")

    def prepare(self) -> None:
        """Starts tracking for all open caches, if needed and possible. Does not raise errors of the server."""
        if self._has_given_up or (len(self._wanted) == self._covered and not self.feed.is_lost()):
            return
        with self._lock:
            if clock.now() < self._not_before:
                return
            begun = clock.now()
            try:
                self._begin()
            except BackendError:
                # Do not wait for a hanging server twice in each call.
                now = clock.now()
                self._not_before = now + max(_BACKOFF, now - begun)
                self._end()

    #: The number of wanted names that are tracked.
    _covered = 0

    def _begin(self) -> None:
        wanted = set(self._wanted)
        missing = [prefix for prefix in wanted if not is_covered(prefix, self._followed)]
        overlaps = any(followed.startswith(prefix) for prefix in missing for followed in self._followed)
        if self.feed.is_lost() or overlaps or len(self._followed) + len(missing) > _MOST_ADDED:
            self._end()
            missing = cover(wanted)
        if missing and self._follow(missing):
            self._followed += missing
        self._covered = len(wanted)

    def _follow(self, prefixes: List[str]) -> bool:
        """Tracks more prefixes. Returns ``False`` if the server cannot and untracked caching is allowed."""
        try:
            listener = self._listener or _Listener(self.link, weakref.ref(self))
        except redis_errors.ResponseError as error:
            self._refused(error)
            return False
        sent = clock.now()
        role, tracking = self.link.ask([("ROLE",), _track(listener.number, prefixes)])
        if isinstance(tracking, redis_errors.RedisError):
            listener.close()
            self._refused(tracking)
            return False
        if not is_master(role):
            listener.close()
            raise Unavailable("the server is a replica; its values are not cached")
        if self._listener is None:
            self._listener, self._number = listener, self.link.number
            listener.start()
        elif self._number != self.link.number:
            raise Unavailable("the connection was lost")
        self.feed.lease_until = sent + self.bound
        return True

    def _refused(self, error: Exception) -> None:
        why = str(reply.of_reply(error))
        if self._is_required:
            _LOG.error("Redis does not report changes; nothing is cached: %s", why)
            raise Unavailable(why)
        _LOG.warning("Redis does not report changes; writes of others are seen when entries expire: %s", why)
        self._has_given_up = True
        self.feed.lease_until = None

    def heartbeat(self, listener: _Listener) -> bool:
        """Returns whether the connections are unchanged and the server still is the master."""
        try:
            [role] = self.link.ask([("ROLE",)])
        except BackendError:
            return False
        return listener is self._listener and self.link.number == self._number and is_master(role)

    def renew(self, listener: _Listener, until: float) -> None:
        """Extends the lease: the published changes are complete until then."""
        with self._lock:
            if listener is self._listener and self.link.number == self._number:
                self.feed.lease_until = max(until, self.feed.lease_until or 0.0)

    def publish(self, keys: Optional[List[str]]) -> None:
        """Publishes keys that others have changed; ``None``: any key."""
        with self.log_lock:
            if keys is None:
                self.log.discard_all()
            for key in keys or ():
                self.log.note(key, None)
        if keys is None:
            self.feed.publish_all()
        else:
            self.feed.publish(keys)

    def on_listener_lost(self, listener: _Listener) -> None:
        """The listening connection is lost."""
        with self._lock:
            if listener is self._listener:
                self._end()

    def _lost(self, number: int) -> None:
        """Handles the loss of the command connection. Without the lock, which the caller may hold."""
        if number == self._number:
            # Later replies on the listening connection must not extend the lease.
            self._number = -1
            self._lose()

    def _end(self) -> None:
        listener, self._listener = self._listener, None
        self._followed, self._number, self._covered = [], 0, 0
        if listener is not None:
            listener.close()
        # The prefixes tracked on this connection would overlap.
        self.link.close()
        self._lose()

    def _lose(self) -> None:
        self.feed.lose()
        with self.log_lock:
            self.log.discard_all()

    def after_fork(self) -> None:
        """Resets a forked child, where the thread does not exist."""
        self._lock, self.log_lock = threading.Lock(), threading.Lock()
        self._listener, self._followed, self._number, self._covered = None, [], 0, 0
        self.feed.after_fork()
        self.log.discard_all()


#: The most tracked prefixes. Beyond it, their common prefix is tracked.
_MOST_ADDED = 64

#: The most names. Beyond it, all keys of the server are tracked.
_MOST_WANTED = 4096


class _Listener:
    """The connection that gets invalidations, and its thread. Does not keep its tracking alive."""

    def __init__(self, link: Link, tracking: Callable[[], Optional[Tracking]]) -> None:
        self._tracking = tracking
        self._is_closed = False
        try:
            self._connection = link.another()
        except (redis_errors.RedisError, OSError) as error:
            raise reply.of_connection(error, link.address) from None
        try:
            self.number = int(self._ask(("CLIENT", "ID")))
            self._ask(("SUBSCRIBE", _CHANNEL))
        except BaseException as error:
            self.close()
            if isinstance(error, redis_errors.ResponseError):
                # The server does not support it, or denies it to this user.
                raise
            if isinstance(error, (redis_errors.RedisError, OSError)):
                raise reply.of_connection(error, link.address) from None
            raise

    def _ask(self, command: Command) -> Any:
        self._connection.send_packed_command(self._connection.pack_commands([command]), check_health=False)
        return self._connection.read_response(disable_decoding=True)

    def start(self) -> None:
        """Starts the thread."""
        threading.Thread(target=self._listen, name="flipcache-changes", daemon=True).start()

    def _listen(self) -> None:
        try:
            self._read()
        except (redis_errors.RedisError, OSError, ValueError, AttributeError):
            # Reading a connection that another thread closes raises various errors.
            pass
        finally:
            tracking = self._tracking()
            if tracking is not None:
                tracking.on_listener_lost(self)
            self.close()

    def _read(self) -> None:
        asked_at: Optional[float] = None
        heartbeat_at = clock.now()
        while not self._is_closed:
            tracking = self._tracking()
            if tracking is None:
                return
            now = clock.now()
            if asked_at is not None and now > asked_at + tracking.bound:
                return
            interval = tracking.bound / 4
            if asked_at is None and now >= heartbeat_at + interval:
                heartbeat_at = now
                if not tracking.heartbeat(self):
                    return
                asked_at = now
                self._connection.send_packed_command(self._connection.pack_commands([("PING",)]), check_health=False)
            del tracking
            if self._connection.can_read(interval) and self._take(asked_at):
                asked_at = None

    def _take(self, asked_at: Optional[float]) -> bool:
        """Handles a message. Returns whether it is the reply to the ``PING`` sent at ``asked_at``."""
        message = self._connection.read_response(disable_decoding=True)
        tracking = self._tracking()
        if tracking is None or not isinstance(message, list) or not message:
            return False
        if message[0] == b"message" and message[1] == _CHANNEL:
            keys = None if message[2] is None else [_text(key) for key in message[2]]
            tracking.publish(keys if keys is None else [key for key in keys if key is not None])
        if message[0] == b"pong" and asked_at is not None:
            tracking.renew(self, asked_at + tracking.bound)
            return True
        return False

    def close(self) -> None:
        """Closes the connection."""
        self._is_closed = True
        self._connection.disconnect()


def is_master(role: Any) -> bool:
    """Returns whether a reply to ``ROLE`` is a master's. A server that denies ``ROLE`` counts as a master."""
    if isinstance(role, Exception):
        return isinstance(role, redis_errors.NoPermissionError) or str(role).startswith("NOPERM")
    return isinstance(role, list) and bool(role) and role[0] == b"master"


def _track(number: int, prefixes: List[str]) -> Command:
    command: List[Any] = ["CLIENT", "TRACKING", "ON", "REDIRECT", number, "BCAST"]
    # Without a prefix, all keys are tracked.
    for prefix in filter(None, prefixes):
        command += ["PREFIX", prefix]
    return [*command, "NOLOOP"]


def _text(key: bytes) -> Optional[str]:
    """Decodes a key. A key that is not UTF-8 belongs to no cache."""
    try:
        return key.decode()
    except UnicodeDecodeError:
        return None
