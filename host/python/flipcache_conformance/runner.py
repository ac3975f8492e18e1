"""Runs the steps of one case in a new instance of the component."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Set

from flipcache_wasm._component.instance import CACHE, COHERENCE, COLLECTIONS
from flipcache_wasm._component.linker import KV_BACKEND
from flipcache_wasm.client import Client, Handle
from flipcache_wasm.errors import FlipCacheError

from .interface import PREFIXES, Interfaces
from .shapes import BadCase, error_fits, fits, to_error, to_value
from .stores import RecordingBackend, Store

OPTIONS: Dict[str, Any] = {
    "local-max": 100,
    "local-max-bytes": None,
    "eviction": "fifo",
    "ttl-ms": None,
    "refresh-ttl-on-get": False,
    "key-type": "text",
    "value-type": "text",
    "default": None,
    "store-default": False,
}

RESILIENCE: Dict[str, Any] = {
    "stale-on-error-ms": 0,
    "absent-ttl-ms": 0,
    "ttl-jitter-percent": 0,
    "max-staleness-ms": None,
}

_EXPECTS = {"returns", "error", "expect-calls"}


class Failed(Exception):
    """The outcome of a step is not the expected one."""


class Case:
    """A running case."""

    def __init__(self, interfaces: Interfaces, store: Store) -> None:
        self._interfaces = interfaces
        self._store = store
        self._recorder = RecordingBackend(store.backend)
        self._client = Client(self._recorder, clock=store.now_ns)
        self._handles: Dict[str, Handle] = {}

    def run(self, case: Dict[str, Any]) -> None:
        """Runs all steps. Raises :class:`Failed` with the number of the step that failed."""
        unknown = set(case) - {"name", "needs", "steps"}
        if unknown or not isinstance(case.get("steps"), list):
            raise Failed(f"a case has a name, needs and steps, not {sorted(unknown)}")
        for number, step in enumerate(case["steps"], 1):
            try:
                self._step(step)
            except (Failed, BadCase) as failed:
                raise Failed(f"step {number}: {failed}") from None

    def _step(self, step: Dict[str, Any]) -> None:
        for name, (run, parts) in self._kinds().items():
            if name in step:
                unknown = set(step) - parts - {name}
                if unknown:
                    raise BadCase(f"a step {name!r} has no {', '.join(sorted(unknown))}")
                run(step)
                return
        raise BadCase(f"there is no such step: {sorted(step)}")

    def _kinds(self) -> Dict[str, tuple[Callable[[Dict[str, Any]], None], Set[str]]]:
        return {
            "open": (self._open, {"name", "options", "resilience"} | _EXPECTS),
            "open-dict": (self._open_dict, {"order", "max-items"} | _EXPECTS),
            "call": (self._call, {"with"} | _EXPECTS),
            "list": (self._list, {"limit", "returns"}),
            "coherence": (self._coherence, {"with"} | _EXPECTS),
            "store": (self._external, {"with", "returns"}),
            "wait-ms": (lambda step: self._store.wait(step["wait-ms"]), set()),
            "fail": (self._fail, {"though-done"}),
        }

    def _open(self, step: Dict[str, Any]) -> None:
        options = {**OPTIONS, **step.get("options", {})}
        arguments = [step["name"], options]
        function = "[static]flip-cache.open"
        if "resilience" in step:
            function = "[static]flip-cache.open-with"
            arguments.append({**RESILIENCE, **step["resilience"]})
        self._opened(CACHE, function, arguments, step["open"], step)

    def _open_dict(self, step: Dict[str, Any]) -> None:
        arguments = [step["order"], step["max-items"]]
        self._opened(COLLECTIONS, "[static]dict.open", arguments, step["open-dict"], step)

    def _opened(self, interface: str, function: str, given: List[Any], name: str, step: Dict[str, Any]) -> None:
        arguments = self._arguments(interface, function, given, False)

        def open_it() -> None:
            self._handles[name] = self._client.open(interface, function, *arguments)

        self._expect(step, interface, function, open_it)

    def _call(self, step: Dict[str, Any]) -> None:
        name, _, method = step["call"].partition(".")
        handle = self._handle(name)
        function = PREFIXES[handle.interface] + method
        arguments = self._arguments(handle.interface, function, step.get("with", []), True)
        call: Callable[..., Any] = self._client.call
        if self._interfaces.error(handle.interface, function) is not None:
            call = self._client.answer
        self._expect(step, handle.interface, function, lambda: call(handle, method, *arguments))

    def _coherence(self, step: Dict[str, Any]) -> None:
        arguments = self._arguments(COHERENCE, step["coherence"], step.get("with", []), False)
        self._expect(step, COHERENCE, step["coherence"], lambda: self._client.tell(step["coherence"], *arguments))

    def _list(self, step: Dict[str, Any]) -> None:
        handle, keys, cursor = self._handle(step["list"]), set(), None
        while True:
            page = self._client.answer(handle, "keys", cursor, step["limit"])
            keys.update(page["keys"])
            cursor = page["cursor"]
            if cursor is None:
                break
        self._recorder.calls.clear()
        if sorted(keys) != step["returns"]:
            raise Failed(f"listed {sorted(keys)}, expected {step['returns']}")

    def _external(self, step: Dict[str, Any]) -> None:
        operation, given = step["store"], step["with"]
        if operation == "set" and len(given) == 3:
            self._store.put(given[0], self._bytes(given[1]), given[2])
        elif operation == "delete" and len(given) == 1:
            self._store.remove(given[0])
        elif operation == "spoil" and len(given) == 1:
            self._store.put(given[0], None, None)
        elif operation == "get" and len(given) == 1 and "returns" in step:
            held = self._store.peek(given[0])
            expected = None if step["returns"] is None else self._bytes(step["returns"])
            if held != expected:
                raise Failed(f"the store holds {held!r}, expected {expected!r}")
        else:
            raise BadCase(f"there is no such step: store {operation!r} with {len(given)} arguments")

    def _fail(self, step: Dict[str, Any]) -> None:
        if step["fail"] is None:
            self._recorder.failure = None
            return
        errors = self._interfaces.error(KV_BACKEND, "[method]bucket.get")
        error = to_error(errors, step["fail"])
        self._recorder.failure = (error, bool(step.get("though-done", False)))

    def _expect(self, step: Dict[str, Any], interface: str, function: str, call: Callable[[], Any]) -> None:
        if "returns" in step and "error" in step:
            raise BadCase("a step expects a return value or an error")
        self._recorder.calls.clear()
        try:
            returned = call()
        except FlipCacheError as error:
            if error.wit is None:
                raise Failed(f"failed: {type(error).__name__}: {error}") from None
            self._expect_error(step, interface, function, error.wit)
        else:
            self._expect_returns(step, interface, function, returned)
        self._expect_calls(step.get("expect-calls", []))

    def _expect_error(self, step: Dict[str, Any], interface: str, function: str, error: Any) -> None:
        if "error" not in step:
            raise Failed(f"failed with {error!r}")
        if not error_fits(self._interfaces.error(interface, function), error, step["error"]):
            raise Failed(f"failed with {error!r}, expected {step['error']!r}")

    def _expect_returns(self, step: Dict[str, Any], interface: str, function: str, returned: Any) -> None:
        if "error" in step:
            raise Failed(f"returned {returned!r}, expected the error {step['error']!r}")
        if "returns" not in step:
            return
        ty = self._interfaces.ok(interface, function)
        matches = returned is None and step["returns"] is None
        if ty is not None:
            matches = fits(ty, returned, step["returns"])
        if not matches:
            raise Failed(f"returned {returned!r}, expected {step['returns']!r}")

    def _expect_calls(self, expected: List[Any]) -> None:
        calls = self._recorder.calls
        shown = [[name, function, *arguments] for name, function, arguments in calls]
        if len(calls) != len(expected):
            raise Failed(f"called {shown!r}, expected {expected!r}")
        for (name, function, arguments), call in zip(calls, expected):
            types = self._interfaces.arguments(KV_BACKEND, f"[method]bucket.{call[1]}", True)
            if len(call) != len(types) + 2:
                raise BadCase(f"{call!r} does not have the arguments of {call[1]}")
            matches = [name, function] == call[:2] and all(
                fits(ty, argument, one) for ty, argument, one in zip(types, arguments, call[2:])
            )
            if not matches:
                raise Failed(f"called {shown!r}, expected {expected!r}")

    def _arguments(self, interface: str, function: str, given: List[Any], without_self: bool) -> List[Any]:
        types = self._interfaces.arguments(interface, function, without_self)
        if len(types) != len(given):
            raise BadCase(f"{function} takes {len(types)} arguments, not {len(given)}")
        return [to_value(ty, one) for ty, one in zip(types, given)]

    def _handle(self, name: str) -> Handle:
        if name not in self._handles:
            raise BadCase(f"nothing is open as {name!r}")
        return self._handles[name]

    def _bytes(self, json: Any) -> bytes:
        types = self._interfaces.arguments(KV_BACKEND, "[method]bucket.set", True)
        value: bytes = to_value(types[0].element.elements[1], json)
        return value
