"""The live views of a bounded dictionary. Reading them does not count as an access."""

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
    """A live view of the keys."""

    _name = "odict_keys"


class Values(_View, ValuesView[Any]):
    """A live view of the values."""

    _name = "odict_values"

    def __iter__(self) -> Iterator[Any]:
        return iter([value for _, value in self._mapping._listed()])

    def __contains__(self, value: object) -> bool:
        return any(value is one or value == one for one in self)


class Items(_View, ItemsView[Any, Any]):
    """A live view of the items."""

    _name = "odict_items"

    def __iter__(self) -> Iterator[Any]:
        return iter(self._mapping._listed())

    def __contains__(self, item: object) -> bool:
        return any(item == one for one in self)
