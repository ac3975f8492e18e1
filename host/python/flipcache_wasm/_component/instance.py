"""An instance of the component: its store and its exports. For one thread at a time."""

from __future__ import annotations

import ctypes
from typing import Any, Dict, Tuple

from wasmtime import Store, WasmtimeError
from wasmtime import _ffi as ffi
from wasmtime.component import Func

from ..backend.protocol import KvBackend
from ..errors import ComponentFailed
from . import layout
from .engine import Compiled
from .imports import Imports
from .linker import Clock, Definitions
from .signature import Export

CACHE = "flipcache:cache/cache@0.1.0"
COLLECTIONS = "flipcache:cache/collections@0.1.0"
COHERENCE = "flipcache:cache/coherence@0.1.0"

_RESOURCES = {CACHE: "flip-cache", COLLECTIONS: "dict"}


class Instance:
    """A new local tier. Unusable after a call that raised :class:`ComponentFailed`."""

    def __init__(self, compiled: Compiled, backend: KvBackend, clock: Clock) -> None:
        self.imports = Imports(backend)
        self._store = Store(compiled.engine)
        self._context = self._store._context()
        self._definitions = Definitions(self.imports, clock, self._store)
        linker = self._definitions.link(compiled)
        self._instance = linker.instantiate(self._store, compiled.component)
        self._functions: Dict[Tuple[str, str], Export] = {}
        #: Whether a call was interrupted: the instance cannot be called again.
        self.is_poisoned = False

    def call(self, interface: str, name: str, *arguments: Any) -> Any:
        """Calls an export and returns its result, a handle in the form that :meth:`drop` takes. Methods of the
        interface's resource go by their own names, and take the handle first.

        Raises :class:`ComponentFailed` after a trap, and exceptions of imports that are not results.
        """
        function = self._functions.get((interface, name)) or self._find(interface, name)
        result, error = function(arguments)
        if error is not None:
            self._fail(error)
        return result

    def drop(self, handle: int, is_its_own: bool = True) -> None:
        """Drops a handle returned by an export. A handle of another instance is only freed."""
        pointer = ctypes.cast(handle, layout.Handle)
        error = is_its_own and ffi.wasmtime_component_resource_any_drop(self._context, pointer)
        ffi.wasmtime_component_resource_any_delete(pointer)
        if error:
            self._fail(error)

    def _fail(self, error: Any) -> None:
        self.is_poisoned = True
        trap = WasmtimeError._from_ptr(error)
        raised, self._definitions.raised = self._definitions.raised, None
        if raised is not None:
            raise raised
        # The trace contains function names, but no values.
        reasons = str(trap).splitlines()
        raise ComponentFailed(f"the component failed: {reasons[-1].strip()}") from None

    def _find(self, interface: str, name: str) -> Export:
        place = self._instance.get_export_index(self._store, interface)
        resource = None if name.startswith("[") else _RESOURCES.get(interface)
        full_name = name if resource is None else f"[method]{resource}.{name}"
        index = place and self._instance.get_export_index(self._store, full_name, place)
        func = index and self._instance.get_func(self._store, index)
        if not isinstance(func, Func):
            raise ComponentFailed(f"the component does not export {interface}#{name}")
        function = Export(func._func, func.type(self._store), self._context)
        self._functions[(interface, name)] = function
        return function
