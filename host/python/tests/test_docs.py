"""The code of the guide and of the README runs, and prints what its comments say."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import List, Tuple

import pytest
import redis

from flipcache_conformance.server import Server

from .readme import RUN

PACKAGE = Path(__file__).resolve().parents[1]
PAGES = [PACKAGE / "README.md", PACKAGE.parents[1] / "docs" / "src" / "python.md"]


def examples() -> List[Tuple[str, str]]:
    found = []
    for page in PAGES:
        for nth, code in enumerate(re.findall(r"```python\n(.*?)```", page.read_text("utf-8"), re.DOTALL)):
            found.append((f"{page.name}-{nth}", code))
    return found


def promised(code: str) -> List[str]:
    """Returns the comments after calls of `print`."""
    return re.findall(r"^\s*print\(.*\)  # (.*)$", code, re.MULTILINE)


@pytest.mark.parametrize("name,code", examples(), ids=[name for name, _ in examples()])
def test_example_prints_its_documented_output(server: Server, raw: redis.Redis, name: str, code: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", RUN.format(port=server.port)],
        input=code,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines() == promised(code)


def test_there_are_examples_in_both_pages() -> None:
    names = [name for name, _ in examples()]
    assert len(names) >= 6 and {name.rpartition("-")[0] for name in names} == {page.name for page in PAGES}
