"""Converts Redis' replies and redis-py's exceptions."""

from __future__ import annotations

from typing import Any, Optional

from redis import exceptions as redis_errors

from ...errors import AccessDenied, BackendError, Other, Timeout, Unavailable, Unsupported
from ..protocol import ABSENT, WRONG_TYPE, Entry, Slot

#: First words of error replies: <https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors>.
_DENIED = ("NOPERM", "NOAUTH", "WRONGPASS", "DENIED")
_PASSING = ("READONLY", "LOADING", "MASTERDOWN", "NOREPLICAS", "BUSY", "EXECABORT", "TRYAGAIN", "CLUSTERDOWN")
_OF_A_CLUSTER = ("MOVED", "ASK", "CROSSSLOT")


def of_reply(error: Exception) -> BackendError:
    """Converts an error reply. Omits the arguments that Redis repeats for unknown commands."""
    words = str(error).split(", with args", 1)[0].strip()
    code = words.split(" ", 1)[0]
    if isinstance(error, (redis_errors.AuthenticationError, redis_errors.AuthorizationError)):
        return AccessDenied(words)
    if isinstance(error, redis_errors.NoPermissionError) or code in _DENIED:
        return AccessDenied(words)
    passing = (redis_errors.ReadOnlyError, redis_errors.BusyLoadingError, redis_errors.ExecAbortError)
    if isinstance(error, passing) or code in _PASSING:
        return Unavailable(words)
    if code in _OF_A_CLUSTER or is_unknown_command(error):
        return Unsupported(words)
    return Other(words)


def of_connection(error: Exception, address: str) -> BackendError:
    """Converts a connection error."""
    if isinstance(error, (redis_errors.TimeoutError, TimeoutError)):
        return Timeout()
    if isinstance(error, (redis_errors.AuthenticationError, redis_errors.ResponseError)):
        return of_reply(error)
    cause = error.__cause__ or error.__context__ or error
    reason = getattr(cause, "strerror", None) or type(cause).__name__
    return Unavailable(f"Redis at {address} cannot be reached: {reason}")


def is_out_of_memory(error: Exception) -> bool:
    """Returns whether the server rejected a command because it is out of memory."""
    return isinstance(error, redis_errors.OutOfMemoryError) or str(error).startswith("OOM ")


def is_unknown_command(error: Exception) -> bool:
    """Returns whether the server does not know a command. Only the message shows it."""
    return str(error).removeprefix("ERR ").startswith("unknown command")


def unexpected() -> BackendError:
    """Returns the error for a reply of an unexpected type."""
    return Other("the server sent a reply of an unexpected type")


def integer(reply: Any) -> int:
    """Returns an integer, or raises the server's error."""
    if isinstance(reply, Exception):
        raise of_reply(reply)
    if isinstance(reply, bool) or not isinstance(reply, int):
        raise unexpected()
    return reply


def done(reply: Any) -> None:
    """Checks for ``OK``, or raises the server's error."""
    if isinstance(reply, Exception):
        raise of_reply(reply)
    if reply != b"OK":
        raise unexpected()


def wrote(reply: Any) -> bool:
    """Returns whether ``SET … NX`` wrote."""
    if reply is None:
        return False
    done(reply)
    return True


def slot(get: Any, millis: int) -> Slot:
    """Returns the slot for a reply to ``GET`` and an atomic ``PTTL``."""
    if get is None:
        return ABSENT
    if isinstance(get, Exception):
        if str(get).startswith("WRONGTYPE"):
            return WRONG_TYPE
        raise of_reply(get)
    if not isinstance(get, bytes):
        raise unexpected()
    if millis == -1:
        return Entry(get, None)
    # It expired between the two, or within this millisecond.
    return Entry(get, millis) if millis > 0 else ABSENT


def slot_between(before: Any, get: Any, after: Any) -> Slot:
    """Returns the slot for ``PTTL``, ``GET`` and ``PTTL``, with the shorter TTL."""
    ttls = [integer(before), integer(after)]
    ends = [ttl for ttl in ttls if ttl != -1]
    return slot(get, min(ends) if ends else -1)


def first_error(replies: Any) -> Optional[Exception]:
    """Returns the first error, which says more than the final ``EXECABORT``."""
    return next((reply for reply in replies if isinstance(reply, Exception)), None)
