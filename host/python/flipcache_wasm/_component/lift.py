"""Converts wasmtime's results to Python values.

``wasmtime.component`` inspects a type again for every value of it, and converts bytes one by one. Here a
type is looked at once, and turned into a function of a value's address. A record becomes a ``dict``, a variant
a pair of its case and its payload, a result a pair of ``True`` and what is there or ``False`` and the error, an
option what it holds or ``None``.
"""

from __future__ import annotations

import ctypes
from ctypes import string_at
from struct import Struct
from typing import Any, Callable, Dict, Optional, Tuple

from wasmtime import _ffi as ffi
from wasmtime import component as wit

from . import layout
from .layout import FIELD_STRIDE, FIELD_VALUE, STRIDE, VALUE

#: Reads the value at an address without taking ownership.
Lift = Callable[[int], Any]


def lifter(ty: Any) -> Lift:
    """Returns the function that reads values of a type."""
    number = _NUMBERS.get(type(ty))
    if number is not None:
        return _number(number)
    for kind, make in _MAKERS:
        if isinstance(ty, kind):
            return make(ty)
    raise TypeError(f"unsupported type of the component: {type(ty).__name__}")


def _number(form: Struct) -> Lift:
    size, unpack = form.size, form.unpack
    return lambda at: unpack(string_at(at, size))[0]


def _text(_: Any) -> Lift:
    size, unpack = layout.READ_LIST.size, layout.READ_LIST.unpack

    def lift(at: int) -> str:
        length, data = unpack(string_at(at, size))
        return string_at(data, length).decode() if length else ""

    return lift


def _resource(_: Any) -> Lift:
    size, unpack = layout.READ_POINTER.size, layout.READ_POINTER.unpack

    def lift(at: int) -> Optional[int]:
        # Results are deleted afterwards; a handle must outlive that.
        [pointer] = unpack(string_at(at, size))
        clone = ffi.wasmtime_component_resource_any_clone(ctypes.cast(pointer, layout.Handle))
        return ctypes.cast(clone, ctypes.c_void_p).value

    return lift


def _list(ty: Any) -> Lift:
    element = None if isinstance(ty.element, wit.U8) else lifter(ty.element)
    size, unpack = layout.READ_LIST.size, layout.READ_LIST.unpack

    def lift(at: int) -> Any:
        length, data = unpack(string_at(at, size))
        if element is None:
            return string_at(data, length * STRIDE)[VALUE::STRIDE] if length else b""
        return [element(one) for one in range(data, data + length * STRIDE, STRIDE)]

    return lift


def _tuple(ty: Any) -> Lift:
    elements = [(nth * STRIDE, lifter(element)) for nth, element in enumerate(ty.elements)]
    size, unpack = layout.READ_LIST.size, layout.READ_LIST.unpack

    def lift(at: int) -> Any:
        _, data = unpack(string_at(at, size))
        return tuple([element(data + offset) for offset, element in elements])

    return lift


def _record(ty: Any) -> Lift:
    fields = [(name, nth * FIELD_STRIDE + FIELD_VALUE, lifter(field)) for nth, (name, field) in enumerate(ty.fields)]
    size, unpack = layout.READ_LIST.size, layout.READ_LIST.unpack

    def lift(at: int) -> Any:
        _, data = unpack(string_at(at, size))
        return {name: field(data + offset) for name, offset, field in fields}

    return lift


def _variant(ty: Any) -> Lift:
    cases: Dict[bytes, Tuple[str, Optional[Lift]]] = {
        name.encode(): (name, None if case is None else lifter(case)) for name, case in ty.cases
    }
    size, unpack = layout.READ_VARIANT.size, layout.READ_VARIANT.unpack

    def lift(at: int) -> Any:
        length, data, payload = unpack(string_at(at, size))
        name, case = cases[string_at(data, length)]
        return name, None if case is None else case(payload)

    return lift


def _option(ty: Any) -> Lift:
    held = lifter(ty.payload)
    size, unpack = layout.READ_POINTER.size, layout.READ_POINTER.unpack

    def lift(at: int) -> Any:
        [payload] = unpack(string_at(at, size))
        return held(payload) if payload else None

    return lift


def _result(ty: Any) -> Lift:
    ok = None if ty.ok is None else lifter(ty.ok)
    err = None if ty.err is None else lifter(ty.err)
    size, unpack = layout.READ_RESULT.size, layout.READ_RESULT.unpack

    def lift(at: int) -> Any:
        is_ok, payload = unpack(string_at(at, size))
        side = ok if is_ok else err
        return is_ok, None if side is None else side(payload)

    return lift


_NUMBERS: Dict[Any, Struct] = {
    wit.Bool: layout.READ_BOOL,
    wit.U8: layout.READ_U8,
    wit.U32: layout.READ_U32,
    wit.U64: layout.READ_U64,
    wit.S64: layout.READ_S64,
    wit.F64: layout.READ_F64,
}

_MAKERS: Tuple[Tuple[Any, Callable[[Any], Lift]], ...] = (
    (wit.String, _text),
    (wit.EnumType, _text),
    (wit.ListType, _list),
    (wit.RecordType, _record),
    (wit.TupleType, _tuple),
    (wit.VariantType, _variant),
    (wit.OptionType, _option),
    (wit.ResultType, _result),
    (wit.OwnType, _resource),
    (wit.BorrowType, _resource),
)
