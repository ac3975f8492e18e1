"""Converts Python values to wasmtime's arguments; the inverse of :mod:`.lift`."""

from __future__ import annotations

import ctypes
from typing import Any, Callable, Dict, List, Protocol, Tuple, Type

from wasmtime import _ffi as ffi
from wasmtime import component as wit

from . import layout
from .layout import STRIDE, VALUE, Entry, Val


class Memory(Protocol):
    """Allocates the parts of a value."""

    def name(self, text: bytes, target: Any) -> None:
        """Writes text to a name."""

    def array(self, kind: Any, length: int, target: Any) -> Any:
        """Allocates the elements of a list, a tuple or a record. Returns their memory."""

    def boxed(self, val: Any) -> Any:
        """Returns a pointer to a copy of a value."""


class Lent:
    """Memory of Python that lives as long as this object: arguments, which wasmtime copies."""

    __slots__ = ("_kept", "keep")

    def __init__(self) -> None:
        self._kept: List[Any] = []
        #: Keeps an object alive as long.
        self.keep = self._kept.append

    def name(self, text: bytes, target: Any) -> None:
        held = ctypes.create_string_buffer(text, len(text)) if text else None
        self.keep(held)
        target.size = len(text)
        if held is not None:
            target.data = ctypes.cast(held, _BYTES)

    def array(self, kind: Any, length: int, target: Any) -> Any:
        room = (kind * length)()
        self.keep(room)
        target.size = length
        target.data = ctypes.cast(room, ctypes.POINTER(kind))
        return room

    def boxed(self, val: Any) -> Any:
        self.keep(val)
        return ctypes.pointer(val)


class Given:
    """Memory of wasmtime, which frees it: results."""

    def name(self, text: bytes, target: Any) -> None:
        ffi.wasm_byte_vec_new(ctypes.byref(target), len(text), ctypes.cast(ctypes.c_char_p(text), _BYTES))

    def array(self, kind: Any, length: int, target: Any) -> Any:
        _NEW_ARRAY[type(target)](ctypes.byref(target), length)
        ctypes.memset(target.data, 0, length * ctypes.sizeof(kind))
        return target.data

    def boxed(self, val: Any) -> Any:
        return ffi.wasmtime_component_val_new(ctypes.byref(val))


Lower = Callable[[Any, Any, Memory], None]


def lowerer(ty: Any) -> Lower:
    """Returns the function that writes values of a type."""
    for kind, make in _MAKERS:
        if isinstance(ty, kind):
            return make(ty)
    raise TypeError(f"unsupported type of the component: {type(ty).__name__}")


def _number(kind: int, field: str, of: Type[Any], least: int, most: int) -> Callable[[Any], Lower]:
    def make(_: Any) -> Lower:
        def lower(value: Any, target: Any, _: Memory) -> None:
            if not isinstance(value, of) or not least <= value <= most:
                raise TypeError(f"not a number of the type {field}")
            target.kind = kind
            setattr(target.of, field, value)

        return lower

    return make


def _float(_: Any) -> Lower:
    def lower(value: Any, target: Any, _: Memory) -> None:
        target.kind = layout.F64
        target.of.f64 = float(value)

    return lower


def _bool(_: Any) -> Lower:
    def lower(value: Any, target: Any, _: Memory) -> None:
        target.kind = layout.BOOL
        target.of.boolean = bool(value)

    return lower


def _text(_: Any) -> Lower:
    def lower(value: Any, target: Any, memory: Memory) -> None:
        target.kind = layout.STRING
        memory.name(value.encode(), target.of.string)

    return lower


def _enum(_: Any) -> Lower:
    def lower(value: Any, target: Any, memory: Memory) -> None:
        target.kind = layout.ENUM
        memory.name(value.encode(), target.of.enumeration)

    return lower


def _resource(_: Any) -> Lower:
    def lower(value: Any, target: Any, _: Memory) -> None:
        target.kind = layout.RESOURCE
        target.of.resource = value

    return lower


def _list(ty: Any) -> Lower:
    if isinstance(ty.element, wit.U8):
        return _bytes
    element = lowerer(ty.element)

    def lower(value: Any, target: Any, memory: Memory) -> None:
        target.kind = layout.LIST
        room = memory.array(Val, len(value), target.of.list)
        for at, one in enumerate(value):
            element(one, room[at], memory)

    return lower


