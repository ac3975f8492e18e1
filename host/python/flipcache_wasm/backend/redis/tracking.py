"""Client tracking: the server tells which keys others change.

The connection that carries the commands is tracked in broadcasting mode, without what it writes itself
(``NOLOOP``), and redirected to a second one, which a thread listens to:
<https://redis.io/docs/latest/develop/reference/client-side-caching/>. Changes are heard until ``bound`` seconds
after the last time that the server was asked whether it is still the master, and answered on both.
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

#: How long after an attempt that failed there is another one, in seconds.
_PAUSE = 1.0


class Tracking:
    """What is followed of a server, and by which pair of connections."""

    def __init__(self, link: Link, log: Log, bound: float, is_required: bool) -> None:
        self.feed = Feed()
        self.feed.want = self._want
        self.feed.prepare = self.prepare
        self.bound = bound
        self.link = link
        self.log = log
        self.log_lock = threading.Lock()
        self._is_required = is_required
        self._wanted: Set[str] = set()
        self._followed: List[str] = []
        #: The number of the connection that is tracked, and what listens; 0: none is.
        self._number = 0
        self._ear: Optional[_Ear] = None
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
        """Begins to hear of all caches that are open, if it does not and can. Raises nothing of the server's."""
        if self._has_given_up or (len(self._wanted) == self._covered and not self.feed.is_deaf()):
            return
        with self._lock:
            if clock.now() < self._not_before:
                return
            begun = clock.now()
            try:
                self._begin()
            except BackendError:
                # A server that hangs is not waited for twice in each call.
                now = clock.now()
                self._not_before = now + max(_PAUSE, now - begun)
                self._end()

    #: How many of the wanted names are followed.
    _covered = 0

    def _begin(self) -> None:
        wanted = set(self._wanted)
        missing = [prefix for prefix in wanted if not is_covered(prefix, self._followed)]
        overlaps = any(followed.startswith(prefix) for prefix in missing for followed in self._followed)
        if self.feed.is_deaf() or overlaps or len(self._followed) + len(missing) > _MOST_ADDED:
            self._end()
            missing = cover(wanted)
        if missing and self._follow(missing):
            self._followed += missing
        self._covered = len(wanted)

    def _follow(self, prefixes: List[str]) -> bool:
        """Follows these, too; ``False`` if the server does not tell, which counts as if there were nothing to tell."""
        try:
            ear = self._ear or _Ear(self.link, weakref.ref(self))
        except redis_errors.ResponseError as error:
            self._refused(error)
            return False
        sent = clock.now()
        role, tracking = self.link.ask([("ROLE",), _track(ear.number, prefixes)])
        if isinstance(tracking, redis_errors.RedisError):
            ear.close()
            self._refused(tracking)
            return False
        if not is_master(role):
            ear.close()
            raise Unavailable("the server is a replica: nothing is kept of what it answers")
        if self._ear is None:
            self._ear, self._number = ear, self.link.number
            ear.start()
        elif self._number != self.link.number:
            raise Unavailable("the connection was lost")
        self.feed.heard_until = sent + self.bound
        return True

    def _refused(self, error: Exception) -> None:
        why = str(reply.of_reply(error))
        if self._is_required:
            _LOG.error("Redis does not tell of changes, and nothing is kept of what it answers: %s", why)
            raise Unavailable(why)
        _LOG.warning("Redis does not tell of changes: what others write is seen when entries expire: %s", why)
        self._has_given_up = True
        self.feed.heard_until = None

    def beat(self, ear: _Ear) -> bool:
        """Whether the pair is what it was; asks the server that."""
        try:
            [role] = self.link.ask([("ROLE",)])
        except BackendError:
            return False
        return ear is self._ear and self.link.number == self._number and is_master(role)

    def hears(self, ear: _Ear, until: float) -> None:
        """All has been told that there was to tell, and will be until then."""
        with self._lock:
            if ear is self._ear and self.link.number == self._number:
                self.feed.heard_until = max(until, self.feed.heard_until or 0.0)

    def tell(self, keys: Optional[List[str]]) -> None:
        """Others have changed these keys; ``None``: all of them."""
        with self.log_lock:
            if keys is None:
                self.log.forget()
            for key in keys or ():
                self.log.note(key, None)
        if keys is None:
            self.feed.tell_all()
        else:
            self.feed.tell(keys)

    def ends(self, ear: _Ear) -> None:
        """The listening connection is lost."""
        with self._lock:
            if ear is self._ear:
                self._end()

    def _lost(self, number: int) -> None:
        """The connection of commands is. Without the lock, which who notices may have."""
        if number == self._number:
            # What it is still told on the other one counts for nothing.
            self._number = -1
            self._goes_deaf()

    def _end(self) -> None:
        ear, self._ear = self._ear, None
        self._followed, self._number, self._covered = [], 0, 0
        if ear is not None:
            ear.close()
        # What has been followed on this connection would overlap.
        self.link.close()
        self._goes_deaf()

    def _goes_deaf(self) -> None:
        self.feed.goes_deaf()
        with self.log_lock:
            self.log.forget()

    def after_fork(self) -> None:
        """In a forked child: the thread is not here."""
        self._lock, self.log_lock = threading.Lock(), threading.Lock()
        self._ear, self._followed, self._number, self._covered = None, [], 0, 0
        self.feed.after_fork()
        self.log.forget()


