"""Stores for the shared tier, and what a store of one's own has to do."""

from .memory import MemoryBackend
from .protocol import ABSENT, WRONG_TYPE, Bucket, Changes, Entry, KvBackend, Nothing, Page, Slot
from .redis import RedisBackend

__all__ = (
    "ABSENT",
    "WRONG_TYPE",
    "Bucket",
    "Changes",
    "Entry",
    "KvBackend",
    "MemoryBackend",
    "Nothing",
    "Page",
    "RedisBackend",
    "Slot",
)
