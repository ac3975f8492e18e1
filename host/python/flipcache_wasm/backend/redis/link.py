"""A connection to Redis, by redis-py, with replies as bytes.

Commands are sent once: what was cut off may have happened, and is not sent again. A connection that was closed
while it was idle is replaced before anything is sent.
"""

from __future__ import annotations

import os
import threading
import time
from typing import Any, Callable, Dict, List, Optional, Sequence, Type, Union

from redis import exceptions as redis_errors
from redis.backoff import NoBackoff
from redis.retry import Retry

from ...errors import OutcomeUnknown, Timeout, Unavailable
from . import reply

#: A command: its name and arguments.
Command = Sequence[Union[str, bytes, int]]

#: Commands after which a lost connection leaves the outcome unknown. ``GETEX`` reads, and may be repeated.
_WRITES = frozenset(("SET", "INCRBY", "DEL", "PEXPIRE", "PERSIST"))

#: Settings of the client that are not copied: decoding, retries, maintenance notifications.
_LEFT_OUT = frozenset(
    "cache cache_config cache_factory connection_pool credential_provider_pool decode_responses encoder_class "
    "encoding encoding_errors event_dispatcher health_check_interval maint_notifications_config "
    "maint_notifications_pool_handler maintenance_notification_hash maintenance_state "
    "oss_cluster_maint_notifications_handler orig_host_address orig_socket_connect_timeout "
    "orig_socket_timeout parser_class protocol redis_connect_func retry retry_on_error retry_on_timeout "
    "legacy_responses".split()
)


class Link:
    """A connection, opened on first use and again after a loss. Thread-safe."""

    def __init__(self, kind: Type[Any], settings: Dict[str, Any], deadline: float, protocol: int = 2) -> None:
        kept = {name: value for name, value in settings.items() if name not in _LEFT_OUT}
        timeouts = ("socket_timeout", "socket_connect_timeout")
        kept.update({name: min(kept.get(name) or deadline, deadline) for name in timeouts})
        self._kind = kind
        self._settings = dict(kept, protocol=protocol, retry=Retry(NoBackoff(), 0))
        self._deadline = deadline
        self._connection: Optional[Any] = None
        self._pid = os.getpid()
        self._lock = threading.Lock()
        #: The number of connections opened.
        self.number = 0
        #: Called with the number of a lost connection.
        self.on_lost: Callable[[int], None] = lambda number: None
        #: The address of the server, without the password.
        self.address = str(kept.get("path") or f"{kept.get('host')}:{kept.get('port')}")

    def ask(self, commands: Sequence[Command]) -> List[Any]:
        """Returns one reply per command; error replies are exceptions in the list. Raises connection errors."""
        with self._lock:
            return self._ask(commands)

    def _ask(self, commands: Sequence[Command]) -> List[Any]:
        until = time.monotonic() + self._deadline
        is_sent = False
        try:
            connection = self._up()
            is_sent = True
            connection.send_packed_command(connection.pack_commands(commands), check_health=False)
            return [self._reply(connection, until) for _ in commands]
        except BaseException as error:
            # Replies may still arrive.
            self._down()
            if isinstance(error, (redis_errors.RedisError, OSError)):
                failed = reply.of_connection(error, self.address)
                if is_sent and isinstance(failed, Unavailable) and any(command[0] in _WRITES for command in commands):
                    failed = OutcomeUnknown(str(failed))
                raise failed from None
            raise

    def _reply(self, connection: Any, until: float) -> Any:
        if time.monotonic() >= until:
            raise Timeout()
        try:
            return connection.read_response(disable_decoding=True)
        except redis_errors.ResponseError as error:
            return error

    def _up(self) -> Any:
        if self._pid != os.getpid():
            # A parent's connection must neither be used nor shut down here.
            self._connection = None
            self._pid = os.getpid()
        if self._connection is not None and self._is_stale(self._connection):
            self._down()
        if self._connection is None:
            self._connection = self.another()
            self.number += 1
        return self._connection

    def another(self) -> Any:
        """Returns another connection of redis-py to the same server. Raises redis-py's errors."""
        connection = self._kind(**self._settings)
        connection.connect()
        return connection

    def _is_stale(self, connection: Any) -> bool:
        try:
            return bool(connection.can_read(0))
        except (redis_errors.RedisError, OSError):
            return True

    def _down(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            self.on_lost(self.number)
            connection.disconnect()

    def close(self) -> None:
        """Closes the connection; the next command opens another one."""
        with self._lock:
            self._down()

    def after_fork(self) -> None:
        """Resets a forked child."""
        self._lock = threading.Lock()
