"""A Redis server on a free port."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from typing import Any, List, Optional

import redis

#: How long a server may take to start, in seconds.
_TIMEOUT = 20.0


class Server:
    """A running ``redis-server``. As a context manager, it stops the server."""

    def __init__(self, *arguments: str, port: Optional[int] = None) -> None:
        program = shutil.which("redis-server")
        if program is None:
            raise RuntimeError("redis-server is missing (Debian: apt-get install redis-server)")
        self._folder = tempfile.TemporaryDirectory(prefix="flipcache-redis-")
        self.port = port or free_port()
        command: List[str] = [program, "--port", str(self.port), "--bind", "127.0.0.1"]
        command += ["--save", "", "--appendonly", "no", "--dir", self._folder.name, *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._await()

    def client(self, **settings: Any) -> redis.Redis:
        """Returns a new client of the server."""
        return redis.Redis(port=self.port, **settings)

    def _await(self) -> None:
        until = time.monotonic() + _TIMEOUT
        while True:
            if self.process.poll() is not None:
                raise RuntimeError(f"redis-server ended with {self.process.returncode}")
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                if time.monotonic() > until:
                    self.stop()
                    raise

    def stop(self) -> None:
        """Kills the server."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._folder.cleanup()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def free_port() -> int:
    """Returns a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
