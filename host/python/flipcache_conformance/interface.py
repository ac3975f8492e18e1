"""The types of the component's functions, as the component declares them."""

from __future__ import annotations

from typing import Any, Dict, List

from wasmtime.component import ResultType

from flipcache_wasm._component.engine import compiled
from flipcache_wasm._component.instance import CACHE, COHERENCE, COLLECTIONS
from flipcache_wasm._component.linker import KV_BACKEND

from .shapes import BadCase

PREFIXES = {CACHE: "[method]flip-cache.", COLLECTIONS: "[method]dict."}


class Interfaces:
    """The functions by interface and name."""

    def __init__(self) -> None:
        program = compiled()
        ty = program.component.type
        exports, imports = ty.exports(program.engine), ty.imports(program.engine)
        places: Dict[str, Any] = {name: exports[name] for name in (CACHE, COLLECTIONS, COHERENCE)}
        places[KV_BACKEND] = imports[KV_BACKEND]
        self._functions: Dict[str, Dict[str, Any]] = {
            name: place.ty.exports(program.engine) for name, place in places.items()
        }

    def function(self, interface: str, name: str) -> Any:
        """Returns the type of a function. Raises :class:`BadCase` if there is none."""
        functions = self._functions[interface]
        if name not in functions:
            raise BadCase(f"{interface} has no function {name!r}")
        return functions[name].ty

    def arguments(self, interface: str, name: str, without_self: bool) -> List[Any]:
        """Returns the types of the parameters."""
        params = [param for _, param in self.function(interface, name).params]
        return params[1:] if without_self else params

    def ok(self, interface: str, name: str) -> Any:
        """Returns the type of the return value (the ``ok`` of a ``result``); ``None`` if there is none."""
        result = self.function(interface, name).result
        return result.ok if isinstance(result, ResultType) else result

    def error(self, interface: str, name: str) -> Any:
        """Returns the error type; ``None`` if the function has no errors."""
        result = self.function(interface, name).result
        return result.err if isinstance(result, ResultType) else None
