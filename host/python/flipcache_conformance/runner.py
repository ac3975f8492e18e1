"""Runs one case: its steps, in order, in a new instance of the component."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Set

from flipcache_wasm._component.instance import CACHE, COHERENCE, COLLECTIONS
from flipcache_wasm._component.linker import KV_BACKEND
from flipcache_wasm.client import Client, Handle
from flipcache_wasm.errors import FlipCacheError

from .interface import PREFIXES, Interfaces
from .shapes import BadCase, error_fits, fits, to_error, to_value
from .stores import Store, Watched

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

_EXPECTS = {"answer", "error", "asks"}


class Failed(Exception):
    """A step did not come out as the case says."""


class Case:
    """A case that is being run."""

    def __init__(self, interfaces: Interfaces, store: Store) -> None:
        self._interfaces = interfaces
        self._store = store
        self._watched = Watched(store.backend)
        self._client = Client(self._watched, clock=store.now_ns)
        self._handles: Dict[str, Handle] = {}

    def run(self, case: Dict[str, Any]) -> None:
        """Runs all steps. Raises :class:`Failed` with the number of the one that was not right."""
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
            "list": (self._list, {"limit", "answer"}),
            "tell": (self._tell, {"with"} | _EXPECTS),
            "store": (self._beside, {"with", "answer"}),
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

    def _opened(self, interface: str, function: str, said: List[Any], name: str, step: Dict[str, Any]) -> None:
        arguments = self._arguments(interface, function, said, False)

        def open_it() -> None:
            self._handles[name] = self._client.open(interface, function, *arguments)

        self._expect(step, interface, function, open_it)

    def _call(self, step: Dict[str, Any]) -> None:
        name, _, method = step["call"].partition(".")
        handle = self._handle(name)
        function = PREFIXES[handle.interface] + method
        arguments = self._arguments(handle.interface, function, step.get("with", []), True)
        ask: Callable[..., Any] = self._client.call
        if self._interfaces.error(handle.interface, function) is not None:
            ask = self._client.answer
        self._expect(step, handle.interface, function, lambda: ask(handle, method, *arguments))

    def _tell(self, step: Dict[str, Any]) -> None:
        arguments = self._arguments(COHERENCE, step["tell"], step.get("with", []), False)
        self._expect(step, COHERENCE, step["tell"], lambda: self._client.tell(step["tell"], *arguments))

    def _list(self, step: Dict[str, Any]) -> None:
        handle, keys, cursor = self._handle(step["list"]), set(), None
        while True:
            page = self._client.answer(handle, "keys", cursor, step["limit"])
            keys.update(page["keys"])
            cursor = page["cursor"]
            if cursor is None:
                break
        self._watched.asks.clear()
        if sorted(keys) != step["answer"]:
            raise Failed(f"listed {sorted(keys)}, expected {step['answer']}")

    def _beside(self, step: Dict[str, Any]) -> None:
        what, said = step["store"], step["with"]
        if what == "set" and len(said) == 3:
            self._store.put(said[0], self._bytes(said[1]), said[2])
        elif what == "delete" and len(said) == 1:
            self._store.remove(said[0])
        elif what == "spoil" and len(said) == 1:
            self._store.put(said[0], None, None)
        elif what == "get" and len(said) == 1 and "answer" in step:
            held = self._store.peek(said[0])
            expected = None if step["answer"] is None else self._bytes(step["answer"])
            if held != expected:
                raise Failed(f"the store holds {held!r}, expected {expected!r}")
        else:
            raise BadCase(f"there is no such step: store {what!r} with {len(said)} arguments")

    def _fail(self, step: Dict[str, Any]) -> None:
        if step["fail"] is None:
            self._watched.failure = None
            return
        errors = self._interfaces.error(KV_BACKEND, "[method]bucket.get")
        error = to_error(errors, step["fail"])
        self._watched.failure = (error, bool(step.get("though-done", False)))

    def _expect(self, step: Dict[str, Any], interface: str, function: str, call: Callable[[], Any]) -> None:
        if "answer" in step and "error" in step:
            raise BadCase("a step expects an answer or an error")
        self._watched.asks.clear()
        try:
            answered = call()
        except FlipCacheError as error:
            if error.wit is None:
                raise Failed(f"failed: {type(error).__name__}: {error}") from None
            self._expect_error(step, interface, function, error.wit)
        else:
            self._expect_answer(step, interface, function, answered)
        self._expect_asks(step.get("asks", []))

    def _expect_error(self, step: Dict[str, Any], interface: str, function: str, error: Any) -> None:
        if "error" not in step:
            raise Failed(f"failed with {error!r}")
        if not error_fits(self._interfaces.error(interface, function), error, step["error"]):
            raise Failed(f"failed with {error!r}, expected {step['error']!r}")

    def _expect_answer(self, step: Dict[str, Any], interface: str, function: str, answered: Any) -> None:
        if "error" in step:
            raise Failed(f"answered {answered!r}, expected the error {step['error']!r}")
        if "answer" not in step:
            return
        ty = self._interfaces.ok(interface, function)
        is_right = answered is None and step["answer"] is None
        if ty is not None:
            is_right = fits(ty, answered, step["answer"])
        if not is_right:
            raise Failed(f"answered {answered!r}, expected {step['answer']!r}")

    def _expect_asks(self, expected: List[Any]) -> None:
        asks = self._watched.asks
        shown = [[name, function, *arguments] for name, function, arguments in asks]
        if len(asks) != len(expected):
            raise Failed(f"asked {shown!r}, expected {expected!r}")
        for (name, function, arguments), said in zip(asks, expected):
            types = self._interfaces.arguments(KV_BACKEND, f"[method]bucket.{said[1]}", True)
            if len(said) != len(types) + 2:
                raise BadCase(f"{said!r} does not have the arguments of {said[1]}")
            is_right = [name, function] == said[:2] and all(
                fits(ty, argument, one) for ty, argument, one in zip(types, arguments, said[2:])
            )
            if not is_right:
                raise Failed(f"asked {shown!r}, expected {expected!r}")

    def _arguments(self, interface: str, function: str, said: List[Any], without_self: bool) -> List[Any]:
        types = self._interfaces.arguments(interface, function, without_self)
        if len(types) != len(said):
            raise BadCase(f"{function} takes {len(types)} arguments, not {len(said)}")
        return [to_value(ty, one) for ty, one in zip(types, said)]

    def _handle(self, name: str) -> Handle:
        if name not in self._handles:
            raise BadCase(f"nothing is open as {name!r}")
        return self._handles[name]

    def _bytes(self, said: Any) -> bytes:
        types = self._interfaces.arguments(KV_BACKEND, "[method]bucket.set", True)
        value: bytes = to_value(types[0].element.elements[1], said)
        return value
