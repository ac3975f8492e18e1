"""A hybrid cache in front of Redis: the component ``flipcache.wasm`` with the names of FlipCache 1.3."""

from . import backend, errors, et
from ._component.engine import compiled as _compiled
from .backend import MemoryBackend, RedisBackend
from .cache import FlipCache, Found
from .client import Client
from .dicts import (
    AsyncFIFODict,
    AsyncLRUDict,
    AsyncSafeFIFODict,
    AsyncSafeLRUDict,
    FIFODict,
    LRUDict,
    ThreadSafeFIFODict,
    ThreadSafeLRUDict,
)
from .errors import BackendError, FlipCacheError
from .stats import Removals, Stats

__version__ = "0.1.0"

__all__ = (
    "AsyncFIFODict",
    "AsyncLRUDict",
    "AsyncSafeFIFODict",
    "AsyncSafeLRUDict",
    "BackendError",
    "Client",
    "FIFODict",
    "FlipCache",
    "FlipCacheError",
    "Found",
    "LRUDict",
    "MemoryBackend",
    "RedisBackend",
    "Removals",
    "Stats",
    "ThreadSafeFIFODict",
    "ThreadSafeLRUDict",
    "backend",
    "digest",
    "errors",
    "et",
)


def digest() -> str:
    """Returns the SHA-256 of the component that runs in this process, in hex."""
    return _compiled().file.digest