def _bytes(value: Any, target: Any, memory: Memory) -> None:
    target.kind = layout.LIST
    room = memory.array(Val, len(value), target.of.list)
    if value:
        wide = bytearray(len(value) * STRIDE)
        wide[::STRIDE] = bytes((layout.U8,)) * len(value)
        wide[VALUE::STRIDE] = value
        ctypes.memmove(room, bytes(wide), len(wide))


def _tuple(ty: Any) -> Lower:
    elements = [lowerer(element) for element in ty.elements]

    def lower(value: Any, target: Any, memory: Memory) -> None:
        target.kind = layout.TUPLE
        room = memory.array(Val, len(elements), target.of.tuple)
        for at, element in enumerate(elements):
            element(value[at], room[at], memory)

    return lower


def _record(ty: Any) -> Lower:
    fields = [(name, name.encode(), lowerer(field)) for name, field in ty.fields]

    def lower(value: Any, target: Any, memory: Memory) -> None:
        target.kind = layout.RECORD
        room = memory.array(Entry, len(fields), target.of.record)
        for at, (name, wire, field) in enumerate(fields):
            field(value[name], room[at].val, memory)
            memory.name(wire, room[at].name)

    return lower


def _variant(ty: Any) -> Lower:
    cases: Dict[str, Any] = {name: None if case is None else lowerer(case) for name, case in ty.cases}

    def lower(value: Any, target: Any, memory: Memory) -> None:
        name, payload = value
        case = cases[name]
        target.kind = layout.VARIANT
        variant = target.of.variant
        variant.val = None
        if case is not None:
            held = Val()
            case(payload, held, memory)
            variant.val = memory.boxed(held)
        memory.name(name.encode(), variant.discriminant)

    return lower


def _option(ty: Any) -> Lower:
    payload = lowerer(ty.payload)

    def lower(value: Any, target: Any, memory: Memory) -> None:
        target.kind = layout.OPTION
        if value is None:
            # The memory may have held another option.
            target.of.option = None
            return
        held = Val()
        payload(value, held, memory)
        target.of.option = memory.boxed(held)

    return lower


def _result(ty: Any) -> Lower:
    sides = {
        True: None if ty.ok is None else lowerer(ty.ok),
        False: None if ty.err is None else lowerer(ty.err),
    }

    def lower(value: Any, target: Any, memory: Memory) -> None:
        is_ok, payload = value
        side = sides[is_ok]
        target.kind = layout.RESULT
        target.of.result.is_ok = is_ok
        if side is not None:
            held = Val()
            side(payload, held, memory)
            target.of.result.val = memory.boxed(held)

    return lower


_BYTES = ctypes.POINTER(ffi.wasm_byte_t)

_NEW_ARRAY: Dict[Any, Any] = {
    ffi.wasmtime_component_vallist_t: ffi.wasmtime_component_vallist_new_uninit,
    ffi.wasmtime_component_valtuple_t: ffi.wasmtime_component_valtuple_new_uninit,
    ffi.wasmtime_component_valrecord_t: ffi.wasmtime_component_valrecord_new_uninit,
}

_MAKERS: Tuple[Tuple[Any, Callable[[Any], Lower]], ...] = (
    (wit.Bool, _bool),
    (wit.U8, _number(layout.U8, "u8", int, 0, 2**8 - 1)),
    (wit.U32, _number(layout.U32, "u32", int, 0, 2**32 - 1)),
    (wit.U64, _number(layout.U64, "u64", int, 0, 2**64 - 1)),
    (wit.S64, _number(layout.S64, "s64", int, -(2**63), 2**63 - 1)),
    (wit.F64, _float),
    (wit.String, _text),
    (wit.ListType, _list),
    (wit.RecordType, _record),
    (wit.TupleType, _tuple),
    (wit.VariantType, _variant),
    (wit.EnumType, _enum),
    (wit.OptionType, _option),
    (wit.ResultType, _result),
    (wit.OwnType, _resource),
    (wit.BorrowType, _resource),
)
