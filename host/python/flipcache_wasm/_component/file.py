"""The file ``flipcache.wasm``: its location and digest."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import List

from ..errors import ComponentMissing

#: The variable that names another file.
VARIABLE = "FLIPCACHE_COMPONENT"

_PACKAGE = Path(__file__).resolve().parent.parent


class ComponentFile:
    """The bytes of the component, with their path and digest."""

    def __init__(self, path: Path) -> None:
        #: The path of the file.
        self.path = path
        try:
            #: The bytes that run.
            self.content = path.read_bytes()
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise ComponentMissing(f"{path} cannot be read: {reason}") from None
        if self.content[:4] != b"\0asm":
            raise ComponentMissing(f"{path} is not a WebAssembly component")
        #: The SHA-256 of the bytes, in hex.
        self.digest = hashlib.sha256(self.content).hexdigest()


def find() -> ComponentFile:
    """Returns the file named by the variable, else that of the package, else that of the source tree."""
    named = os.environ.get(VARIABLE)
    if named:
        return ComponentFile(Path(named))
    for path in _places():
        if path.is_file():
            return ComponentFile(path)
    places = " nor ".join(str(path) for path in _places())
    raise ComponentMissing(
        f"cannot find flipcache.wasm, neither at {places}; set {VARIABLE} to its path, "
        "or install a wheel, which contains it"
    )


def _places() -> List[Path]:
    return [
        _PACKAGE / "flipcache.wasm",
        _PACKAGE.parent.parent.parent / "target" / "flipcache.wasm",
    ]
