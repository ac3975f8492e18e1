"""The imports of the component, defined for one instance."""

from __future__ import annotations

import ctypes
from typing import Any, Callable, List, Optional

from wasmtime import Store, WasmtimeError
from wasmtime import _ffi as ffi
from wasmtime.component import Linker, ResourceType

from . import layout
from .engine import Compiled
from .imports import METHODS, Imports
from .layout import STRIDE
from .lower import Given
from .signature import imported

Clock = Callable[[], int]

KV_BACKEND = "flipcache:cache/kv-backend@0.1.0"
CLOCK = "wasi:clocks/monotonic-clock@0.2.0"

#: The number that identifies buckets among the host's resources in wasmtime.
_BUCKET = 1

_Callback = ffi.wasmtime_component_func_callback_t


class Definitions:
    """The functions that an instance may call. They live as long as the instance does."""

    def __init__(self, imports: Imports, clock: Clock, store: Store) -> None:
        self._imports = imports
        self._clock = clock
        self._store = store
        self._kept: List[Any] = []
        #: The exception that ended the last call, if it was not a trap of wasmtime.
        self.raised: Optional[BaseException] = None

    def link(self, compiled: Compiled) -> Linker:
        """Returns a linker for the component."""
        linker = Linker(compiled.engine)
        with linker.root() as root:
            with root.add_instance(CLOCK) as clock:
                self._define(clock, "now", self._now)
            with root.add_instance(KV_BACKEND) as backend:
                drop = self._imports.close
                backend.add_resource("bucket", ResourceType.host(_BUCKET), lambda _, number: drop(number))
                self._define(backend, "[static]bucket.open", self._open)
                for method in METHODS:
                    self._define(backend, f"[method]bucket.{method}", self._method(method))
        return linker

    def _now(self, _: Any, __: Any) -> Any:
        return int(self._clock()) & (2**64 - 1)

    def _open(self, _: Any, arguments: Any) -> Any:
        is_ok, result = self._imports.open(*arguments)
        return is_ok, self._own(result) if is_ok else result

    def _method(self, method: str) -> Any:
        def call(context: Any, arguments: Any) -> Any:
            number = _number(context, arguments[0])
            return self._imports.call(method, number, tuple(arguments[1:]))

        return call

    def _own(self, number: int) -> Any:
        host = ffi.wasmtime_component_resource_host_new(True, number, _BUCKET)
        any_resource = ctypes.POINTER(ffi.wasmtime_component_resource_any_t)()
        error = ffi.wasmtime_component_resource_host_to_any(self._store._context(), host, ctypes.byref(any_resource))
        ffi.wasmtime_component_resource_host_delete(host)
        if error:
            raise WasmtimeError._from_ptr(error)
        return any_resource

    def _define(self, place: Any, name: str, function: Callable[[Any, Any], Any]) -> None:
        def called(_: Any, context: Any, ty: Any, args: Any, nargs: int, results: Any, __: int) -> int:
            try:
                signature = imported(name, ty)
                result = function(context, signature.arguments(args))
                if signature.lower is not None:
                    # wasmtime does not clear it: unwritten memory would be read as a pointer.
                    ctypes.memset(results, 0, STRIDE)
                    _put(signature.lower, result, results[0])
                return 0
            except BaseException as error:
                self.raised = error
                failure = WasmtimeError("the host ended the call")
                return ctypes.cast(failure._consume(), ctypes.c_void_p).value or 0

        callback = _Callback(called)
        self._kept.append(callback)
        wire = name.encode()
        buffer = ctypes.create_string_buffer(wire)
        error = ffi.wasmtime_component_linker_instance_add_func(place.ptr(), buffer, len(wire), callback, None, _FORGET)
        if error:
            raise WasmtimeError._from_ptr(error)


def _put(lower: Any, result: Any, target: Any) -> None:
    try:
        lower(result, target, Given())
    except (TypeError, KeyError, ValueError, AttributeError, IndexError) as error:
        if not isinstance(result, tuple):
            raise
        ctypes.memset(ctypes.byref(target), 0, STRIDE)
        message = f"the backend returned an invalid result: {type(error).__name__}"
        lower((False, ("other", message)), target, Given())


def _number(context: Any, address: int) -> int:
    bucket = ctypes.cast(address, layout.Handle)
    host = ctypes.POINTER(ffi.wasmtime_component_resource_host_t)()
    error = ffi.wasmtime_component_resource_any_to_host(context, bucket, ctypes.byref(host))
    ffi.wasmtime_component_resource_any_delete(bucket)
    if error:
        raise WasmtimeError._from_ptr(error)
    number = int(ffi.wasmtime_component_resource_host_rep(host))
    ffi.wasmtime_component_resource_host_delete(host)
    return number


#: The finalizer of a function's data, which is empty.
_FORGET = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(lambda _: None)
