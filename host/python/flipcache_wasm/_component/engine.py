"""The compiled component, once for a process."""

from __future__ import annotations

import threading
from typing import Dict

from wasmtime import Config, Engine
from wasmtime import _ffi as ffi
from wasmtime.component import Component

from .file import ComponentFile, find


class Compiled:
    """A component that is ready to be instantiated."""

    def __init__(self, file: ComponentFile) -> None:
        self.file = file
        config = Config()
        # The component has no async functions; without them a call costs a third.
        ffi.wasmtime_config_concurrency_support_set(config.ptr(), False)
        self.engine = Engine(config)
        self.component = Component(self.engine, file.content)


_LOCK = threading.Lock()
_COMPILED: Dict[str, Compiled] = {}


def compiled() -> Compiled:
    """The component of this process, compiled at the first use of its bytes."""
    file = find()
    with _LOCK:
        if file.digest not in _COMPILED:
            _COMPILED[file.digest] = Compiled(file)
        return _COMPILED[file.digest]
