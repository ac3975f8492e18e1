"""What can go wrong, each in a class of its own. No error carries a value or a password."""

from __future__ import annotations

from typing import Any, Dict, Optional, Tuple, Type


class FlipCacheError(Exception):
    """Any error of this package."""

    #: The case of the component's error that this is, and what it carries, if it came from there.
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
    """A time to live of nothing, or beyond what the backend can count."""


class TooLarge(FlipCacheError, ValueError):
    """A key or a value is larger than the cache takes. ``limit`` is in bytes."""

    def __init__(self, message: str, limit: int) -> None:
        super().__init__(message)
        self.limit = limit


class Undecodable(FlipCacheError, ValueError):
    """The backend holds bytes under this key that are not of the cache's value type."""


class WrongType(FlipCacheError, TypeError):
    """The backend holds something under this key that is not a plain string."""


class Denied(FlipCacheError, PermissionError):
    """The backend does not grant this name."""


class ReentrantCall(FlipCacheError, RuntimeError):
    """A backend, a clock or a signal handler called the cache while it was busy in this thread."""


class ComponentFailed(FlipCacheError, RuntimeError):
    """The component trapped. Its local tier is lost; the next call finds a new one."""


class ComponentMissing(FlipCacheError, ImportError):
    """The file ``flipcache.wasm`` is nowhere where it should be."""


class BackendError(FlipCacheError):
    """Why the backend did not do what was asked. Backends raise its subclasses."""

    #: The case of ``backend-error`` that this is.
    case = "other"

    def payload(self) -> Any:
        """What the case carries."""
        return str(self)


class Unavailable(BackendError, ConnectionError):
    """The backend cannot be reached, or refused the connection. Nothing was written: a retry is safe and may help."""

    case = "unavailable"


class OutcomeUnknown(BackendError, ConnectionError):
    """The backend was lost after a write had been sent, or after a part of it. A retry may do the write twice."""

    case = "outcome-unknown"


class Timeout(BackendError, TimeoutError):
    """No answer within the deadline. A write may or may not have happened."""

    case = "timeout"

    def __init__(self, message: str = "the backend did not answer in time") -> None:
        super().__init__(message)

    def payload(self) -> Any:
        return None


class AccessDenied(BackendError, PermissionError):
    """The caller may not do this here. A retry will not help."""

    case = "access-denied"


class BackendTooLarge(BackendError, ValueError):
    """The key or the value is longer than the backend takes. ``limit`` is in bytes."""

    case = "too-large"

    def __init__(self, limit: int) -> None:
        super().__init__(f"the backend takes no key and no value of more than {limit} bytes")
        self.limit = limit

    def payload(self) -> Any:
        return self.limit


class Unsupported(BackendError, NotImplementedError):
    """This backend cannot do this. A retry will not help."""

    case = "unsupported"


class Other(BackendError):
    """Anything else, in the backend's words."""

    case = "other"


_BACKEND: Dict[str, Type[BackendError]] = {
    error.case: error for error in (Unavailable, OutcomeUnknown, AccessDenied, Unsupported, Other)
}

_OF_KEYS: Dict[str, Tuple[Type[FlipCacheError], str]] = {
    "invalid-key": (InvalidKey, "this is not a key of the cache: {!r}"),
    "undecodable": (Undecodable, "what the backend holds is not of the cache's type: key {!r}"),
    "wrong-type": (WrongType, "what the backend holds is not a plain string: key {!r}"),
}

_OF_WORDS: Dict[str, Type[FlipCacheError]] = {
    "invalid-name": InvalidName,
    "invalid-options": InvalidOptions,
    "conflict": Conflict,
    "denied": Denied,
    "invalid-value": InvalidValue,
}


def of_backend(case: str, payload: Any) -> BackendError:
    """The exception for a case of ``backend-error``."""
    if case == "timeout":
        return Timeout()
    if case == "too-large":
        return BackendTooLarge(int(payload))
    return _BACKEND.get(case, Other)(str(payload))


def of_cache(case: str, payload: Any) -> FlipCacheError:
    """The exception for a case of an exported ``error``."""
    error = _of_cache(case, payload)
    error.wit = (case, payload)
    return error


def _of_cache(case: str, payload: Any) -> FlipCacheError:
    if case == "backend":
        return of_backend(payload[0], payload[1])
    if case in _OF_KEYS:
        kind, words = _OF_KEYS[case]
        return kind(words.format(_shortened(str(payload))))
    if case in _OF_WORDS:
        return _OF_WORDS[case](str(payload))
    if case == "invalid-ttl":
        return InvalidTtl(f"this is no time to live: {payload} ms")
    if case == "too-large":
        return TooLarge(f"larger than the {payload} bytes that the cache takes", int(payload))
    if case == "invalid-capacity":
        return InvalidOptions("a dictionary holds at least one item")
    return FlipCacheError(case)


def _shortened(key: str, most: Optional[int] = 200) -> str:
    return key if most is None or len(key) <= most else key[:most] + "…"
