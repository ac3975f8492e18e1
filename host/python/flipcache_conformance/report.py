"""Runs all cases over one store, and writes the report."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Tuple

from flipcache_wasm._component.engine import compiled

from .interface import Interfaces
from .runner import Case, Failed
from .stores import Store

#: The variable with the folder of the reports; `target/conformance` if unset.
VARIABLE = "FLIPCACHE_CONFORMANCE_REPORTS"

ROOT = Path(__file__).resolve().parents[3]
CASES = ROOT / "tests" / "conformance"


def all_cases() -> Iterator[Tuple[str, Dict[str, Any]]]:
    """Yields each case with its full name, `file/name`."""
    for path in sorted(CASES.glob("*.json")):
        for case in json.loads(path.read_text("utf-8"))["cases"]:
            yield f"{path.stem}/{case['name']}", case


class Report:
    """The outcome of the cases."""

    def __init__(self, store: str) -> None:
        self.store = store
        self.digest = compiled().file.digest
        self.passed: List[str] = []
        self.left_out: Dict[str, List[str]] = {}
        self.failed: Dict[str, str] = {}

    def line(self) -> str:
        """Returns the summary line."""
        return (
            f"Python over {self.store}: {len(self.passed)} passed, {len(self.left_out)} left out, "
            f"{len(self.failed)} failed (sha256 {self.digest})"
        )

    def write(self) -> Path:
        """Writes the report and returns its path."""
        folder = Path(os.environ.get(VARIABLE) or ROOT / "target" / "conformance")
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"python-{self.store.lower()}.json"
        report = {
            "host": "Python",
            "store": self.store,
            "digest": self.digest,
            "passed": self.passed,
            "left-out": self.left_out,
            "failed": self.failed,
        }
        path.write_text(json.dumps(report, indent=2) + "\n", "utf-8")
        return path


def run(name: str, make_store: Callable[[], Store]) -> Report:
    """Runs all cases, each over a new store."""
    interfaces, report = Interfaces(), Report(name)
    for full_name, case in all_cases():
        store = make_store()
        lacking = sorted(set(case.get("needs", [])) - store.has)
        if lacking:
            report.left_out[full_name] = lacking
            continue
        try:
            Case(interfaces, store).run(case)
            report.passed.append(full_name)
        except Failed as failed:
            report.failed[full_name] = str(failed)
    return report
