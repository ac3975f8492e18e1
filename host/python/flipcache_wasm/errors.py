"""The errors of this package, one class per kind. No error contains a value or a password."""

from __future__ import annotations

from typing import Any, Dict, Optional, Tuple, Type


class FlipCacheError(Exception):
    """The base class of all errors of this package."""

    #: The case of the component's error and its payload, if the component returned it.
    wit: Optional[Tuple[str, Any]] = None


class InvalidName(FlipCacheError, ValueError):
    """The name of a cache is empty, or longer than 1,024 bytes."""


class InvalidOptions(FlipCacheError, ValueError):
    """A cache cannot be opened with these options, or a dictionary with this size."""


class Conflict(FlipCacheError, ValueError):
    """A cache of this name is open with another key or value type."""


class InvalidKey(FlipCacheError, ValueError, TypeError):
    """This is not a key of the cache's type, or is too long."""


class InvalidValue(FlipCacheError, ValueError, TypeError):
    """This is not a value of the cache's type."""


class InvalidTtl(FlipCacheError, ValueError):
    """A TTL is 0, or exceeds the range of the backend."""


class TooLarge(FlipCacheError, ValueError):
    """A key or a value exceeds the limit of the cache. ``limit`` is in bytes."""

    def __init__(self, message: str, limit: int) -> None:
        super().__init__(message)
        self.limit = limit


class Undecodable(FlipCacheError, ValueError):
    """The backend holds bytes under this key that are not of the cache's value type."""


class WrongType(FlipCacheError, TypeError):
    """The backend holds something under this key that is not a plain string."""


class Denied(FlipCacheError, PermissionError):
    """The backend denies access to this name."""


class ReentrantCall(FlipCacheError, RuntimeError):
    """A backend, a clock or a signal handler called the cache while it was busy in this thread."""


class ComponentFailed(FlipCacheError, RuntimeError):
    """The component trapped. Its local tier is lost; the next call starts a new one."""


class ComponentMissing(FlipCacheError, ImportError):
    """The file ``flipcache.wasm`` cannot be found or read."""


class BackendError(FlipCacheError):
    """A failure of the backend. Backends raise its subclasses."""

    #: The case of ``backend-error``.
    case = "other"

    def payload(self) -> Any:
        """Returns the payload of the case."""
        return str(self)


class Unavailable(BackendError, ConnectionError):
    """The backend cannot be reached or refused the connection. Nothing was written: a retry is safe and may help."""

    case = "unavailable"


class OutcomeUnknown(BackendError, ConnectionError):
    """The connection was lost after all or part of a write had been sent. A retry may do the write twice."""

    case = "outcome-unknown"


class Timeout(BackendError, TimeoutError):
    """No reply within the deadline. A write may or may not have happened."""

    case = "timeout"

    def __init__(self, message: str = "the backend did not reply in time") -> None:
        super().__init__(message)

    def payload(self) -> Any:
        return None


class AccessDenied(BackendError, PermissionError):
    """The caller may not do this here. A retry will not help."""

    case = "access-denied"


class BackendTooLarge(BackendError, ValueError):
    """The key or the value exceeds the limit of the backend. ``limit`` is in bytes."""

    case = "too-large"

    def __init__(self, limit: int) -> None:
        super().__init__(f"the key or value is longer than the backend's limit of {limit} bytes")
        self.limit = limit

    def payload(self) -> Any:
        return self.limit


class Unsupported(BackendError, NotImplementedError):
    """The backend does not support this. A retry will not help."""

    case = "unsupported"


class Other(BackendError):
    """Any other failure, with the message of the backend."""

    case = "other"


_BACKEND: Dict[str, Type[BackendError]] = {
    error.case: error for error in (Unavailable, OutcomeUnknown, AccessDenied, Unsupported, Other)
}

_OF_KEYS: Dict[str, Tuple[Type[FlipCacheError], str]] = {
    "invalid-key": (InvalidKey, "not a valid key of this cache: {!r}"),
    "undecodable": (Undecodable, "the stored value is not of the cache's type: key {!r}"),
    "wrong-type": (WrongType, "the stored value is not a plain string: key {!r}"),
}

_OF_MESSAGES: Dict[str, Type[FlipCacheError]] = {
    "invalid-name": InvalidName,
    "invalid-options": InvalidOptions,
    "conflict": Conflict,
    "denied": Denied,
    "invalid-value": InvalidValue,
}


def of_backend(case: str, payload: Any) -> BackendError:
    """Returns the exception for a case of ``backend-error``."""
    if case == "timeout":
        return Timeout()
    if case == "too-large":
        return BackendTooLarge(int(payload))
    return _BACKEND.get(case, Other)(str(payload))


def of_cache(case: str, payload: Any) -> FlipCacheError:
    """Returns the exception for a case of an exported ``error``."""
    error = _of_cache(case, payload)
    error.wit = (case, payload)
    return error


def _of_cache(case: str, payload: Any) -> FlipCacheError:
    if case == "backend":
        return of_backend(payload[0], payload[1])
    if case in _OF_KEYS:
        kind, template = _OF_KEYS[case]
        return kind(template.format(_shortened(str(payload))))
    if case in _OF_MESSAGES:
        return _OF_MESSAGES[case](str(payload))
    if case == "invalid-ttl":
        return InvalidTtl(f"invalid TTL: {payload} ms")
    if case == "too-large":
        return TooLarge(f"larger than the limit of {payload} bytes", int(payload))
    if case == "invalid-capacity":
        return InvalidOptions("the capacity of a dictionary must be at least 1")
    return FlipCacheError(case)


def _shortened(key: str, most: Optional[int] = 200) -> str:
    return key if most is None or len(key) <= most else key[:most] + "…"
