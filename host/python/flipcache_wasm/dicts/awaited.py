"""The same dictionaries with async methods, which do no I/O."""

from __future__ import annotations

from typing import Any, List, Tuple, TypeVar

from .bounded import BoundedDict, FIFODict, LRUDict

K = TypeVar("K")
V = TypeVar("V")


class _Awaited(BoundedDict[K, V]):
    async def aset(self, key: K, value: V) -> None:
        """``self[key] = value``."""
        self[key] = value

    async def aget(self, key: K, default: Any = None) -> Any:
        """``self.get(key, default)``."""
        return self.get(key, default)

    async def adelete(self, key: K) -> None:
        """``del self[key]``."""
        del self[key]

    async def acontains(self, key: K) -> bool:
        """``key in self``."""
        return key in self

    async def akeys(self) -> List[K]:
        """Returns a list of the keys, in order."""
        return [key for key, _ in self._listed()]

    async def avalues(self) -> List[V]:
        """Returns a list of the values, in order."""
        return [value for _, value in self._listed()]

    async def aitems(self) -> List[Tuple[K, V]]:
        """Returns a list of the items, in order."""
        return self._listed()

    async def alen(self) -> int:
        """``len(self)``."""
        return len(self)

    async def aclear(self) -> None:
        """``self.clear()``."""
        self.clear()

    async def apop(self, key: K, default: Any = None) -> Any:
        """``self.pop(key, default)``: ``default`` if the key is absent."""
        return self.pop(key, default)

    async def apopitem(self, last: bool = True) -> Tuple[K, V]:
        """``self.popitem(last)``."""
        return self.popitem(last)


class AsyncSafeFIFODict(_Awaited[K, V], FIFODict[K, V]):
    """``FIFODict`` with async methods."""


class AsyncSafeLRUDict(_Awaited[K, V], LRUDict[K, V]):
    """``LRUDict`` with async methods."""
