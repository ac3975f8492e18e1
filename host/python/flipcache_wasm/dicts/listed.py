"""The same dictionaries, whose ``keys``, ``values`` and ``items`` are lists, as in FlipCache 1.3."""

from __future__ import annotations

from typing import List, Tuple, TypeVar

from .bounded import BoundedDict, FIFODict, LRUDict

K = TypeVar("K")
V = TypeVar("V")


class _Listed(BoundedDict[K, V]):
    def keys(self) -> List[K]:  # type: ignore[override]
        return [key for key, _ in self._listed()]

    def values(self) -> List[V]:  # type: ignore[override]
        return [value for _, value in self._listed()]

    def items(self) -> List[Tuple[K, V]]:  # type: ignore[override]
        return self._listed()


class ThreadSafeFIFODict(_Listed[K, V], FIFODict[K, V]):
    """``FIFODict`` with lists instead of views."""


class ThreadSafeLRUDict(_Listed[K, V], LRUDict[K, V]):
    """``LRUDict`` with lists instead of views."""
