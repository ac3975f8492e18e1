"""The backends (L2), and the protocol for other backends."""

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
