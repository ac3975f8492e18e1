"""The compiled component, one per process."""

from __future__ import annotations

import os
import threading
from typing import Dict, Optional

from wasmtime import Config, Engine
from wasmtime import _ffi as ffi
from wasmtime.component import Component

from .file import VARIABLE, ComponentFile, find

#: If set, wasmtime caches compiled code in the user's cache directory.
CACHED = "FLIPCACHE_COMPILATION_CACHE"


class Compiled:
    """A compiled component."""

    def __init__(self, file: ComponentFile) -> None:
        self.file = file
        config = Config()
        # The component has no async functions; disabling them cuts the cost of a call to a third.
        ffi.wasmtime_config_concurrency_support_set(config.ptr(), False)
        if os.environ.get(CACHED):
            config.cache = True
        self.engine = Engine(config)
        self.component = Component(self.engine, file.content)


_LOCK = threading.Lock()
_COMPILED: Dict[Optional[str], Compiled] = {}


def compiled() -> Compiled:
    """Returns the component of this process, read and compiled on first use."""
    named = os.environ.get(VARIABLE)
    with _LOCK:
        if named not in _COMPILED:
            _COMPILED[named] = Compiled(find())
        return _COMPILED[named]


def _after_fork() -> None:
    global _LOCK
    _LOCK = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
