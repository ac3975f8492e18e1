"""What ``keys``, ``values`` and ``items`` of a bounded dictionary answer: live, and no use of the items."""

from __future__ import annotations

from collections.abc import ItemsView, KeysView, ValuesView
from typing import TYPE_CHECKING, Any, Iterator

if TYPE_CHECKING:
    from .bounded import BoundedDict


class _View:
    _mapping: BoundedDict[Any, Any]
    _name: str

    def __iter__(self) -> Iterator[Any]:
        return iter(self._mapping)

    def __repr__(self) -> str:
        return f"{self._name}({list(self)})"

    def __reversed__(self) -> Iterator[Any]:
        return iter(list(self)[::-1])


class Keys(_View, KeysView[Any]):
    """The keys, as of each look."""

    _name = "odict_keys"


class Values(_View, ValuesView[Any]):
    """The values, as of each look."""

    _name = "odict_values"

    def __iter__(self) -> Iterator[Any]:
        return iter([value for _, value in self._mapping._listed()])

    def __contains__(self, value: object) -> bool:
        return any(value is one or value == one for one in self)


class Items(_View, ItemsView[Any, Any]):
    """The items, as of each look."""

    _name = "odict_items"

    def __iter__(self) -> Iterator[Any]:
        return iter(self._mapping._listed())

    def __contains__(self, item: object) -> bool:
        return any(item == one for one in self)
