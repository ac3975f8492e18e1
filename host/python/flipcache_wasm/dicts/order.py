"""The component's part of a dictionary: the order of items, and eviction.

The component knows items by numbers, written in decimal, and holds no object: those stay in Python.
"""

from __future__ import annotations

import threading
from typing import Any, List, Optional

from .._component.instance import COLLECTIONS
from ..backend.protocol import Bucket
from ..client import Client
from ..errors import Unsupported, of_cache

_HELD = ("boolean", True)


class Order:
    """A dictionary of numbers, in an instance that all dictionaries of the process share."""

    def __init__(self, order: str, max_items: int) -> None:
        self._client = _client()
        self._handle = self._client.open(COLLECTIONS, "[static]dict.open", order, max_items)
        self.generation = self._handle.generation

    def put(self, number: int) -> Optional[int]:
        """Inserts a number. Returns the number that was evicted."""
        is_ok, evicted = self._ask("set", str(number), _HELD)
        if not is_ok:
            raise of_cache(*evicted)
        return None if evicted is None else int(evicted[0])

    def use(self, number: int) -> None:
        """Records a read."""
        self._ask("get", str(number))

    def move_to_end(self, number: int) -> None:
        """Moves a number to the end, under either order."""
        self._ask("mark-as-used", str(number))

    def remove(self, number: int) -> None:
        """Removes a number."""
        self._ask("pop", str(number))

    def take(self, newest: bool) -> Optional[int]:
        """Removes the last number, or the first."""
        item = self._ask("pop-item", newest)
        return None if item is None else int(item[0])

    def clear(self) -> None:
        """Removes all numbers."""
        self._ask("clear")

    def numbers(self) -> List[int]:
        """Returns all numbers in eviction order."""
        return [int(number) for number in self._ask("keys")]

    def is_lost(self) -> bool:
        """Returns whether the instance was replaced, which loses the order."""
        return self._client.generation != self.generation

    def _ask(self, method: str, *arguments: Any) -> Any:
        return self._client.call(self._handle, method, *arguments)


class _Nowhere:
    """The backend of dictionaries, which fails every call."""

    def open(self, name: str) -> Bucket:
        raise Unsupported("dictionaries have no backend")


_LOCK = threading.Lock()
_CLIENT: Optional[Client] = None


def _client() -> Client:
    global _CLIENT
    with _LOCK:
        if _CLIENT is None:
            _CLIENT = Client(_Nowhere())
        return _CLIENT
