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
    """An object that is open in an instance, with the call that opens it again in the next one."""

    __slots__ = ("__weakref__", "_dropped", "generation", "interface", "opening", "pointer")

    def __init__(self, interface: str, opening: Tuple[Any, ...], dropped: Deque[Tuple[int, Any]]) -> None:
        self.interface = interface
        self.opening = opening
        self.pointer: Any = None
        self.generation = 0
        self._dropped = dropped

    def __del__(self) -> None:
        # This may run during a call; the next call drops the handle.
        if self.pointer is not None:
            self._dropped.append((self.generation, self.pointer))

    def __reduce__(self) -> Any:
        raise TypeError("an open cache cannot be pickled or deeply copied")


class Client:
    """The local tier that all caches over one backend share. A backend has one client at a time.

    All calls are thread-safe. The instance serves one call at a time, so a hit waits for the miss of another
    thread. After a trap, and in a forked child, the instance is replaced: the local tier starts empty, and
    caches stay open.

    ``clock`` returns monotonic nanoseconds; the default includes the time asleep. Neither the clock nor the
    backend may call the cache, which raises :class:`ReentrantCall`.
    """

    def __init__(self, backend: KvBackend, *, clock: Callable[[], int] = now_ns) -> None:
        with _SHARED_LOCK:
            if id(backend) in _SHARED:
                raise InvalidOptions("this backend already has a client; close the caches over it first")
            # A client keeps its backend alive, so the identity stays unique.
            _SHARED[id(backend)] = self
        self.backend = backend
        self._clock = clock
        self._dropped: Deque[Tuple[int, Any]] = deque()
        self._generation = 1
        self._instance: Optional[Instance] = None
        self._lock = threading.Lock()
        self._owner = 0
        feed: Optional[Feed] = getattr(backend, "feed", None)
        self._inbox: Optional[Inbox] = None if feed is None else feed.subscribe()
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
        """The number of the instance, which increases with each replacement."""
        return self._generation

    def open(self, interface: str, *opening: Any) -> Handle:
        """Opens a cache or a dictionary by a function and its arguments."""
        handle = Handle(interface, opening, self._dropped)
        if interface == CACHE and self._inbox is not None:
            self._inbox.feed.track(opening[1])
        self.call(handle, None)
        return handle

    def call(self, handle: Handle, method: Optional[str], *arguments: Any) -> Any:
        """Calls a method that does not use the backend. Returns its result."""
        self._enter()
        try:
            instance = self._ready(handle)
            return None if method is None else instance.call(handle.interface, method, handle.pointer, *arguments)
        finally:
            self._leave()

    def answer(self, handle: Handle, method: str, *arguments: Any) -> Any:
        """Calls a method that returns a WIT ``result`` and may call the backend. Raises the error."""
        self._enter()
        try:
            if self._inbox is not None:
                self._inbox.feed.prepare()
            instance = self._ready(handle)
            instance.imports.cause = None
            is_ok, payload = instance.call(handle.interface, method, handle.pointer, *arguments)
            if is_ok:
                return payload
            raise self._error(instance, payload)
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
        """Returns the instance, with the handle open and all pending changes applied."""
        instance = self._instance
        if instance is None:
            instance = self._instance = Instance(self._compiled, self.backend, self._clock)
            if self._inbox is not None:
                self._inbox.begin()
        while self._dropped:
            generation, pointer = self._dropped.popleft()
            instance.drop(pointer, is_its_own=generation == self._generation)
        if self._inbox is not None and self._inbox.has_pending():
            for function, arguments in self._inbox.take():
                instance.call(COHERENCE, function, *arguments)
        if handle is not None and handle.generation != self._generation:
            self._open(instance, handle)
        return instance

    def _open(self, instance: Instance, handle: Handle) -> None:
        is_ok, payload = instance.call(handle.interface, *handle.opening)
        if not is_ok:
            raise self._error(instance, payload)
        if handle.pointer is not None:
            self._dropped.append((handle.generation, handle.pointer))
        handle.pointer, handle.generation = payload, self._generation

    def _error(self, instance: Instance, payload: Any) -> Exception:
        error = of_cache(*payload)
        error.__cause__, instance.imports.cause = instance.imports.cause, None
        return error

    def _reset_after_fork(self) -> None:
        """Resets a forked child, where the thread that held the lock does not exist."""
        _ABANDONED.append((self._instance, list(self._dropped)))
        self._dropped.clear()
        self._instance = None
        self._generation += 1
        self._lock = threading.Lock()
        self._owner = 0


def client_of(backend: Union[KvBackend, Client]) -> Client:
    """Returns the client of a backend object, which is shared, or the given client."""
    if isinstance(backend, Client):
        return backend
    with _SHARED_LOCK:
        return _SHARED.get(id(backend)) or Client(backend)


_CLIENTS: weakref.WeakSet[Client] = weakref.WeakSet()
_SHARED: weakref.WeakValueDictionary[int, Client] = weakref.WeakValueDictionary()
_SHARED_LOCK = threading.RLock()
#: The instances of a parent process. Freeing them could run code that was interrupted by the fork.
_ABANDONED: List[Any] = []


def _after_fork() -> None:
    global _SHARED_LOCK
    _SHARED_LOCK = threading.RLock()
    for client in list(_CLIENTS):
        client._reset_after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