#: Beyond so many prefixes, what all of them begin with is followed.
_MOST_ADDED = 64

#: So many names are told apart; more of them, and all of the server's keys are followed.
_MOST_WANTED = 4096


class _Ear:
    """The connection that is told, and the thread that listens to it. It does not keep its tracking alive."""

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
                # The server cannot, or this user may not.
                raise
            if isinstance(error, (redis_errors.RedisError, OSError)):
                raise reply.of_connection(error, link.address) from None
            raise

    def _ask(self, command: Command) -> Any:
        self._connection.send_packed_command(self._connection.pack_commands([command]), check_health=False)
        return self._connection.read_response(disable_decoding=True)

    def start(self) -> None:
        """Listens from now on."""
        threading.Thread(target=self._listen, name="flipcache-changes", daemon=True).start()

    def _listen(self) -> None:
        try:
            self._hear()
        except (redis_errors.RedisError, OSError, ValueError, AttributeError):
            # A connection that another thread closes is found in many states.
            pass
        finally:
            tracking = self._tracking()
            if tracking is not None:
                tracking.ends(self)
            self.close()

    def _hear(self) -> None:
        asked_at: Optional[float] = None
        beaten_at = clock.now()
        while not self._is_closed:
            tracking = self._tracking()
            if tracking is None:
                return
            now = clock.now()
            if asked_at is not None and now > asked_at + tracking.bound:
                return
            interval = tracking.bound / 4
            if asked_at is None and now >= beaten_at + interval:
                beaten_at = now
                if not tracking.beat(self):
                    return
                asked_at = now
                self._connection.send_packed_command(self._connection.pack_commands([("PING",)]), check_health=False)
            del tracking
            if self._connection.can_read(interval) and self._take(asked_at):
                asked_at = None

    def _take(self, asked_at: Optional[float]) -> bool:
        """Takes in what has been told; whether it is the answer to what was asked then."""
        said = self._connection.read_response(disable_decoding=True)
        tracking = self._tracking()
        if tracking is None or not isinstance(said, list) or not said:
            return False
        if said[0] == b"message" and said[1] == _CHANNEL:
            keys = None if said[2] is None else [_text(key) for key in said[2]]
            tracking.tell(keys if keys is None else [key for key in keys if key is not None])
        if said[0] == b"pong" and asked_at is not None:
            tracking.hears(self, asked_at + tracking.bound)
            return True
        return False

    def close(self) -> None:
        """Ends the connection."""
        self._is_closed = True
        self._connection.disconnect()


def is_master(role: Any) -> bool:
    """Whether the answer to ``ROLE`` is a master's: one that must not be asked is taken for one."""
    if isinstance(role, Exception):
        return isinstance(role, redis_errors.NoPermissionError) or str(role).startswith("NOPERM")
    return isinstance(role, list) and bool(role) and role[0] == b"master"


def _track(number: int, prefixes: List[str]) -> Command:
    command: List[Any] = ["CLIENT", "TRACKING", "ON", "REDIRECT", number, "BCAST"]
    # Without any, all keys are followed.
    for prefix in filter(None, prefixes):
        command += ["PREFIX", prefix]
    return [*command, "NOLOOP"]


def _text(key: bytes) -> Optional[str]:
    """What is no text is no key of a cache."""
    try:
        return key.decode()
    except UnicodeDecodeError:
        return None
