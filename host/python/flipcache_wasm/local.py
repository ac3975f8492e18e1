"""A view of a cache's local tier."""

from __future__ import annotations

from collections.abc import ItemsView, ValuesView
from typing import Any, Callable, Iterator, Mapping, Tuple

from .codecs import Codec, Keys


class Local(Mapping[Any, Any]):
    """The local tier alone, in eviction order. Reads call no backend and do not count as an access.

    The view is live and read-only; :meth:`clear` empties the tier. Entries that leave during an iteration are
    skipped.
    """

    def __init__(self, keys: Keys, codec: Codec, call: Callable[..., Any]) -> None:
        self._keys = keys
        self._codec = codec
        self._call = call

    def __getitem__(self, key: Any) -> Any:
        held = self._call("local-get", self._keys.encode(key))
        if held is None:
            raise KeyError(key)
        return self._codec.decode(held[1])

    def __iter__(self) -> Iterator[Any]:
        for key in self._call("local-keys"):
            yield self._keys.decode(key)

    def __len__(self) -> int:
        return len(self._call("local-keys"))

    def __repr__(self) -> str:
        return f"Local({list(self.items())})"

    def items(self) -> ItemsView[Any, Any]:
        """Returns the entries."""
        return _Items(self)

    def values(self) -> ValuesView[Any]:
        """Returns the values."""
        return _Values(self)

    def clear(self) -> None:
        """Removes all entries of the local tier; the backend is unchanged."""
        self._call("local-clear")

    def entries(self) -> Iterator[Tuple[Any, Any]]:
        """Iterates over the entries, and skips those that have left meanwhile."""
        for key in self:
            try:
                yield key, self[key]
            except KeyError:
                continue


class _Items(ItemsView[Any, Any]):
    _mapping: Local

    def __iter__(self) -> Iterator[Tuple[Any, Any]]:
        return self._mapping.entries()


class _Values(ValuesView[Any]):
    _mapping: Local

    def __iter__(self) -> Iterator[Any]:
        return (value for _, value in self._mapping.entries())
