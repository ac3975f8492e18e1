"""The keys of one name in Redis.

``MULTI`` makes a value and its TTL of one moment: <https://redis.io/docs/latest/develop/using-commands/transactions/>.
"""

from __future__ import annotations

from typing import Any, Callable, Iterator, List, Optional, Sequence, Tuple

from redis import exceptions as redis_errors

from ...errors import Other
from .. import batch
from ..protocol import Changes, Page, Slot
from . import glob, reply
from .link import Command, Link

#: The most keys of a pipeline, and bytes that it writes: later commands wait for it.
_READ_AT_ONCE = 128
_WRITTEN_AT_ONCE = 1024
_BYTES_AT_ONCE = 1 << 20

#: The ``COUNT`` of ``SCAN``: least and most for a page, and for counting and clearing.
_FEWEST, _MOST, _STEP = 16, 4096, 1024

#: The most round trips of a page: a bucket may be a small part of a large server.
_ROUND_TRIPS = 16

_LONGEST = (2**63 - 1) // 2

Entries = Sequence[Tuple[str, bytes]]


class RedisBucket:
    """A bucket over one connection."""

    def __init__(self, link: Link, name: str, max_bytes: int, changes: Callable[[str, Optional[int]], Changes]) -> None:
        self._link = link
        self._name = name
        self._prefix = batch.prefix(name)
        self._max_bytes = max_bytes
        self._changes = changes

    def get(self, keys: Sequence[str], new_ttl_ms: Optional[int]) -> List[Slot]:
        slots: List[Slot] = []
        for some in _chunks(self._full(keys), _READ_AT_ONCE):
            slots += self._read(some) if new_ttl_ms is None else self._extend_ttl(some, new_ttl_ms)
        return slots

    def _read(self, keys: List[bytes]) -> List[Slot]:
        commands = [command for key in keys for command in (("GET", key), ("PTTL", key))]
        try:
            replies = self._at_once(commands)
        except _OutOfMemory:
            # A server that is out of memory rejects MULTI, but still reads.
            return self._read_between(keys)
        pairs = zip(replies[::2], replies[1::2])
        return [reply.slot(get, reply.integer(pttl)) for get, pttl in pairs]

    def _read_between(self, keys: List[bytes]) -> List[Slot]:
        commands = [(name, key) for key in keys for name in ("PTTL", "GET", "PTTL")]
        replies = self._link.ask(commands)
        triples = zip(replies[::3], replies[1::3], replies[2::3])
        return [reply.slot_between(*triple) for triple in triples]

    def _extend_ttl(self, keys: List[bytes], ttl_ms: int) -> List[Slot]:
        ttl = _millis(ttl_ms)
        replies = self._link.ask([("GETEX", key, "PX", ttl) for key in keys])
        return [reply.slot(getex, ttl) for getex in replies]

    def set(self, entries: Entries, ttl_ms: Optional[int]) -> None:
        for some in self._written(entries):
            commands = [("SET", key, value, *_expiry(ttl_ms)) for key, value in some]
            for result in self._link.ask(commands):
                reply.done(result)

    def set_if_absent(self, entries: Entries, ttl_ms: Optional[int]) -> List[Optional[Slot]]:
        held = {}
        for some in self._written(entries):
            commands: List[Command] = []
            for key, value in some:
                commands.append(("SET", key, value, "NX", *_expiry(ttl_ms)))
                commands += [("GET", key), ("PTTL", key)]
            replies = self._at_once(commands)
            triples = zip(some, replies[::3], replies[1::3], replies[2::3])
            for (key, _), written, get, pttl in triples:
                slot = None if reply.wrote(written) else reply.slot(get, reply.integer(pttl))
                held[key] = slot
        return [held[key] for key in self._full([key for key, _ in entries])]

    def increment(self, key: str, delta: int, ttl_ms: Optional[int]) -> int:
        [full_key] = self._full([key])
        if ttl_ms is None:
            replies = self._link.ask([("INCRBY", full_key, delta)])
        else:
            first = ("SET", full_key, b"0", "NX", *_expiry(ttl_ms))
            replies = self._at_once([first, ("INCRBY", full_key, delta)])
        return reply.integer(replies[-1])

    def delete(self, keys: Sequence[str]) -> int:
        return self._count("DEL", self._full(keys), _WRITTEN_AT_ONCE)

    def exists(self, keys: Sequence[str]) -> int:
        return self._count("EXISTS", self._full(batch.distinct(keys)), _READ_AT_ONCE)

    def expire(self, keys: Sequence[str], ttl_ms: Optional[int]) -> List[bool]:
        existed: List[bool] = []
        for some in _chunks(self._full(keys), _WRITTEN_AT_ONCE):
            if ttl_ms is None:
                # PERSIST returns the same for a key without a TTL and for an absent key.
                commands = [(name, key) for key in some for name in ("PERSIST", "EXISTS")]
                replies = self._at_once(commands)[1::2]
            else:
                replies = self._at_once([("PEXPIRE", key, _millis(ttl_ms)) for key in some])
            existed += [reply.integer(result) > 0 for result in replies]
        return existed

    def scan(self, cursor: Optional[str], limit: int) -> Page:
        at = _position(cursor)
        count = min(max(limit, _FEWEST), _MOST)
        keys: List[str] = []
        for _ in range(_ROUND_TRIPS):
            at, found = self._step(at, count)
            keys += self._own(found)
            if keys or at == 0:
                break
            count = min(2 * count, _MOST)
        return Page(keys, str(at) if at else None)

    def count(self) -> int:
        return len({key for found in self._walk() for key in self._own(found)})

    def clear(self) -> int:
        listed = (self._full(self._own(found)) for found in self._walk())
        return sum(self._count("DEL", keys, _WRITTEN_AT_ONCE) for keys in listed)

    def changes(self, since: Optional[int]) -> Changes:
        return self._changes(self._name, since)

    def _at_once(self, commands: Sequence[Command]) -> List[Any]:
        """Returns the replies to commands between ``MULTI`` and ``EXEC``, including errors of single commands."""
        replies = self._link.ask([("MULTI",), *commands, ("EXEC",)])
        error = reply.first_error(replies)
        if error is not None:
            if reply.is_out_of_memory(error):
                raise _OutOfMemory(str(error))
            raise reply.of_reply(error)
        if not isinstance(replies[-1], list) or len(replies[-1]) != len(commands):
            raise reply.unexpected()
        return replies[-1]

    def _count(self, command: str, keys: List[bytes], together: int) -> int:
        total = 0
        for some in _chunks(keys, together):
            total += sum(reply.integer(result) for result in self._link.ask([(command, *some)]))
        return total

    def _walk(self) -> Iterator[List[bytes]]:
        at, found = self._step(0, _STEP)
        yield found
        while at:
            at, found = self._step(at, _STEP)
            yield found

    def _step(self, at: int, count: int) -> Tuple[int, List[bytes]]:
        pattern = glob.starting_with(self._prefix)
        [page] = self._link.ask([("SCAN", at, "MATCH", pattern, "COUNT", count)])
        if isinstance(page, redis_errors.RedisError):
            raise reply.of_reply(page)
        if not isinstance(page, list) or len(page) != 2 or not isinstance(page[1], list):
            raise reply.unexpected()
        return int(page[0]), page[1]

    def _own(self, found: List[bytes]) -> List[str]:
        """Strips the prefix of complete keys, and skips keys that are not UTF-8."""
        length = len(self._prefix.encode())
        own = []
        for full_key in found:
            try:
                own.append(full_key[length:].decode())
            except UnicodeDecodeError:
                continue
        return own

    def _full(self, keys: Sequence[str]) -> List[bytes]:
        full = [(self._prefix + key).encode() for key in keys]
        batch.refuse_larger(self._max_bytes, (("", key) for key in full))
        return full

    def _written(self, entries: Entries) -> Iterator[List[Tuple[bytes, bytes]]]:
        """Splits a batch into pipelines, after checking all of it."""
        last = batch.last_of_each(entries)
        batch.refuse_larger(self._max_bytes, last.items())
        some: List[Tuple[bytes, bytes]] = []
        weight = 0
        for key, value in zip(self._full(list(last)), last.values()):
            if some and (len(some) == _WRITTEN_AT_ONCE or weight + len(value) > _BYTES_AT_ONCE):
                yield some
                some, weight = [], 0
            some.append((key, value))
            weight += len(key) + len(value)
        if some:
            yield some


class _OutOfMemory(Other):
    """The server is out of memory."""


def _millis(ttl_ms: int) -> int:
    return min(max(ttl_ms, 1), _LONGEST)


def _expiry(ttl_ms: Optional[int]) -> Tuple[Any, ...]:
    return () if ttl_ms is None else ("PX", _millis(ttl_ms))


def _chunks(keys: List[bytes], length: int) -> Iterator[List[bytes]]:
    for at in range(0, len(keys), length):
        yield keys[at : at + length]


def _position(cursor: Optional[str]) -> int:
    """Checks a cursor. 0 is invalid: it starts and ends scans."""
    if cursor is None:
        return 0
    if cursor.isascii() and cursor.isdigit() and 0 < int(cursor) < 2**64:
        return int(cursor)
    raise Other("not a cursor of this backend")
