"""Adds the component to the built package."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Dict

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NAME = "flipcache_wasm/flipcache.wasm"


class ComponentHook(BuildHookInterface):
    """Uses the file named by FLIPCACHE_COMPONENT, or that of the source archive or source tree."""

    def initialize(self, version: str, build_data: Dict[str, Any]) -> None:
        # An editable installation uses the file in place.
        if version != "editable":
            build_data["force_include"][str(self._component())] = NAME

    def _component(self) -> Path:
        root = Path(self.root)
        named = os.environ.get("FLIPCACHE_COMPONENT")
        places = [Path(named)] if named else [root / NAME, root.parent.parent / "target" / "flipcache.wasm"]
        for place in places:
            if place.is_file():
                # A link would be put in as one.
                return place.resolve()
        raise FileNotFoundError(
            f"flipcache.wasm is not at {' or '.join(map(str, places))}: build it (`make component`), or name it in "
            "FLIPCACHE_COMPONENT"
        )
