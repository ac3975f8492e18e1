"""Results and exceptions of each backend function reach the caller by kind, and never trap."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Tuple

import pytest

from flipcache_wasm import Client, FlipCache, MemoryBackend
from flipcache_wasm import errors as kinds
from flipcache_wasm._component.imports import METHODS
from flipcache_wasm.backend import ABSENT, Entry

FAILURES: List[kinds.BackendError] = [
    kinds.Unavailable("away"),
    kinds.OutcomeUnknown("lost"),
    kinds.Timeout(),
    kinds.AccessDenied("not you"),
    kinds.BackendTooLarge(12),
    kinds.Unsupported("cannot"),
    kinds.Other("words"),
]

#: How a cache comes to ask each function.
CALLS: Dict[str, Callable[[FlipCache], Any]] = {
    "get": lambda cache: cache["k"],
    "set": lambda cache: cache.set("k", 1),
    "set-if-absent": lambda cache: cache.set_if_absent("k", 1),
    "increment": lambda cache: cache.increment("k"),
    "delete": lambda cache: cache.delete("k"),
    "exists": lambda cache: "k" in cache,
    "expire": lambda cache: cache.refresh("k"),
    "scan": lambda cache: cache.keys(),
    "count": lambda cache: len(cache),
    "clear": lambda cache: cache.clear(),
}


class Scripted:
    """A backend with scripted functions."""

    def __init__(self) -> None:
        self.script: Dict[str, Callable[..., Any]] = {}
        self.memory = MemoryBackend()

    def open(self, name: str) -> Any:
        if "open" in self.script:
            return self.script["open"](name)
        return _Bucket(self, self.memory.open(name))


class _Bucket:
    def __init__(self, scripted: Scripted, bucket: Any) -> None:
        self._scripted = scripted
        self._bucket = bucket

    def __getattr__(self, method: str) -> Any:
        name = method.replace("_", "-")
        return self._scripted.script.get(name) or getattr(self._bucket, method)


def raising(error: BaseException) -> Callable[..., Any]:
    def fail(*_: Any) -> Any:
        raise error

    return fail


def test_every_function_of_the_interface_is_covered() -> None:
    assert set(CALLS) | {"changes"} == set(METHODS)


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.case)
@pytest.mark.parametrize("function", CALLS)
def test_failure_of_each_function_has_its_case(function: str, failure: kinds.BackendError) -> None:
    backend = Scripted()
    cache = FlipCache("c", value_type="int", backend=backend, expire_time=60)
    backend.script[function] = raising(failure)
    kind = kinds.TooLarge if isinstance(failure, kinds.BackendTooLarge) else type(failure)
    with pytest.raises(kind) as raised:
        CALLS[function](cache)
    assert getattr(raised.value, "limit", 12) == 12
    if failure.case in ("unavailable", "outcome-unknown", "access-denied", "unsupported", "other"):
        assert str(raised.value) == str(failure)
    backend.script.clear()
    cache["k"] = 5
    assert cache["k"] == 5


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.case)
def test_failure_of_changes_suspends_the_local_tier(failure: kinds.BackendError) -> None:
    backend = Scripted()
    cache = FlipCache("c", backend=backend, max_staleness=0)
    cache["k"] = "v"
    assert cache.get_detailed("k").source == "local"
    backend.script["changes"] = raising(failure)
    assert cache.get_detailed("k").source == "backend"


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.case)
def test_failure_to_open_has_its_case(failure: kinds.BackendError) -> None:
    backend = Scripted()
    backend.script["open"] = raising(failure)
    kind = {"access-denied": kinds.Denied, "too-large": kinds.TooLarge}.get(failure.case, type(failure))
    with pytest.raises(kind):
        FlipCache("c", backend=backend)
    backend.script.clear()
    assert FlipCache("c", backend=backend)["k"] is None


def test_other_exception_is_an_error_without_the_value() -> None:
    backend = Scripted()
    cache = FlipCache("c", backend=backend)
    backend.script["set"] = raising(ZeroDivisionError("secret"))
    with pytest.raises(kinds.Other, match="the backend raised ZeroDivisionError") as raised:
        cache["k"] = "v"
    assert "secret" not in str(raised.value)
    assert isinstance(raised.value.__cause__, ZeroDivisionError)
    assert cache["k"] is None


def test_cause_of_a_failure_is_not_that_of_an_earlier_one() -> None:
    backend = Scripted()
    cache = FlipCache("c", backend=backend, stale_on_error=60)
    backend.script["get"] = raising(ZeroDivisionError())
    with pytest.raises(kinds.Other):
        cache["k"]
    with pytest.raises(kinds.TooLarge) as raised:
        cache["k" * 100_000]
    assert raised.value.__cause__ is None


BAD: List[Tuple[str, Any]] = [
    ("get", [Entry("text")]),  # type: ignore[arg-type]
    ("get", [Entry(b"v", -1)]),
    ("get", [Entry(b"v", "soon")]),  # type: ignore[arg-type]
    ("get", ["absent?"]),
    ("get", 7),
    ("get", None),
    ("get", []),
    ("get", [ABSENT, ABSENT]),
    ("set-if-absent", []),
    ("increment", 2**63),
    ("increment", "5"),
    ("delete", -1),
    ("exists", None),
    ("count", 2**64),
    ("clear", "all"),
    ("scan", ([], None)),
    ("expire", 1),
]


@pytest.mark.parametrize("function,result", BAD)
def test_invalid_result_is_an_error_not_a_trap(function: str, result: Any) -> None:
    backend = Scripted()
    client = Client(backend)
    cache = FlipCache("c", value_type="int", backend=client, expire_time=60)
    generation = client.generation
    backend.script[function] = lambda *_: result
    with pytest.raises(kinds.BackendError):
        CALLS[function](cache)
    backend.script.clear()
    cache["k"] = 5
    assert cache["k"] == 5
    assert client.generation == generation
