"""A backend and the component instance in front of it, for the threads of one process."""

from __future__ import annotations

import os
import threading
import weakref
from collections import deque
from functools import cached_property
from threading import get_ident
from typing import Any, Callable, Deque, List, Optional, Tuple, Union

from ._component.engine import Compiled, compiled
from ._component.instance import CACHE, COHERENCE, Instance
from .backend.feed import Feed, Inbox
from .backend.protocol import KvBackend
from .clock import now_ns
from .errors import InvalidOptions, ReentrantCall, of_cache


class Handle:
    """Something that an instance has open, and how to open it again in the next one."""

    __slots__ = ("__weakref__", "_dropped", "generation", "interface", "opening", "pointer")

    def __init__(self, interface: str, opening: Tuple[Any, ...], dropped: Deque[Tuple[int, Any]]) -> None:
        self.interface = interface
        self.opening = opening
        self.pointer: Any = None
        self.generation = 0
        self._dropped = dropped

    def __del__(self) -> None:
        # This may run in the middle of a call: only the next one can enter the instance.
        if self.pointer is not None:
            self._dropped.append((self.generation, self.pointer))

    def __reduce__(self) -> Any:
        raise TypeError("an open cache cannot be pickled or deeply copied")


class Client:
    """One local tier, which all caches over one backend share. A backend has one client at a time.

    Every call is safe from any thread; the instance serves one of them at a time, so that a hit waits for
    somebody's miss. After a trap the instance is replaced: the local tier begins anew, and caches stay open. So
    it does in a forked child.

    ``clock`` answers nanoseconds that never go back; by default, the time asleep counts. It must not call the
    cache; nor must the backend: :class:`ReentrantCall`.
    """

    def __init__(self, backend: KvBackend, *, clock: Callable[[], int] = now_ns) -> None:
        with _SHARED_LOCK:
            if id(backend) in _SHARED:
                raise InvalidOptions("this backend has a client already: caches over it are open")
            # While a client lives, so does its backend, and nobody else has its identity.
            _SHARED[id(backend)] = self
        self.backend = backend
        self._clock = clock
        self._dropped: Deque[Tuple[int, Any]] = deque()
        self._generation = 1
        self._instance: Optional[Instance] = None
        self._lock = threading.Lock()
        self._owner = 0
        feed: Optional[Feed] = getattr(backend, "feed", None)
        self._inbox: Optional[Inbox] = None if feed is None else feed.listen()
        _CLIENTS.add(self)

    @property
    def digest(self) -> str:
        """SHA-256 of the component that runs, in hex."""
        return self._compiled.file.digest

    @cached_property
    def _compiled(self) -> Compiled:
        return compiled()

    @property
    def generation(self) -> int:
        """The number of the instance: it goes up with each replacement."""
        return self._generation

    def open(self, interface: str, *opening: Any) -> Handle:
        """Opens a cache or a dictionary: the function and its arguments."""
        handle = Handle(interface, opening, self._dropped)
        if interface == CACHE and self._inbox is not None:
            self._inbox.feed.want(opening[1])
        self.call(handle, None)
        return handle

    def call(self, handle: Handle, method: Optional[str], *arguments: Any) -> Any:
        """Calls a method that asks the backend nothing, and answers what it does."""
        self._enter()
        try:
            instance = self._ready(handle)
            return None if method is None else instance.call(handle.interface, method, handle.pointer, *arguments)
        finally:
            self._leave()

    def answer(self, handle: Handle, method: str, *arguments: Any) -> Any:
        """Calls a method that answers a ``result``, and may ask the backend for it. Raises the error."""
        self._enter()
        try:
            if self._inbox is not None:
                self._inbox.feed.prepare()
            instance = self._ready(handle)
            instance.imports.cause = None
            is_ok, answer = instance.call(handle.interface, method, handle.pointer, *arguments)
            if is_ok:
                return answer
            raise self._error(instance, answer)
        finally:
            self._leave()

    def tell(self, function: str, *arguments: Any) -> None:
        """Calls a function of the interface ``coherence``."""
        self._enter()
        try:
            self._ready(None).call(COHERENCE, function, *arguments)
        finally:
            self._leave()

    def _enter(self) -> None:
        thread = get_ident()
        if self._owner == thread:
            raise ReentrantCall("the cache was called while it was busy in this thread")
        self._lock.acquire()
        self._owner = thread

    def _leave(self) -> None:
        if self._instance is not None and self._instance.is_poisoned:
            self._instance = None
            self._generation += 1
        self._owner = 0
        self._lock.release()

    def _ready(self, handle: Optional[Handle]) -> Instance:
        """The instance, in which the handle is open, and which has been told all news."""
        instance = self._instance
        if instance is None:
            instance = self._instance = Instance(self._compiled, self.backend, self._clock)
            if self._inbox is not None:
                self._inbox.begin()
        while self._dropped:
            generation, pointer = self._dropped.popleft()
            instance.drop(pointer, is_its_own=generation == self._generation)
        if self._inbox is not None and self._inbox.has_news():
            for function, arguments in self._inbox.take():
                instance.call(COHERENCE, function, *arguments)
        if handle is not None and handle.generation != self._generation:
            self._open(instance, handle)
        return instance

    def _open(self, instance: Instance, handle: Handle) -> None:
        is_ok, answer = instance.call(handle.interface, *handle.opening)
        if not is_ok:
            raise self._error(instance, answer)
        if handle.pointer is not None:
            self._dropped.append((handle.generation, handle.pointer))
        handle.pointer, handle.generation = answer, self._generation

    def _error(self, instance: Instance, answer: Any) -> Exception:
        error = of_cache(*answer)
        error.__cause__, instance.imports.cause = instance.imports.cause, None
        return error

    def _begin_anew(self) -> None:
        """In a forked child: whoever held the lock is not here, and what it was doing never ends."""
        _ABANDONED.append((self._instance, list(self._dropped)))
        self._dropped.clear()
        self._instance = None
        self._generation += 1
        self._lock = threading.Lock()
        self._owner = 0


def client_of(backend: Union[KvBackend, Client]) -> Client:
    """The client of a backend: the same one for all who have the same backend object, or the one given."""
    if isinstance(backend, Client):
        return backend
    with _SHARED_LOCK:
        return _SHARED.get(id(backend)) or Client(backend)


_CLIENTS: weakref.WeakSet[Client] = weakref.WeakSet()
_SHARED: weakref.WeakValueDictionary[int, Client] = weakref.WeakValueDictionary()
_SHARED_LOCK = threading.RLock()
#: What a parent had open. To free it would run what may have been in the middle of something.
_ABANDONED: List[Any] = []


def _after_fork() -> None:
    global _SHARED_LOCK
    _SHARED_LOCK = threading.RLock()
    for client in list(_CLIENTS):
        client._begin_anew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
