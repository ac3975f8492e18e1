"""The examples of FlipCache's README and of its source archive, as the installed distribution has them."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import metadata
from typing import List

RUN = """
import sys, redis
init = redis.Redis.__init__
def with_port(self, *arguments, **settings):
    settings.setdefault("port", {port})
    init(self, *arguments, **settings)
redis.Redis.__init__ = with_port
exec(compile(sys.stdin.read(), "example", "exec"), {{"__name__": "__main__"}})
"""


def examples() -> List[str]:
    """The code of the README, block by block."""
    text = metadata.metadata("flipcache").get_payload()
    assert isinstance(text, str)
    return re.findall(r"```python\n(.*?)```", text, re.DOTALL)


def example(word: str) -> str:
    """The one example that has this word."""
    found = [code for code in examples() if word in code]
    assert len(found) == 1, f"one example has {word!r}, not {len(found)}"
    return found[0]


def run(code: str, port: int, package: str = "flipcache_wasm") -> str:
    """What code prints that imports FlipCache's names from a package, with Redis at a port."""
    imported = re.sub(r"^from flipcache import", f"from {package} import", code, flags=re.MULTILINE)
    assert imported.count(f"from {package} import") == 1
    ran = subprocess.run(
        [sys.executable, "-c", RUN.format(port=port)],
        input=imported,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout
