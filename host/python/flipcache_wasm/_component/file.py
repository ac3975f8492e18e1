"""The file ``flipcache.wasm``: where it is, and its digest."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import List

from ..errors import ComponentMissing

#: Names another file than the package's own.
VARIABLE = "FLIPCACHE_COMPONENT"

_PACKAGE = Path(__file__).resolve().parent.parent


class ComponentFile:
    """The bytes of the component, and what they are known by."""

    def __init__(self, path: Path) -> None:
        #: Where it was read.
        self.path = path
        try:
            #: What runs.
            self.content = path.read_bytes()
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise ComponentMissing(f"{path} cannot be read: {reason}") from None
        if self.content[:4] != b"\0asm":
            raise ComponentMissing(f"{path} is not a WebAssembly component")
        #: SHA-256 of these very bytes, in hex.
        self.digest = hashlib.sha256(self.content).hexdigest()


def find() -> ComponentFile:
    """The file that the variable names, else the package's own, else that of the source tree around it."""
    named = os.environ.get(VARIABLE)
    if named:
        return ComponentFile(Path(named))
    for path in _places():
        if path.is_file():
            return ComponentFile(path)
    places = " nor ".join(str(path) for path in _places())
    raise ComponentMissing(
        f"flipcache.wasm is neither at {places}; name it in the variable {VARIABLE}, "
        "or install a wheel, which has it inside"
    )


def _places() -> List[Path]:
    return [
        _PACKAGE / "flipcache.wasm",
        _PACKAGE.parent.parent.parent / "target" / "flipcache.wasm",
    ]
