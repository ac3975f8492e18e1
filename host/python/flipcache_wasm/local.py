"""A view of a cache's local tier."""

from __future__ import annotations

from collections.abc import ItemsView, ValuesView
from typing import Any, Callable, Iterator, Mapping, Tuple

from .codecs import Codec, Keys


class Local(Mapping[Any, Any]):
    """The local tier alone: no traffic, and no use counted. Keys in the order in which they would be evicted.

    It shows what is there at each call, and cannot be written; :meth:`clear` empties it. What leaves it while it is
    gone through is passed over.
    """

    def __init__(self, keys: Keys, codec: Codec, ask: Callable[..., Any]) -> None:
        self._keys = keys
        self._codec = codec
        self._ask = ask

    def __getitem__(self, key: Any) -> Any:
        held = self._ask("local-get", self._keys.encode(key))
        if held is None:
            raise KeyError(key)
        return self._codec.decode(held[1])

    def __iter__(self) -> Iterator[Any]:
        for key in self._ask("local-keys"):
            yield self._keys.decode(key)

    def __len__(self) -> int:
        return len(self._ask("local-keys"))

    def __repr__(self) -> str:
        return f"Local({list(self.items())})"

    def items(self) -> ItemsView[Any, Any]:
        """The entries."""
        return _Items(self)

    def values(self) -> ValuesView[Any]:
        """The values."""
        return _Values(self)

    def clear(self) -> None:
        """Removals all entries of the local tier; the backend keeps its own."""
        self._ask("local-clear")

    def entries(self) -> Iterator[Tuple[Any, Any]]:
        """Each entry that is still there when its turn comes."""
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
