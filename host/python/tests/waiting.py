"""Waiting for the thing itself."""

from __future__ import annotations

import time
from typing import Callable

PATIENCE = 30.0


def eventually(condition: Callable[[], bool], what: str) -> None:
    """Asks again until it is so."""
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until, f"it never came about that {what}"
        time.sleep(0.002)
