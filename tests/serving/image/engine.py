"""Carries out a Dockerfile where no engine is: each stage is an overlay over this machine's root, in which RUN runs
chrooted; the container is the last stage, read-only, with a tmpfs at /tmp, as another user.

The base image's Python is the one that runs the tests. Needs root and a kernel that lets it mount; `usable` asks.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from headrace.environments import pip_settings

KNOWN = "ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL RUN USER WORKDIR".split()
BASE_PYTHON = Path(sys.base_prefix)


@dataclass(frozen=True, kw_only=True)
class Instruction:
    name: str
    words: str
    mounts: list[dict[str, str]] = field(default_factory=list)


def parse(text: str) -> list[Instruction]:
    """Comments, continued lines and RUN's mounts. AssertionError for what isn't an instruction."""
    found = []
    plain = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    for line in re.sub(r"\\\n\s*", " ", plain).splitlines():
        if not line.strip():
            continue
        name, _, words = line.strip().partition(" ")
        assert name in KNOWN, line
        mounts = []
        while name == "RUN" and words.startswith("--mount="):
            mount, _, words = words.partition(" ")
            words = words.lstrip()
            mounts.append(dict(part.split("=", 1) for part in mount.removeprefix("--mount=").split(",")))
        found.append(Instruction(name=name, words=words.strip(), mounts=mounts))
    return found


def usable() -> bool:
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        return False
    probe = "mkdir -p $0/u $0/w $0/m && mount -t overlay o -o lowerdir=/,upperdir=$0/u,workdir=$0/w $0/m"
    folder = Path("/var/tmp/headrace-overlay-probe")
    ended = subprocess.run(["unshare", "-m", "sh", "-c", probe, str(folder)], capture_output=True)
    shutil.rmtree(folder, ignore_errors=True)
    return ended.returncode == 0


def of_this_machine() -> dict[str, str]:
    """Variables by which it reaches package indexes, as an engine has its proxy settings."""
    shared = {
        name: value
        for name, value in os.environ.items()
        if re.match(r"(?i)(UV|PIP|SSL|REQUESTS|CURL)_|.*_proxy$", name)
    }
    return {**shared, **pip_settings.for_uv()}


class Image:
    """Built when it is made."""

    def __init__(self, context: Path, scratch: Path) -> None:
        self.context, self.scratch, self.machine = context, scratch, of_this_machine()
        self.stages: dict[str, Path] = {}
        self.env: dict[str, str] = {}
        self.labels: dict[str, str] = {}
        self.user, self.folder = "0:0", "/"
        self.entrypoint: list[str] = []
        self.cmd: list[str] = []
        self.health: list[str] = []
        self.args: dict[str, str] = {}
        for number, each in enumerate(parse((context / "Dockerfile").read_text(encoding="utf-8"))):
            self._do(number, each)

    def _do(self, number: int, each: Instruction) -> None:
        match each.name:
            case "FROM":
                self.stage = self.scratch / f"stage-{number}"
                for part in ("upper", "work", "root"):
                    (self.stage / part).mkdir(parents=True)
                self.stages[each.words.partition(" AS ")[2] or "last"] = self.stage
                self.env = {"PATH": f"{BASE_PYTHON}/bin:/usr/bin:/bin"}
                self.args = {}
            case "ARG":
                name, _, default = each.words.partition("=")
                value = self.machine.get(name, default)
                if value and hasattr(self, "stage"):
                    self.args[name] = value
            case "ENV" | "LABEL":
                for pair in shlex.split(each.words):
                    name, _, value = pair.partition("=")
                    target = self.env if each.name == "ENV" else self.labels
                    target[name] = value.replace("${PATH}", self.env["PATH"])
            case "RUN":
                self.run(["sh", "-c", each.words], each.mounts, env={**self.machine, **self.args, "HOME": "/root"})
            case "COPY":
                source, target = each.words.split()
                place = f"{target}{source}" if target.endswith("/") else target
                copy = f"mkdir -p {Path(place).parent} && cp -a /copied {place}"
                self.run(["sh", "-c", copy], [{"source": source, "target": "/copied"}])
            case "WORKDIR":
                self.folder = each.words
            case "USER":
                self.user = each.words
            case "ENTRYPOINT":
                self.entrypoint = json.loads(each.words)
            case "CMD":
                self.cmd = json.loads(each.words)
            case "HEALTHCHECK":
                self.health = json.loads(each.words.partition(" CMD ")[2])

    def run(self, words: list[str], mounts: list[dict[str, str]], env: Mapping[str, str] | None = None) -> None:
        ended = subprocess.run(
            self._words(words, mounts, user="0:0", env=env or {}), capture_output=True, text=True, errors="replace"
        )
        assert ended.returncode == 0, f"{words}\n{ended.stdout}\n{ended.stderr}"

    def command(self, words: list[str], env: Mapping[str, str], mounts: Mapping[Path, str] | None = None) -> list[str]:
        """What runs `words` in a container of the image, as its user, on a read-only root."""
        binds = [{"source": str(source), "target": target} for source, target in (mounts or {}).items()]
        return self._words(words, binds, user=self.user, env=env, read_only=True)

    def _words(
        self,
        words: list[str],
        mounts: list[dict[str, str]],
        *,
        user: str,
        env: Mapping[str, str],
        read_only: bool = False,
    ) -> list[str]:
        root = self.stage / "root"
        overlay = f"lowerdir=/,upperdir={self.stage / 'upper'},workdir={self.stage / 'work'}"
        script = [f"mount -t overlay overlay -o {overlay} {root}", f"mount --rbind /proc {root}/proc"]
        script += [f"mount --rbind /dev {root}/dev"]
        # The container's user may read the Python of whoever runs the tests.
        script += [f"chmod a+rx {root}{folder}" for folder in (BASE_PYTHON, *BASE_PYTHON.parents) if str(folder) != "/"]
        if read_only:
            script += [f"mkdir -p {root}{each['target']}" for each in mounts]
            script += [f"mount -o remount,ro {root}", f"mount -t tmpfs -o mode=1777 tmpfs {root}/tmp"]
        for mount in mounts:
            source = self._source(mount)
            target = f"{root}{mount['target']}"
            if not read_only:
                make = "mkdir -p" if source.is_dir() else f"mkdir -p {root}/build && touch"
                script.append(f"{make} {target}")
            script.append(f"mount --bind {source} {target}")
        pairs = [f"{name}={value}" for name, value in {**self.env, **env}.items()]
        # The test's own working copy must not be what answers: only what the image holds is on the path.
        script.append(
            f"exec chroot --userspec={user} {root} env -i --chdir={self.folder} {shlex.join(pairs)} {shlex.join(words)}"
        )
        return ["unshare", "--mount", "--propagation", "private", "sh", "-ec", "\n".join(script)]

    def _source(self, mount: Mapping[str, str]) -> Path:
        if mount.get("type") == "cache":
            cache = Path(os.environ.get("UV_CACHE_DIR") or Path.home() / ".cache" / "uv")
            cache.mkdir(parents=True, exist_ok=True)
            return cache
        if "from" in mount:
            return self.stages[mount["from"]] / "upper" / mount["source"].lstrip("/")
        return self.context / mount["source"]
