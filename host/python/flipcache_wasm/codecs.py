"""Converts keys and values between Python and the cache. The bytes in Redis are those of FlipCache 1.3."""

from __future__ import annotations

import json
import operator
from typing import Any, Callable, Dict, Optional, Protocol, Tuple, Union

from .errors import InvalidKey, InvalidOptions, InvalidValue, Undecodable

#: A case of the component's ``value`` and its payload.
Value = Tuple[str, Any]

_LEAST, _MOST = -(2**63), 2**63 - 1


class Codec(Protocol):
    """Converts values of one type."""

    #: The component's name of the type.
    value_type: str

    def encode(self, value: Any) -> Value:
        """Encodes a value for the cache. Raises :class:`InvalidValue`."""

    def decode(self, payload: Any) -> Any:
        """Decodes a value of the cache."""


def codec(
    value_type: str,
    encoder: Optional[Callable[[Any], Any]],
    decoder: Optional[Callable[[Any], Any]],
    decode_responses: bool,
) -> Codec:
    """Returns the codec of a value type."""
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
    """Text; other objects by ``str()``, except ``None`` and bytes, whose ``str()`` is rarely meant."""

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
    """64-bit integers."""

    value_type = "integer"

    def encode(self, value: Any) -> Value:
        number = _integer(value)
        if number is None:
            raise InvalidValue(f"an integer cache does not hold {_kind(value)}")
        if not _LEAST <= number <= _MOST:
            raise InvalidValue("an integer cache holds 64-bit integers")
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
    """JSON of ``json.dumps``. ``NaN`` and infinities are decoded, but not encoded."""

    value_type = "json"

    def encode(self, value: Any) -> Value:
        try:
            return "json", json.dumps(value, allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            reason = "it is not JSON" if isinstance(error, TypeError) else type(error).__name__
            raise InvalidValue(f"a JSON cache does not hold {_kind(value)}: {reason}") from None

    def decode(self, payload: str) -> Any:
        try:
            return json.loads(payload)
        except (ValueError, RecursionError) as error:
            # The component has validated the JSON: it is too deep or has too many digits for Python.
            raise Undecodable(f"Python cannot read this JSON: {type(error).__name__}") from None


class Custom:
    """Values of the caller's functions, encoded as text or bytes. Text is cheaper in the component."""

    def __init__(self, encoder: Callable[[Any], Any], decoder: Callable[[Any], Any], decode_responses: bool) -> None:
        self._encoder = encoder
        self._decoder = decoder
        self.value_type = "text" if decode_responses else "bytes"

    def encode(self, value: Any) -> Value:
        encoded = self._encoder(value)
        if isinstance(encoded, (bytearray, memoryview)):
            encoded = bytes(encoded)
        if isinstance(encoded, bool) or not isinstance(encoded, (str, int, float, bytes)):
            raise InvalidValue(f"value_encoder must return text or bytes, not {_kind(encoded)}")
        if not isinstance(encoded, (str, bytes)):
            encoded = repr(encoded)
        if self.value_type == "bytes":
            return "bytes", encoded if isinstance(encoded, bytes) else _checked(encoded).encode()
        try:
            return "text", _checked(encoded) if isinstance(encoded, str) else encoded.decode()
        except UnicodeDecodeError:
            raise InvalidValue(
                "bytes that are not UTF-8 need a client or a cache with decode_responses=False"
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
    """Converts keys of one type."""

    def __init__(self, key_type: str) -> None:
        if key_type not in ("str", "int"):
            raise InvalidOptions("key_type must be 'int' or 'str'")
        self.is_integer = key_type == "int"
        #: The component's name of the type.
        self.key_type = "integer" if self.is_integer else "text"

    def encode(self, key: Any) -> str:
        """Encodes a key as text. Raises :class:`InvalidKey`."""
        if type(key) is str:
            return _checked_key(key)
        if self.is_integer:
            number = _integer(key)
            if number is None and not isinstance(key, str):
                raise InvalidKey(f"{_kind(key)} is not a key of a cache of integer keys")
            return _checked_key(str(key) if number is None else str(number))
        if key is None or isinstance(key, (bytes, bytearray, memoryview)):
            raise InvalidKey(f"{_kind(key)} is not a key of a cache")
        return _checked_key(str(key))

    def decode(self, key: str) -> Union[str, int]:
        """Decodes the text of a key."""
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
            raise InvalidValue("text with a lone surrogate cannot be encoded in UTF-8") from None
    return text


def _checked_key(text: str) -> str:
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise InvalidKey("text with a lone surrogate cannot be encoded in UTF-8") from None
    return text


def _kind(value: Any) -> str:
    return "None" if value is None else f"a value of type {type(value).__name__}"
