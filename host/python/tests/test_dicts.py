"""The dictionaries, beside an `OrderedDict` that does what the original's promise."""

from __future__ import annotations

import asyncio
import inspect
import random
from collections import OrderedDict
from typing import Any, List, Tuple

import flipcache
import pytest

import flipcache_wasm
from flipcache_wasm import (
    AsyncSafeFIFODict,
    AsyncSafeLRUDict,
    FIFODict,
    LRUDict,
    ThreadSafeFIFODict,
    ThreadSafeLRUDict,
)

FIFO = [FIFODict, ThreadSafeFIFODict, AsyncSafeFIFODict]
LRU = [LRUDict, ThreadSafeLRUDict, AsyncSafeLRUDict]
NAMES = [name for name in flipcache.__all__ if name.endswith("Dict")]


class Model:
    """What a dictionary is to do."""

    def __init__(self, size: int, is_lru: bool) -> None:
        self.items: OrderedDict[Any, Any] = OrderedDict()
        self.size = size
        self.is_lru = is_lru

    def set(self, key: Any, value: Any) -> None:
        if key in self.items:
            self.items.move_to_end(key)
        elif len(self.items) == self.size:
            self.items.popitem(last=False)
        self.items[key] = value

    def get(self, key: Any) -> Any:
        if self.is_lru and key in self.items:
            self.items.move_to_end(key)
        return self.items.get(key)


def step(ours: Any, model: Model, chosen: random.Random) -> None:
    key, value = chosen.randrange(6), chosen.random()
    kind = chosen.randrange(12)
    if kind < 4:
        ours[key] = value
        model.set(key, value)
    elif kind < 7:
        assert ours.get(key) == model.get(key)
    elif kind == 7:
        assert ours.pop(key, None) == model.items.pop(key, None)
    elif kind == 8:
        expected = model.get(key)
        assert ours.setdefault(key, value) == (value if expected is None else expected)
        if expected is None:
            model.set(key, value)
    elif kind == 9 and model.items:
        last = chosen.random() < 0.5
        assert ours.popitem(last) == model.items.popitem(last)
    elif kind == 10 and key in model.items:
        last = chosen.random() < 0.5
        ours.move_to_end(key, last)
        model.items.move_to_end(key, last)
    elif kind == 11:
        ours.mark_as_used(key)
        if key in model.items:
            model.items.move_to_end(key)


@pytest.mark.parametrize("kind", FIFO + LRU)
@pytest.mark.parametrize("size", [1, 2, 4])
def test_dictionary_matches_the_model(kind: Any, size: int) -> None:
    chosen = random.Random(size)
    ours, model = kind(size), Model(size, kind in LRU)
    for _ in range(400):
        step(ours, model, chosen)
        assert list(ours.items()) == list(model.items.items())
        assert (len(ours), 3 in ours, ours.peek(3)) == (len(model.items), 3 in model.items, model.items.get(3))


@pytest.mark.parametrize("name", NAMES)
def test_methods_of_the_original_are_all_here(name: str) -> None:
    ours, theirs = getattr(flipcache_wasm, name), getattr(flipcache, name)
    own = {method for method in dir(theirs) if not method.startswith("_")}
    assert own <= set(dir(ours))
    for method in own & set(vars(theirs)):
        assert inspect.iscoroutinefunction(getattr(ours, method)) == inspect.iscoroutinefunction(
            getattr(theirs, method)
        )


@pytest.mark.parametrize("name", NAMES)
def test_views_have_the_repr_of_the_original(name: str) -> None:
    ours, theirs = (getattr(package, name)(3, [("a", 1), ("b", 2)]) for package in (flipcache_wasm, flipcache))
    for view in ("keys", "values", "items"):
        if name == "ThreadSafeLRUDict":
            # In the original, only the other thread-safe class returns lists.
            assert getattr(ours, view)() == list(getattr(theirs, view)())
        else:
            assert repr(getattr(ours, view)()) == repr(getattr(theirs, view)())
        assert list(reversed(list(getattr(ours, view)()))) == list(reversed(list(getattr(theirs, view)())))
    assert list(reversed(ours)) == ["b", "a"]
    assert dict(ours) == {"a": 1, "b": 2} == {**ours}


