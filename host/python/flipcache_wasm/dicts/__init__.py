"""Bounded dictionaries in memory, without Redis."""

from .awaited import AsyncSafeFIFODict, AsyncSafeLRUDict
from .bounded import BoundedDict, FIFODict, LRUDict
from .listed import ThreadSafeFIFODict, ThreadSafeLRUDict

AsyncFIFODict = AsyncSafeFIFODict
AsyncLRUDict = AsyncSafeLRUDict

__all__ = (
    "AsyncFIFODict",
    "AsyncLRUDict",
    "AsyncSafeFIFODict",
    "AsyncSafeLRUDict",
    "BoundedDict",
    "FIFODict",
    "LRUDict",
    "ThreadSafeFIFODict",
    "ThreadSafeLRUDict",
)
