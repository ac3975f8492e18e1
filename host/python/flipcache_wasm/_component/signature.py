"""The types of the component's functions, inspected once per process."""

from __future__ import annotations

import ctypes
from typing import Any, Callable, Dict, List, Optional

from wasmtime import _ffi as ffi
from wasmtime import component as wit
from wasmtime.component import FuncType

from . import layout
from .layout import STRIDE, HandleView, TextView, Val
from .lift import Lift, lifter
from .lower import Lent, lowerer

_CALL = ffi.dll.wasmtime_component_func_call
_DELETE = ffi.dll.wasmtime_component_val_delete


class Export:
    """A function of one instance, with memory for arguments and result. For one call at a time."""

    def __init__(self, func: Any, ty: FuncType, context: Any) -> None:
        params = [param for _, param in ty.params]
        result = ty.result
        self._func = ctypes.byref(func)
        self._context = context
        self._values = (Val * len(params))()
        self._length = len(params)
        self._puts = [self._put(param, nth) for nth, param in enumerate(params)]
        self._lift: Optional[Lift] = None if result is None else lifter(result)
        self._result = Val()
        self._room = None if result is None else ctypes.byref(self._result)
        self._at = ctypes.addressof(self._result)

    def __call__(self, arguments: Any) -> Any:
        """Returns the result and ``None``, or ``None`` and a pointer to the error."""
        lent = Lent()
        for put, argument in zip(self._puts, arguments):
            put(argument, lent)
        lift = self._lift
        error = _CALL(self._func, self._context, self._values, self._length, self._room, lift is not None)
        if error:
            return None, error
        if lift is None:
            return None, None
        try:
            return lift(self._at), None
        finally:
            _DELETE(self._room)
            # The next result overwrites it, so it is deleted first.
            self._result.kind = layout.BOOL

    def _put(self, param: Any, nth: int) -> Callable[[Any, Lent], None]:
        at = ctypes.addressof(self._values) + nth * STRIDE
        if isinstance(param, wit.String):
            return _text(TextView.from_address(at))
        if isinstance(param, (wit.BorrowType, wit.OwnType)):
            return _handle(HandleView.from_address(at))
        lower, target = lowerer(param), self._values[nth]

        def put(argument: Any, lent: Lent) -> None:
            lower(argument, target, lent)

        return put


def _text(view: Any) -> Callable[[Any, Lent], None]:
    view.kind = layout.STRING

    def put(argument: Any, lent: Lent) -> None:
        wire = argument.encode()
        lent.keep(wire)
        view.size = len(wire)
        view.data = wire

    return put


def _handle(view: Any) -> Callable[[Any, Lent], None]:
    view.kind = layout.RESOURCE

    def put(argument: Any, _: Lent) -> None:
        view.pointer = argument

    return put


class Import:
    """How to call a function."""

    def __init__(self, ty: FuncType) -> None:
        lifts = [lifter(param) for _, param in ty.params]
        result = ty.result
        self._lifts = [(nth * STRIDE, lift) for nth, lift in enumerate(lifts)]
        self.lower = None if result is None else lowerer(result)

    def arguments(self, values: Any) -> List[Any]:
        """Returns the arguments of the call."""
        if not self._lifts:
            return []
        at = ctypes.addressof(values.contents)
        return [lift(at + offset) for offset, lift in self._lifts]


_IMPORTS: Dict[str, Import] = {}


def imported(name: str, ty: Any) -> Import:
    """Returns the signature of an import, from the type that each call passes."""
    known = _IMPORTS.get(name)
    if known is None:
        known = _IMPORTS[name] = Import(FuncType._from_ptr(ty, owner=True))
    return known
