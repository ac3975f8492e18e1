"""The memory layout of values in wasmtime's C interface.

Values are read by their addresses: an attribute of a ``ctypes`` structure costs as much as a whole value does so.
"""

from __future__ import annotations

import ctypes
from struct import Struct
from typing import Any

from wasmtime import _ffi as ffi

Val = ffi.wasmtime_component_val_t
#: Handles are passed by address.
Handle = ctypes.POINTER(ffi.wasmtime_component_resource_any_t)
Entry = ffi.wasmtime_component_valrecord_entry_t

#: From one value of an array to the next, and from a value's beginning to what it holds.
STRIDE = ctypes.sizeof(Val)
VALUE = Val.of.offset

#: The same of a record's fields, each a name and a value.
FIELD_STRIDE = ctypes.sizeof(Entry)
FIELD_VALUE = Entry.val.offset

BOOL = ffi.WASMTIME_COMPONENT_BOOL.value
U8 = ffi.WASMTIME_COMPONENT_U8.value
U32 = ffi.WASMTIME_COMPONENT_U32.value
U64 = ffi.WASMTIME_COMPONENT_U64.value
S64 = ffi.WASMTIME_COMPONENT_S64.value
F64 = ffi.WASMTIME_COMPONENT_F64.value
STRING = ffi.WASMTIME_COMPONENT_STRING.value
LIST = ffi.WASMTIME_COMPONENT_LIST.value
RECORD = ffi.WASMTIME_COMPONENT_RECORD.value
TUPLE = ffi.WASMTIME_COMPONENT_TUPLE.value
VARIANT = ffi.WASMTIME_COMPONENT_VARIANT.value
ENUM = ffi.WASMTIME_COMPONENT_ENUM.value
OPTION = ffi.WASMTIME_COMPONENT_OPTION.value
RESULT = ffi.WASMTIME_COMPONENT_RESULT.value
RESOURCE = ffi.WASMTIME_COMPONENT_RESOURCE.value


def _within(union: str, *fields: Any) -> int:
    at: int = VALUE + int(getattr(ffi.wasmtime_component_valunion_t, union).offset) + sum(fields)
    return at


def _struct(*parts: tuple[int, str]) -> Struct:
    """One that unpacks these parts of a value, given by offset and format, in ascending order."""
    spec, at = "=", 0
    for offset, form in parts:
        spec += f"{offset - at}x{form}"
        at = offset + Struct("=" + form).size
    return Struct(spec)


_RESULT: Any = ffi.wasmtime_component_valresult_t
_VARIANT: Any = ffi.wasmtime_component_valvariant_t
_NAME: Any = ffi.wasm_name_t
_LIST: Any = ffi.wasmtime_component_vallist_t

#: What is read of a value of each kind: numbers, pointers, and the lengths before them.
READ_BOOL = _struct((_within("boolean"), "?"))
READ_U8 = _struct((_within("u8"), "B"))
READ_U32 = _struct((_within("u32"), "I"))
READ_U64 = _struct((_within("u64"), "Q"))
READ_S64 = _struct((_within("s64"), "q"))
READ_F64 = _struct((_within("f64"), "d"))
READ_POINTER = _struct((_within("option"), "Q"))
READ_LIST = _struct((_within("list", _LIST.size.offset), "Q"), (_within("list", _LIST.data.offset), "Q"))
READ_RESULT = _struct((_within("result", _RESULT.is_ok.offset), "?"), (_within("result", _RESULT.val.offset), "Q"))
READ_VARIANT = _struct(
    (_within("variant", _VARIANT.discriminant.offset, _NAME.size.offset), "Q"),
    (_within("variant", _VARIANT.discriminant.offset, _NAME.data.offset), "Q"),
    (_within("variant", _VARIANT.val.offset), "Q"),
)


class TextView(ctypes.Structure):
    """A value that is text, as one argument after another is written into it."""

    _fields_ = [
        ("kind", ctypes.c_uint8),
        ("padding", ctypes.c_uint8 * (READ_LIST.size - 17)),
        ("size", ctypes.c_size_t),
        ("data", ctypes.c_char_p),
    ]


class HandleView(ctypes.Structure):
    """A value that is a handle."""

    _fields_ = [
        ("kind", ctypes.c_uint8),
        ("padding", ctypes.c_uint8 * (READ_POINTER.size - 9)),
        ("pointer", ctypes.c_void_p),
    ]


if TextView.data.offset != READ_LIST.size - 8 or HandleView.pointer.offset != READ_POINTER.size - 8:
    raise ImportError("unsupported layout of values in this build of wasmtime")
