"""``FIFODict`` and ``LRUDict``: bounded dictionaries, whose order the component keeps."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import (
    Any,
    Dict,
    Generic,
    Iterable,
    Iterator,
    List,
    MutableMapping,
    Optional,
    Tuple,
    Type,
    TypeVar,
)

from ..errors import InvalidOptions
from .order import Order
from .views import Items, Keys, Values

K = TypeVar("K")
V = TypeVar("V")
D = TypeVar("D", bound="BoundedDict[Any, Any]")

_MISSING: Any = object()


class BoundedDict(MutableMapping[K, V], Generic[K, V]):
    """A dictionary of at most ``max_items`` items, at least one. The first item is evicted next.

    Keys are any hashable objects, values any objects; they stay in Python, and the component decides which item
    leaves. All methods are safe from any thread. Iteration goes over what was there when it began.
    """

    _order_name = "fifo"

    def __init__(self, max_items: int = 1000, *args: Any, **kwargs: Any) -> None:
        if isinstance(max_items, bool) or not isinstance(max_items, int) or max_items < 1:
            raise InvalidOptions("max_items must be an integer, and at least 1; data comes after it")
        if max_items >= 2**32:
            raise InvalidOptions("max_items must be less than 2 ** 32")
        self._max_items = max_items
        self._lock = threading.RLock()
        self._numbers: Dict[K, int] = {}
        self._held: Dict[int, Tuple[K, V]] = {}
        self._last = 0
        self._order = Order(self._order_name, max_items)
        self.update(*args, **kwargs)

    @property
    def max_items(self) -> int:
        """The most items that it holds."""
        return self._max_items

    def __getitem__(self, key: K) -> V:
        with self._lock:
            number = self._numbers[key]
            self._read(number)
            return self._held[number][1]

    def __setitem__(self, key: K, value: V) -> None:
        """Puts the item at the end. If it is new and the dictionary is full, evicts the first item."""
        with self._lock:
            self._mend()
            number = self._numbers.get(key)
            if number is None:
                number = self._last = self._last + 1
                self._held[number] = (key, value)
                self._numbers[key] = number
            else:
                self._held[number] = (self._held[number][0], value)
            try:
                evicted = self._order.put(number)
            except BaseException:
                self._forget(number)
                raise
            if evicted is not None:
                self._forget(evicted)

    def __delitem__(self, key: K) -> None:
        with self._lock:
            self._mend()
            number = self._numbers[key]
            self._order.remove(number)
            self._forget(number)

    def __contains__(self, key: object) -> bool:
        with self._lock:
            return key in self._numbers

    def __len__(self) -> int:
        return len(self._numbers)

    def __iter__(self) -> Iterator[K]:
        return iter([key for key, _ in self._listed()])

    def __reversed__(self) -> Iterator[K]:
        return iter([key for key, _ in reversed(self._listed())])

    def get(self, key: K, default: Any = None) -> Any:
        """Returns the value, or ``default``. Counts as an access under LRU."""
        with self._lock:
            return self[key] if key in self._numbers else default

    def peek(self, key: K, default: Any = None) -> Any:
        """Returns the value, or ``default``, without changing the order."""
        with self._lock:
            number = self._numbers.get(key)
            return default if number is None else self._held[number][1]

    def pop(self, key: K, default: Any = _MISSING) -> Any:
        """Removes the item and returns its value."""
        with self._lock:
            if key not in self._numbers and default is not _MISSING:
                return default
            value = self._held[self._numbers[key]][1]
            del self[key]
            return value

    def popitem(self, last: bool = True) -> Tuple[K, V]:
        """Removes and returns the last item, or the first one."""
        with self._lock:
            self._mend()
            number = self._order.take(last)
            if number is None:
                raise KeyError("dictionary is empty")
            item = self._held[number]
            self._forget(number)
            return item

    def setdefault(self, key: K, default: Any = None) -> Any:
        """Returns the present value, or stores ``default`` and returns it."""
        with self._lock:
            if key in self._numbers:
                return self[key]
            self[key] = default
            return default

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Sets items, in order. Other threads see all of them or none."""
        with self._lock:
            super().update(*args, **kwargs)

    def clear(self) -> None:
        """Removes all items."""
        with self._lock:
            self._numbers.clear()
            self._held.clear()
            self._order.clear()

    def mark_as_used(self, key: K) -> None:
        """Moves the item to the end, if it exists."""
        with self._lock:
            self._mend()
            number = self._numbers.get(key)
            if number is not None:
                self._order.move_to_end(number)

    def move_to_end(self, key: K, last: bool = True) -> None:
        """Moves the item to the end, in O(1), or to the beginning, in O(n)."""
        with self._lock:
            self._mend()
            number = self._numbers[key]
            moved = [number] if last else [one for one in self._order.numbers() if one != number]
            for one in moved:
                self._order.move_to_end(one)

    def keys(self) -> Any:
        """Returns the keys, in order."""
        return Keys(self)

    def values(self) -> Any:
        """Returns the values, in order. Does not count as an access."""
        return Values(self)

    def items(self) -> Any:
        """Returns the items, in order. Does not count as an access."""
        return Items(self)

    def copy(self: D) -> D:
        """Returns a copy with the same size and items."""
        with self._lock:
            return type(self)(self._max_items, self._listed())

    __copy__ = copy

    @classmethod
    def fromkeys(cls: Type[D], iterable: Iterable[Any], value: Any = None) -> D:
        """Returns a dictionary of the default size with these keys."""
        made = cls()
        for key in iterable:
            made[key] = value
        return made

    def __or__(self: D, other: Any) -> D:
        if not isinstance(other, (dict, BoundedDict)):
            return NotImplemented
        made = self.copy()
        made.update(other)
        return made

    def __ror__(self: D, other: Any) -> D:
        if not isinstance(other, dict):
            return NotImplemented
        made = type(self)(self._max_items, other)
        made.update(self._listed())
        return made

    def __ior__(self: D, other: Any) -> D:
        self.update(other)
        return self

    def __eq__(self, other: object) -> bool:
        if isinstance(other, BoundedDict):
            return self._listed() == other._listed()
        if isinstance(other, OrderedDict):
            return self._listed() == list(other.items())
        if isinstance(other, dict):
            return dict(self._listed()) == other
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._listed()})"

    def __reduce__(self) -> Any:
        return type(self), (self._max_items, self._listed())

    def _read(self, number: int) -> None:
        """Updates the order after a read; does nothing under FIFO."""

    def _listed(self) -> List[Tuple[K, V]]:
        with self._lock:
            self._mend()
            return [self._held[number] for number in self._order.numbers()]

    def _forget(self, number: int) -> None:
        held: Optional[Tuple[K, V]] = self._held.pop(number, None)
        if held is not None:
            del self._numbers[held[0]]

    def _mend(self) -> None:
        """Restores the order of first insertion if the component was replaced."""
        if self._order.is_lost():
            self._order = Order(self._order_name, self._max_items)
            for number in self._held:
                self._order.put(number)


class FIFODict(BoundedDict[K, V]):
    """Evicts in insertion order. An overwrite counts as an insertion, a read does not."""


class LRUDict(BoundedDict[K, V]):
    """Evicts the least recently used item. ``[]``, ``get``, ``setdefault`` and overwrites count as an access, ``in``
    and listing do not."""

    _order_name = "lru"

    def _read(self, number: int) -> None:
        self._mend()
        self._order.use(number)
