"""Where pip looks for packages, said in uv's variables: who has set pip up for a mirror or a folder of wheels gets the
same packages from uv. What is set for uv itself wins.
"""

from __future__ import annotations

import configparser
import os
import sys
from pathlib import Path

_SECTIONS = ("global", "install")
# pip's option → uv's variable. Several values stand between spaces in both.
_SAME = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "no-index": "UV_NO_INDEX",
    "constraint": "UV_CONSTRAINT",
    "cert": "SSL_CERT_FILE",
    "trusted-host": "UV_INSECURE_HOST",
}
_OLD_NAMES = {"UV_DEFAULT_INDEX": "UV_INDEX_URL", "UV_INDEX": "UV_EXTRA_INDEX_URL"}


def for_uv() -> dict[str, str]:
    """Variables to add to uv's environment."""
    found: dict[str, str] = {}
    for option, value in _options().items():
        variable = _SAME[option]
        if variable in os.environ or _OLD_NAMES.get(variable, "") in os.environ or not value:
            continue
        # uv takes folders and files of wheels between commas, all other lists between spaces, as pip has them.
        found[variable] = ",".join(value.split()) if variable == "UV_FIND_LINKS" else " ".join(value.split())
    if "UV_INDEX" in found and "UV_INDEX_STRATEGY" not in os.environ:
        found["UV_INDEX_STRATEGY"] = "unsafe-best-match"  # pip's way: the best version, from whichever index
    return found


def _options() -> dict[str, str]:
    found: dict[str, str] = {}
    parser = configparser.RawConfigParser()
    for path in _files():
        parser.clear()
        try:
            parser.read(path, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError):
            continue  # pip itself will say so
        for section in _SECTIONS:
            if parser.has_section(section):
                found |= {key: value for key, value in parser.items(section) if key in _SAME}
    for option in _SAME:
        value = os.environ.get(f"PIP_{option.replace('-', '_').upper()}")
        if value:
            found[option] = value
    return found


def _files() -> list[Path]:
    """pip's configuration files, the stronger ones last."""
    chosen = os.environ.get("PIP_CONFIG_FILE")
    if chosen == os.devnull:
        return []
    shared = os.environ.get("XDG_CONFIG_DIRS") or "/etc/xdg"
    home = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    files = [Path(folder, "pip", "pip.conf") for folder in shared.split(os.pathsep)[::-1]]
    files += [Path("/etc/pip.conf"), Path.home() / ".pip" / "pip.conf", home / "pip" / "pip.conf"]
    files.append(Path(sys.prefix, "pip.conf"))
    return [*files, Path(chosen)] if chosen else files