@pytest.mark.parametrize("kind", FIFO + LRU)
def test_keys_and_values_are_any_objects_and_stay_themselves(kind: Any) -> None:
    value = object()
    items = kind(10, [((1, 2), value), (None, []), (1.5, "x"), (frozenset({1}), value)])
    assert items[(1, 2)] is value and items[frozenset({1})] is value
    items[None].append(1)
    assert items[None] == [1]
    assert 1 not in items
    items[1], items[True] = "one", "true"
    assert items[1] == "true" and len(items) == 5
    with pytest.raises(TypeError):
        items[[]] = 1


@pytest.mark.parametrize("kind", FIFO + LRU)
def test_missing_keys_raise_as_in_a_dictionary(kind: Any) -> None:
    items = kind(2)
    for call in (
        lambda: items["x"],
        lambda: items.pop("x"),
        lambda: items.popitem(),
        lambda: items.__delitem__("x"),
        lambda: items.move_to_end("x"),
    ):
        with pytest.raises(KeyError):
            call()
    assert items.get("x", 5) == 5 and items.pop("x", 6) == 6
    items.mark_as_used("x")


@pytest.mark.parametrize("kind", FIFO + LRU)
def test_filling_keeps_the_bound(kind: Any) -> None:
    items = kind(2, {"a": 1, "b": 2, "c": 3}, d=4)
    assert list(items.items()) == [("c", 3), ("d", 4)]
    items.update({"e": 5}, f=6)
    items |= {"g": 7}
    assert list(items) == ["f", "g"]
    assert len(kind.fromkeys(range(1500))) == 1000
    items.clear()
    assert (len(items), list(items), bool(items)) == (0, [], False)


@pytest.mark.parametrize("kind", FIFO + LRU)
def test_equality_is_that_of_an_ordered_dictionary(kind: Any) -> None:
    items = kind(3, a=1, b=2)
    assert items == kind(5, a=1, b=2) == {"b": 2, "a": 1} == items
    assert items != kind(3, b=2, a=1) and items != OrderedDict(b=2, a=1) and items != [1]
    assert items == OrderedDict(a=1, b=2)
    with pytest.raises(TypeError):
        hash(items)


@pytest.mark.parametrize("kind", [AsyncSafeFIFODict, AsyncSafeLRUDict])
def test_async_methods_match_the_others(kind: Any) -> None:
    async def use() -> List[Tuple[Any, Any]]:
        items = kind(max_items=2)
        for key in "abc":
            await items.aset(key, key.upper())
        assert await items.aget("b") == "B" and await items.aget("a", 1) == 1
        assert await items.acontains("c") and await items.alen() == 2
        assert sorted(await items.akeys()) == ["b", "c"] and sorted(await items.avalues()) == ["B", "C"]
        assert await items.apop("x") is None and await items.apop("b") == "B"
        await items.aset("d", "D")
        await items.adelete("c")
        with pytest.raises(KeyError):
            await items.adelete("c")
        left: List[Tuple[Any, Any]] = await items.aitems()
        assert await items.apopitem() == ("d", "D")
        with pytest.raises(KeyError):
            await items.apopitem(last=False)
        await items.aclear()
        return left

    assert asyncio.run(use()) == [("d", "D")]


def test_evicted_objects_are_freed() -> None:
    import gc
    import weakref

    class Thing:
        pass

    items: LRUDict[int, Thing] = LRUDict(1)
    thing = Thing()
    gone = weakref.ref(thing)
    items[1] = thing
    del thing
    items[2] = Thing()
    gc.collect()
    assert gone() is None
