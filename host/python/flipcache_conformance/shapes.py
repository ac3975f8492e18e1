"""Converts and compares the JSON of the cases with values of the component's types."""

from __future__ import annotations

import math
from typing import Any, Dict, List, Optional, Tuple

from wasmtime import component as wit


class BadCase(Exception):
    """The case violates the format or the interface."""


def to_value(ty: Any, json: Any) -> Any:
    """Converts JSON to a value of a type."""
    if isinstance(ty, wit.OptionType):
        return None if json is None else to_value(ty.payload, json)
    if isinstance(ty, (wit.String, wit.EnumType)):
        return _is(str, json)
    if isinstance(ty, wit.Bool):
        return _is(bool, json)
    if isinstance(ty, (wit.U8, wit.U32, wit.U64, wit.S64)):
        return _integer(json)
    if isinstance(ty, wit.F64):
        return _float(json)
    if isinstance(ty, wit.ListType):
        if isinstance(ty.element, wit.U8):
            return _bytes(json)
        return [to_value(ty.element, one) for one in _is(list, json)]
    if isinstance(ty, wit.TupleType):
        _is(list, json)
        if len(json) != len(ty.elements):
            raise BadCase(f"{json!r} does not have {len(ty.elements)} elements")
        return tuple(to_value(part, one) for part, one in zip(ty.elements, json))
    if isinstance(ty, wit.RecordType):
        return _record(dict(ty.fields), json)
    if isinstance(ty, wit.VariantType):
        return _variant(dict(ty.cases), json)
    raise BadCase(f"the format has no values of the type {type(ty).__name__}")


def fits(ty: Any, value: Any, json: Any) -> bool:
    """Returns whether a value is the expected one. Only the expected fields of a record are compared."""
    if isinstance(ty, wit.OptionType):
        if value is None or json is None:
            return value is None and json is None
        return fits(ty.payload, value, json)
    if isinstance(ty, wit.RecordType):
        fields = dict(ty.fields)
        _known(fields, _is(dict, json))
        return all(fits(fields[name], value[name], one) for name, one in json.items())
    if isinstance(ty, wit.ListType) and not isinstance(ty.element, wit.U8):
        _is(list, json)
        return len(value) == len(json) and all(fits(ty.element, one, other) for one, other in zip(value, json))
    if isinstance(ty, wit.TupleType):
        _is(list, json)
        return len(value) == len(json) and all(
            fits(part, one, other) for part, one, other in zip(ty.elements, value, json)
        )
    if isinstance(ty, wit.VariantType):
        name, payload, cases = _case(dict(ty.cases), json)
        if value[0] != name:
            return False
        return cases[name] is None or fits(cases[name], value[1], payload)
    expected = to_value(ty, json)
    if isinstance(expected, float):
        return (math.isnan(value) and math.isnan(expected)) or (
            value == expected and math.copysign(1, value) == math.copysign(1, expected)
        )
    return type(value) is type(expected) and bool(value == expected)


def error_fits(ty: Any, value: Tuple[str, Any], json: Any) -> bool:
    """Returns whether an error is the expected one: its case, and its payload if one is given."""
    cases = _error_cases(ty)
    name, payload, has_payload = json, None, False
    if isinstance(json, dict):
        if len(json) != 1:
            raise BadCase(f"{json!r} is not one case")
        [(name, payload)] = json.items()
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


def to_error(ty: Any, json: Any) -> Tuple[str, Any]:
    """Returns the error that a case injects. If its payload is left out, it is arbitrary."""
    cases = _error_cases(ty)
    if isinstance(json, dict):
        return _variant(cases, json)
    if json not in cases:
        raise BadCase(f"there is no error {json!r}")
    case = cases[json]
    carried: Dict[Any, Any] = {wit.String: "injected fault", wit.U64: 0}
    return json, None if case is None else carried[type(case)]


def _error_cases(ty: Any) -> Dict[str, Any]:
    if not isinstance(ty, wit.VariantType):
        raise BadCase("the function has no errors")
    return dict(ty.cases)


def _variant(cases: Dict[str, Any], json: Any) -> Tuple[str, Any]:
    name, payload, _ = _case(cases, json)
    case = cases[name]
    return name, None if case is None else to_value(case, payload)


def _case(cases: Dict[str, Any], json: Any) -> Tuple[str, Any, Dict[str, Any]]:
    name, payload, has_payload = json, None, False
    if isinstance(json, dict) and len(json) == 1:
        [(name, payload)] = json.items()
        has_payload = True
    if not isinstance(name, str) or name not in cases:
        raise BadCase(f"{json!r} is not a case of {', '.join(cases)}")
    if has_payload != (cases[name] is not None):
        raise BadCase(f"{json!r}: the case {name} has {'no' if has_payload else 'a'} payload")
    return name, payload, cases


def _record(fields: Dict[str, Any], json: Any) -> Dict[str, Any]:
    _known(fields, _is(dict, json))
    missing = [name for name in fields if name not in json]
    if missing:
        raise BadCase(f"the fields {', '.join(missing)} are missing")
    return {name: to_value(field, json[name]) for name, field in fields.items()}


def _known(fields: Dict[str, Any], json: Dict[str, Any]) -> None:
    unknown: List[str] = [name for name in json if name not in fields]
    if unknown:
        raise BadCase(f"there are no fields {', '.join(unknown)}")


def _is(kind: Any, json: Any) -> Any:
    if not isinstance(json, kind):
        raise BadCase(f"{json!r} is not of the expected type")
    return json


def _integer(json: Any) -> int:
    if isinstance(json, bool) or not isinstance(json, (int, str)):
        raise BadCase(f"{json!r} is not an integer")
    try:
        return int(json)
    except ValueError:
        raise BadCase(f"{json!r} is not an integer") from None


def _float(json: Any) -> float:
    special: Optional[float] = {
        "nan": math.nan,
        "inf": math.inf,
        "-inf": -math.inf,
    }.get(json if isinstance(json, str) else "")
    if special is not None:
        return special
    if isinstance(json, bool) or not isinstance(json, (int, float)):
        raise BadCase(f"{json!r} is not a number")
    return float(json)


def _bytes(json: Any) -> bytes:
    if isinstance(json, str):
        return json.encode()
    if isinstance(json, dict) and set(json) == {"hex"}:
        return bytes.fromhex(json["hex"])
    raise BadCase(f"{json!r} is not bytes")
