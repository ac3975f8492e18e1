"""From Python's keys and values to the cache's, and back. The bytes in Redis are those of FlipCache 1.3."""

from __future__ import annotations

import json
import operator
from typing import Any, Callable, Dict, Optional, Protocol, Tuple, Union

from .errors import InvalidKey, InvalidOptions, InvalidValue, Undecodable

#: A case of the component's ``value`` and what it carries.
Value = Tuple[str, Any]

_LEAST, _MOST = -(2**63), 2**63 - 1


class Codec(Protocol):
    """Values of one type."""

    #: The component's name of it.
    value_type: str

    def encode(self, value: Any) -> Value:
        """What the cache holds of a value. Raises :class:`InvalidValue`."""

    def decode(self, payload: Any) -> Any:
        """The value that the cache holds."""


def codec(
    value_type: str,
    encoder: Optional[Callable[[Any], Any]],
    decoder: Optional[Callable[[Any], Any]],
    decode_responses: bool,
) -> Codec:
    """The codec of a cache's value type."""
    if value_type == "custom":
        if not callable(encoder) or not callable(decoder):
            raise InvalidOptions("value_encoder and value_decoder must be functions when value_type is 'custom'")
        return Custom(encoder, decoder, decode_responses)
    try:
        return _CODECS[value_type]()
    except (KeyError, TypeError):
        names = ", ".join(repr(name) for name in (*_CODECS, "custom"))
        raise InvalidOptions(f"value_type must be one of {names}") from None


class Text:
    """Text; other objects by ``str()``, but what would be answered as text that nobody meant."""

    value_type = "text"

    def encode(self, value: Any) -> Value:
        if type(value) is str:
            return "text", _checked(value)
        if value is None or isinstance(value, (bytes, bytearray, memoryview)):
            raise InvalidValue(f"a text cache does not hold {_kind(value)}")
        return "text", _checked(str(value))

    def decode(self, payload: str) -> str:
        return payload


class Integer:
    """Integers of 64 bits."""

    value_type = "integer"

    def encode(self, value: Any) -> Value:
        number = _integer(value)
        if number is None:
            raise InvalidValue(f"an integer cache does not hold {_kind(value)}")
        if not _LEAST <= number <= _MOST:
            raise InvalidValue("an integer cache holds integers of 64 bits")
        return "integer", number

    def decode(self, payload: int) -> int:
        return payload


class Float:
    """Floating-point numbers."""

    value_type = "float"

    def encode(self, value: Any) -> Value:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise InvalidValue(f"a float cache does not hold {_kind(value)}")
        try:
            return "float", float(value)
        except OverflowError:
            raise InvalidValue("this integer is too large for a float") from None

    def decode(self, payload: float) -> float:
        return payload


class Boolean:
    """``True`` and ``False``."""

    value_type = "boolean"

    def encode(self, value: Any) -> Value:
        if not isinstance(value, bool):
            raise InvalidValue(f"a bool cache does not hold {_kind(value)}")
        return "boolean", value

    def decode(self, payload: bool) -> bool:
        return payload


class Bytes:
    """Bytes as they are."""

    value_type = "bytes"

    def encode(self, value: Any) -> Value:
        if not isinstance(value, (bytes, bytearray, memoryview)):
            raise InvalidValue(f"a bytes cache does not hold {_kind(value)}")
        return "bytes", bytes(value)

    def decode(self, payload: bytes) -> bytes:
        return payload


class Json:
    """What ``json.dumps`` writes, but ``NaN`` and infinities, which it reads."""

    value_type = "json"

    def encode(self, value: Any) -> Value:
        try:
            return "json", json.dumps(value, allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            reason = "it is no JSON" if isinstance(error, TypeError) else type(error).__name__
            raise InvalidValue(f"a JSON cache does not hold {_kind(value)}: {reason}") from None

    def decode(self, payload: str) -> Any:
        try:
            return json.loads(payload)
        except (ValueError, RecursionError) as error:
            # The component has found it to be JSON: it is too deep or has too many digits for Python.
            raise Undecodable(f"Python cannot read this JSON: {type(error).__name__}") from None


class Custom:
    """What functions of the caller's make of text, or of bytes. Text costs the component less."""

    def __init__(self, encoder: Callable[[Any], Any], decoder: Callable[[Any], Any], decode_responses: bool) -> None:
        self._encoder = encoder
        self._decoder = decoder
        self.value_type = "text" if decode_responses else "bytes"

    def encode(self, value: Any) -> Value:
        encoded = self._encoder(value)
        if isinstance(encoded, (bytearray, memoryview)):
            encoded = bytes(encoded)
        if isinstance(encoded, bool) or not isinstance(encoded, (str, int, float, bytes)):
            raise InvalidValue(f"value_encoder must answer text or bytes, not {_kind(encoded)}")
        if not isinstance(encoded, (str, bytes)):
            encoded = repr(encoded)
        if self.value_type == "bytes":
            return "bytes", encoded if isinstance(encoded, bytes) else _checked(encoded).encode()
        try:
            return "text", _checked(encoded) if isinstance(encoded, str) else encoded.decode()
        except UnicodeDecodeError:
            raise InvalidValue(
                "bytes that are not UTF-8 take a client, or a cache, of decode_responses=False"
            ) from None

    def decode(self, payload: Any) -> Any:
        return self._decoder(payload)


_CODECS: Dict[str, Callable[[], Codec]] = {
    "str": Text,
    "int": Integer,
    "json": Json,
    "float": Float,
    "bool": Boolean,
    "bytes": Bytes,
}


class Keys:
    """Keys of one type."""

    def __init__(self, key_type: str) -> None:
        if key_type not in ("str", "int"):
            raise InvalidOptions("key_type must be 'int' or 'str'")
        self.is_integer = key_type == "int"
        #: The component's name of the type.
        self.key_type = "integer" if self.is_integer else "text"

    def encode(self, key: Any) -> str:
        """The text of a key. Raises :class:`InvalidKey`."""
        if type(key) is str:
            return _checked_key(key)
        if self.is_integer:
            number = _integer(key)
            if number is None and not isinstance(key, str):
                raise InvalidKey(f"{_kind(key)} is no key of a cache of integer keys")
            return _checked_key(str(key) if number is None else str(number))
        if key is None or isinstance(key, (bytes, bytearray, memoryview)):
            raise InvalidKey(f"{_kind(key)} is no key of a cache")
        return _checked_key(str(key))

    def decode(self, key: str) -> Union[str, int]:
        """The key whose text this is."""
        return int(key) if self.is_integer else key


def _integer(value: Any) -> Optional[int]:
    if isinstance(value, bool):
        return None
    try:
        # A subclass, such as an enumeration, may have another text.
        return int(operator.index(value))
    except TypeError:
        return None


def _checked(text: str) -> str:
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise InvalidValue("text with a lone surrogate has no UTF-8") from None
    return text


def _checked_key(text: str) -> str:
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise InvalidKey("text with a lone surrogate has no UTF-8") from None
    return text


def _kind(value: Any) -> str:
    return "None" if value is None else f"a value of type {type(value).__name__}"
