"""Which distributions are installed for this interpreter, and which of them a module comes from.

Read as little as possible: names and versions stand in the names of `*.dist-info` folders, and only the file lists of
distributions that may hold a module are opened. What was read is kept until the folder that holds it changes.
"""

from __future__ import annotations

import json
import os
import re
import sys
import threading
from collections.abc import Sequence
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

from msgspec import Struct

_NAME = re.compile(r"^(?P<name>.+?)-(?P<version>[^-]+)(-py[\d.]+)?(-[^-]+)?\.(dist|egg)-info$")
OURS = frozenset({"headrace", "mlflow"})  # `mlflow` is another name of Headrace under its shim
_NOBODYS = OURS | {"__main__", "__mp_main__"}  # the script that runs may be a package's, as `python -m pytest` is
# Modules whose distribution is named quite differently: a guess, checked like any other, that saves a search.
_USUAL = {
    "PIL": "pillow",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python",
    "dateutil": "python-dateutil",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "xgboost": "xgboost-cpu",
    "yaml": "pyyaml",
}


def canonical(name: str) -> str:
    """The one spelling of a distribution's name (PEP 503): `onnxruntime-genai` for `onnxruntime_genai`."""
    return re.sub(r"[-_.]+", "-", name).lower()


class Distribution(Struct, frozen=True, kw_only=True):
    """name: canonical. editable: imported from a working copy, so that nobody else can install this version."""

    name: str
    version: str
    info: Path

    @property
    def public_version(self) -> str:
        """Without the local label: `2.13.0` of `2.13.0+cpu`, which package indexes don't know."""
        return self.version.partition("+")[0]

    @property
    def editable(self) -> bool:
        return bool(self._origin().get("dir_info", {}).get("editable"))

    @property
    def place(self) -> str | None:
        """Where it was installed from, if that was a file or folder on this machine."""
        url = self._origin().get("url")
        return f"{self.name} @ {url}" if isinstance(url, str) and url.startswith("file:") else None

    def requirement(self) -> str:
        """The line that installs this very version: by its commit if it came from version control, else by number."""
        origin = self._origin()
        control = origin.get("vcs_info", {})
        if control.get("commit_id") and not str(origin["url"]).startswith("file:"):
            return f"{self.name} @ {control['vcs']}+{origin['url']}@{control['commit_id']}"
        return f"{self.name}=={self.public_version}"

    def _origin(self) -> dict[str, Any]:
        try:
            read: dict[str, Any] = json.loads((self.info / "direct_url.json").read_bytes())
        except (OSError, ValueError):
            return {}
        return read

    def holds(self, place: str) -> bool:
        """Whether a file, relative to the folder that this is installed in, came with it."""
        try:
            return f"\n{place},".encode() in b"\n" + (self.info / "RECORD").read_bytes()
        except OSError:
            pass  # packages of Linux distributions leave the list out
        top = place.partition("/")[0].partition(".")[0]
        try:
            return top in (self.info / "top_level.txt").read_text(encoding="utf-8").split()
        except OSError:
            return canonical(top) == self.name


class Folder:
    """One entry of sys.path, as it was at one moment."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.distributions: dict[str, Distribution] = {}
        self._of_place: dict[str, Distribution | None] = {}
        with os.scandir(path) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                if entry.name.endswith((".dist-info", ".egg-info")):
                    found = _distribution(Path(entry.path))
                    if found is not None:
                        self.distributions[found.name] = found

    def owner(self, module: str, place: str) -> Distribution | None:
        """The distribution that a file below this folder came with. module: of the file."""
        if place not in self._of_place:
            self._of_place[place] = next((found for found in self._likely_first(module) if found.holds(place)), None)
        return self._of_place[place]

    def _likely_first(self, module: str) -> list[Distribution]:
        top = module.partition(".")[0]
        guesses = [canonical(module), canonical(top), _USUAL.get(top, "")]
        first = [self.distributions[guess] for guess in dict.fromkeys(guesses) if guess in self.distributions]
        return [*first, *(found for found in self.distributions.values() if found not in first)]


def _distribution(info: Path) -> Distribution | None:
    match = _NAME.match(info.name)
    if match is not None:
        return Distribution(name=canonical(match["name"]), version=match["version"].replace("_", "-"), info=info)
    try:
        lines = (info / "PKG-INFO").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    fields = dict(line.split(": ", 1) for line in lines if line.startswith(("Name: ", "Version: ")))
    if not {"Name", "Version"} <= fields.keys():
        return None
    return Distribution(name=canonical(fields["Name"]), version=fields["Version"], info=info)


_lock = threading.Lock()
_folders: dict[str, tuple[int, Folder]] = {}


def folders() -> list[Folder]:
    """The entries of sys.path that hold distributions, in its order."""
    found = []
    for path in dict.fromkeys(entry or str(Path.cwd()) for entry in sys.path):
        try:
            changed_ns = Path(path).stat().st_mtime_ns
            with _lock:
                known = _folders.get(path)
                if known is None or known[0] != changed_ns:
                    known = _folders[path] = (changed_ns, Folder(path))
        except OSError:
            continue  # a zip file, or an entry that isn't there
        if known[1].distributions:
            found.append(known[1])
    return found


def distribution(name: str) -> Distribution | None:
    """The installed distribution of that name, in any spelling; the one that imports would find."""
    wanted = canonical(name)
    return next((folder.distributions[wanted] for folder in folders() if wanted in folder.distributions), None)


def is_standard(module: str) -> bool:
    top = module.partition(".")[0]
    return top in sys.stdlib_module_names or top in sys.builtin_module_names


def origin_of(module: str) -> Distribution | None:
    """The distribution that an importable module came with; None if it is the user's own, standard or not there.

    Modules of editable installs are the user's own. The module need not be imported; nothing is imported.
    """
    if is_standard(module) or module.partition(".")[0] in _NOBODYS:
        return None
    name, searched = "", None
    for part in module.split("."):
        name = f"{name}.{part}" if name else part
        place, searched = _place_of(name, searched)
        if place is not None:
            return _owner(name, place)
        if searched is None:
            return None
    return None  # a namespace all the way down: nobody's


def _owner(module: str, place: str) -> Distribution | None:
    for folder in folders():
        prefix = folder.path + os.sep
        if place.startswith(prefix):
            found = folder.owner(module, place[len(prefix) :].replace(os.sep, "/"))
            return None if found is None or found.editable else found
    return None


def _place_of(module: str, searched: Sequence[str] | None) -> tuple[str | None, Sequence[str] | None]:
    """The file of a module; or None and, for a namespace package, the folders where its parts are looked for."""
    loaded = sys.modules.get(module)
    if loaded is not None:
        file, parts = getattr(loaded, "__file__", None), getattr(loaded, "__path__", None)
        return (file, None) if isinstance(file, str) else (None, None if parts is None else list(parts))
    spec = PathFinder.find_spec(module, searched)
    if spec is None or (spec.origin and spec.has_location):
        return (spec.origin if spec else None), None
    return None, spec.submodule_search_locations
