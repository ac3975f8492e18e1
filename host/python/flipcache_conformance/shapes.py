"""Between the JSON of the cases and the values of a type of the component, by the component's own types."""

from __future__ import annotations

import math
from typing import Any, Dict, List, Optional, Tuple

from wasmtime import component as wit


class BadCase(Exception):
    """The case says what the format or the interface does not have."""


def to_value(ty: Any, said: Any) -> Any:
    """The value that JSON says."""
    if isinstance(ty, wit.OptionType):
        return None if said is None else to_value(ty.payload, said)
    if isinstance(ty, (wit.String, wit.EnumType)):
        return _is(str, said)
    if isinstance(ty, wit.Bool):
        return _is(bool, said)
    if isinstance(ty, (wit.U8, wit.U32, wit.U64, wit.S64)):
        return _integer(said)
    if isinstance(ty, wit.F64):
        return _float(said)
    if isinstance(ty, wit.ListType):
        if isinstance(ty.element, wit.U8):
            return _bytes(said)
        return [to_value(ty.element, one) for one in _is(list, said)]
    if isinstance(ty, wit.TupleType):
        _is(list, said)
        if len(said) != len(ty.elements):
            raise BadCase(f"{said!r} has not {len(ty.elements)} parts")
        return tuple(to_value(part, one) for part, one in zip(ty.elements, said))
    if isinstance(ty, wit.RecordType):
        return _record(dict(ty.fields), said)
    if isinstance(ty, wit.VariantType):
        return _variant(dict(ty.cases), said)
    raise BadCase(f"the format has no values of the type {type(ty).__name__}")


def fits(ty: Any, value: Any, said: Any) -> bool:
    """Whether a value is what JSON expects: of records only the fields that are expected."""
    if isinstance(ty, wit.OptionType):
        if value is None or said is None:
            return value is None and said is None
        return fits(ty.payload, value, said)
    if isinstance(ty, wit.RecordType):
        fields = dict(ty.fields)
        _known(fields, _is(dict, said))
        return all(fits(fields[name], value[name], one) for name, one in said.items())
    if isinstance(ty, wit.ListType) and not isinstance(ty.element, wit.U8):
        _is(list, said)
        return len(value) == len(said) and all(fits(ty.element, one, other) for one, other in zip(value, said))
    if isinstance(ty, wit.TupleType):
        _is(list, said)
        return len(value) == len(said) and all(
            fits(part, one, other) for part, one, other in zip(ty.elements, value, said)
        )
    if isinstance(ty, wit.VariantType):
        name, payload, cases = _case(dict(ty.cases), said)
        if value[0] != name:
            return False
        return cases[name] is None or fits(cases[name], value[1], payload)
    expected = to_value(ty, said)
    if isinstance(expected, float):
        return (math.isnan(value) and math.isnan(expected)) or (
            value == expected and math.copysign(1, value) == math.copysign(1, expected)
        )
    return type(value) is type(expected) and bool(value == expected)


def error_fits(ty: Any, value: Tuple[str, Any], said: Any) -> bool:
    """Whether an error is the one expected: its case, and its payload where one is given."""
    cases = _error_cases(ty)
    name, payload, has_payload = said, None, False
    if isinstance(said, dict):
        if len(said) != 1:
            raise BadCase(f"{said!r} is not one case")
        [(name, payload)] = said.items()
        has_payload = True
    if name not in cases:
        raise BadCase(f"there is no error {name!r}")
    if value[0] != name:
        return False
    if not has_payload:
        return True
    case = cases[name]
    if isinstance(case, wit.VariantType):
        return error_fits(case, value[1], payload)
    return fits(case, value[1], payload)


def to_error(ty: Any, said: Any) -> Tuple[str, Any]:
    """The error that a case wants to be answered; what it carries may be left out."""
    cases = _error_cases(ty)
    if isinstance(said, dict):
        return _variant(cases, said)
    if said not in cases:
        raise BadCase(f"there is no error {said!r}")
    case = cases[said]
    carried: Dict[Any, Any] = {wit.String: "as the case wants it", wit.U64: 0}
    return said, None if case is None else carried[type(case)]


def _error_cases(ty: Any) -> Dict[str, Any]:
    if not isinstance(ty, wit.VariantType):
        raise BadCase("this has no errors")
    return dict(ty.cases)


def _variant(cases: Dict[str, Any], said: Any) -> Tuple[str, Any]:
    name, payload, _ = _case(cases, said)
    case = cases[name]
    return name, None if case is None else to_value(case, payload)


def _case(cases: Dict[str, Any], said: Any) -> Tuple[str, Any, Dict[str, Any]]:
    name, payload, has_payload = said, None, False
    if isinstance(said, dict) and len(said) == 1:
        [(name, payload)] = said.items()
        has_payload = True
    if not isinstance(name, str) or name not in cases:
        raise BadCase(f"{said!r} is no case of {', '.join(cases)}")
    if has_payload != (cases[name] is not None):
        raise BadCase(f"{said!r}: the case {name} has {'no' if has_payload else 'a'} payload")
    return name, payload, cases


def _record(fields: Dict[str, Any], said: Any) -> Dict[str, Any]:
    _known(fields, _is(dict, said))
    missing = [name for name in fields if name not in said]
    if missing:
        raise BadCase(f"the fields {', '.join(missing)} are missing")
    return {name: to_value(field, said[name]) for name, field in fields.items()}


def _known(fields: Dict[str, Any], said: Dict[str, Any]) -> None:
    unknown: List[str] = [name for name in said if name not in fields]
    if unknown:
        raise BadCase(f"there are no fields {', '.join(unknown)}")


def _is(kind: Any, said: Any) -> Any:
    if not isinstance(said, kind):
        raise BadCase(f"{said!r} is not what stands here")
    return said


def _integer(said: Any) -> int:
    if isinstance(said, bool) or not isinstance(said, (int, str)):
        raise BadCase(f"{said!r} is no integer")
    try:
        return int(said)
    except ValueError:
        raise BadCase(f"{said!r} is no integer") from None


def _float(said: Any) -> float:
    special: Optional[float] = {
        "nan": math.nan,
        "inf": math.inf,
        "-inf": -math.inf,
    }.get(said if isinstance(said, str) else "")
    if special is not None:
        return special
    if isinstance(said, bool) or not isinstance(said, (int, float)):
        raise BadCase(f"{said!r} is no number")
    return float(said)


def _bytes(said: Any) -> bytes:
    if isinstance(said, str):
        return said.encode()
    if isinstance(said, dict) and set(said) == {"hex"}:
        return bytes.fromhex(said["hex"])
    raise BadCase(f"{said!r} are no bytes")
