"""What Redis' replies and redis-py's exceptions mean to the cache."""

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
    """What an error reply means. Redis repeats the arguments of commands that it does not know: they are left out."""
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
    """What an exception means that came instead of replies."""
    if isinstance(error, (redis_errors.TimeoutError, TimeoutError)):
        return Timeout()
    if isinstance(error, (redis_errors.AuthenticationError, redis_errors.ResponseError)):
        return of_reply(error)
    cause = error.__cause__ or error.__context__ or error
    reason = getattr(cause, "strerror", None) or type(cause).__name__
    return Unavailable(f"Redis at {address} cannot be reached: {reason}")


def is_out_of_memory(error: Exception) -> bool:
    """Whether the server refused a command because its memory is full."""
    return isinstance(error, redis_errors.OutOfMemoryError) or str(error).startswith("OOM ")


def is_unknown_command(error: Exception) -> bool:
    """Whether the server does not know a command. Nothing but the text tells."""
    return str(error).removeprefix("ERR ").startswith("unknown command")


def unexpected() -> BackendError:
    """A reply of a kind that the command does not have."""
    return Other("the server gave an answer of a kind that this command does not have")


def integer(reply: Any) -> int:
    """An integer, or the server's error."""
    if isinstance(reply, Exception):
        raise of_reply(reply)
    if isinstance(reply, bool) or not isinstance(reply, int):
        raise unexpected()
    return reply


def done(reply: Any) -> None:
    """``OK``, or the server's error."""
    if isinstance(reply, Exception):
        raise of_reply(reply)
    if reply != b"OK":
        raise unexpected()


def wrote(reply: Any) -> bool:
    """Whether ``SET … NX`` wrote."""
    if reply is None:
        return False
    done(reply)
    return True


def slot(get: Any, millis: int) -> Slot:
    """What a key holds, from the reply to ``GET`` and what ``PTTL`` says of the same moment."""
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
    """What a key holds, from ``PTTL``, ``GET`` and ``PTTL``: the shorter life counts."""
    lives = [integer(before), integer(after)]
    ends = [life for life in lives if life != -1]
    return slot(get, min(ends) if ends else -1)


def first_error(replies: Any) -> Optional[Exception]:
    """The first error among replies: it says more than the ``EXECABORT`` at the end."""
    return next((reply for reply in replies if isinstance(reply, Exception)), None)
