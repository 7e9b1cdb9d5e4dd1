"""Projects in git repositories, by the git command.

An address is a URL of a known scheme, or `git@host:path`: nothing that git would take for an option or hand to a helper
program. A version is looked up on the remote first (one call), so that a commit that is here already isn't fetched.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from headrace.errors import CallerError, InvalidValue
from headrace.lazy import MissingPackage
from headrace.projects.launch import Progress, Source
from headrace.projects.source_cache import cached, inside, named, place

_REMOTE = re.compile(r"(?:git\+)?(?:https?|ssh|git)://[^-\s][^\s]*|[A-Za-z0-9_][\w.+-]*@[A-Za-z0-9][\w.-]*:(?!/?-)\S+")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SHORT = re.compile(r"[0-9a-f]{4,64}")
_CREDENTIALS = re.compile(r"(https?://)[^/@\s']+@")
_PROGRAM = "git"
_PROTOCOLS = "file:git:http:https:ssh"
_MISLEADING = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE")
# A repository's own configuration may not start programs because somebody looks at it.
_CAUTIOUS = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "protocol.ext.allow=never")
# Of a server that sends nothing; a large repository on a slow line has no limit.
_PATIENT = ("-c", "http.lowSpeedLimit=1", "-c", "http.lowSpeedTime=60")
MAX_DIFF_BYTES = 16 << 20  # a longer one is data that was changed, not code


class GitFailed(CallerError):
    """git couldn't do it; the message holds what it said."""


def is_remote(address: str) -> bool:
    if not _REMOTE.fullmatch(address):
        return False
    if "://" in address:
        host = urlsplit(address).hostname
        return bool(host) and not str(host).startswith("-")
    return True


def is_bare(folder: Path) -> bool:
    return (folder / "HEAD").is_file() and (folder / "objects").is_dir() and (folder / "refs").is_dir()


def top(folder: Path) -> Path | None:
    """The root of the repository that the folder lies in."""
    here = folder.absolute()
    return next((each for each in (here, *here.parents) if (each / ".git").exists()), None)


def checkout(url: str, subdirectory: str, version: str | None, address: str, progress: Progress) -> Source:
    """From a repository elsewhere, or a bare one here."""
    if not is_bare(Path(url)) and not is_remote(url):
        raise InvalidValue("uri", address, "it is no address of a git repository: https://…, ssh://…, git@host:path.")
    url = url.removeprefix("git+")
    commit, branch = _resolved(url, version, address)
    folder = _fetched(url, commit, progress)
    return Source(
        uri=without_secret(address),
        name=named(without_secret(address), subdirectory),
        folder=inside(folder, subdirectory, address),
        subdirectory=subdirectory,
        version=version,
        commit=commit,
        branch=branch,
        repo_url=without_secret(url),
        pristine=folder,
    )


def checkout_of_folder(folder: Path, subdirectory: str, version: str, address: str, progress: Progress) -> Source:
    """A version of a repository here, beside the working tree, which stays as it is."""
    repository = top(folder)
    assert repository is not None
    commit, branch = _resolved(str(repository), version, address)
    pristine = _fetched(str(repository), commit, progress)
    part = (folder.absolute() / subdirectory).relative_to(repository).as_posix()
    part = "" if part == "." else part
    return Source(
        uri=address,
        name=named(f"file://{repository}", part),
        folder=inside(pristine, part, address),
        subdirectory=part,
        version=version,
        commit=commit,
        branch=branch,
        repo_url=_remote_of(repository),
        pristine=pristine,
    )


def described(source: Source) -> Source:
    """With what git knows of a local folder; the same without git or repository."""
    repository = top(source.folder)
    if repository is None:
        return source
    part = source.folder.relative_to(repository).as_posix()
    source = replace(source, name=named(f"file://{repository}", "" if part == "." else part))
    try:
        status = _git(source.folder, "status", "--porcelain=v2", "--branch", "--untracked-files=no")
        if part != "." and _asked(source.folder, "check-ignore", "--quiet", ".") is not None:
            return source
        lines = status.splitlines()
        commit = next((line.split()[2] for line in lines if line.startswith("# branch.oid ")), "(initial)")
        dirty = any(not line.startswith("#") for line in lines)
        source = replace(source, repo_url=_remote_of(repository), dirty=dirty)
        if commit == "(initial)":
            return source
        return replace(source, commit=commit, diff=_diff(repository) if dirty else None)
    except (MissingPackage, GitFailed):
        return source


def _diff(repository: Path) -> str | None:
    text = _git(repository, "diff", "--no-ext-diff", "--no-textconv", "--no-color", "--binary", "HEAD", "--")
    return text if len(text) <= MAX_DIFF_BYTES else None


def _remote_of(repository: Path) -> str | None:
    """The URL of the first remote."""
    found = _asked(repository, "config", "--local", "--get-regexp", r"^remote\..*\.url$")
    return without_secret(found.splitlines()[0].partition(" ")[2]) if found else None


def _resolved(url: str, version: str | None, address: str) -> tuple[str, str | None]:
    """(full commit, the branch if the version names one)."""
    if version is None:
        found = _refs(url, "HEAD")
        if "HEAD" not in found:
            raise InvalidValue("uri", address, "this repository has no commit on its main branch; give a --version.")
        return found["HEAD"], None
    if version.startswith("-") or not version or any(character in version for character in "\0\n ~^:?*[\\"):
        raise InvalidValue("version", version, "a branch, a tag or a commit.")
    if _COMMIT.fullmatch(version) and place(_name(url, version)).is_dir():
        return version, None
    branch, tag = f"refs/heads/{version}", f"refs/tags/{version}"
    found = _refs(url, branch, tag, f"{tag}^{{}}")
    if branch in found:
        return found[branch], version
    if tag in found:
        return found.get(f"{tag}^{{}}", found[tag]), None
    if _COMMIT.fullmatch(version):
        return version, None
    if _SHORT.fullmatch(version):
        return _long_commit(url, version, address), None
    raise _no_such_version(version, address)


def _no_such_version(version: str, address: str) -> InvalidValue:
    return InvalidValue("version", version, f"{without_secret(address)} has no branch, tag or commit of that name.")


def _refs(url: str, *patterns: str) -> dict[str, str]:
    text = _git(None, *_PATIENT, "ls-remote", "--", url, *patterns)
    pairs = (line.split("\t") for line in text.splitlines() if "\t" in line)
    return {name: commit for commit, name in pairs}


def _long_commit(url: str, short: str, address: str) -> str:
    """Only the whole history tells which commit a short name means."""

    def whole(folder: Path) -> None:
        _git(None, *_PATIENT, "clone", "--quiet", "--bare", "--filter=blob:none", "--", url, str(folder))

    known = [each.name.rpartition("-")[2] for each in place("").glob(f"{_name(url, '')}{short}*")]
    if len(known) == 1:
        return known[0]
    history = cached(f"{_name(url, '')}history-{short}", whole)
    found = _asked(history, "rev-parse", "--verify", "--quiet", f"{short}^{{commit}}")
    if found is None:
        shutil.rmtree(history, ignore_errors=True)  # the commit may be there tomorrow
        raise _no_such_version(short, address)
    return found.strip()


def _name(url: str, commit: str) -> str:
    return f"git-{hashlib.sha256(without_secret(url).encode()).hexdigest()[:16]}-{commit}"


def _fetched(url: str, commit: str, progress: Progress) -> Path:
    def fetch(folder: Path) -> None:
        progress(f"Fetching {without_secret(url)} at {commit[:12]}")
        _git(None, "-c", "init.defaultBranch=main", "init", "--quiet", "--template=", "--", str(folder))
        _git(folder, "remote", "add", "origin", without_secret(url))
        try:
            _git(folder, *_PATIENT, "fetch", "--quiet", "--no-tags", "--depth=1", "--", url, commit)
        except GitFailed:
            # Some servers give a commit only as part of a branch.
            _git(folder, *_PATIENT, "fetch", "--quiet", "--no-tags", "--", url, "+refs/*:refs/remotes/origin/*")
            if _asked(folder, "cat-file", "-e", f"{commit}^{{commit}}") is None:
                raise _no_such_version(commit, url) from None
        _git(folder, "checkout", "--quiet", "--detach", commit)
        if (folder / ".gitmodules").is_file():
            _git(folder, *_PATIENT, "submodule", "--quiet", "update", "--init", "--recursive", "--depth=1")

    return cached(_name(url, commit), fetch)


def without_secret(url: str) -> str:
    """CI systems clone from https://user:token@host; the token is nobody's to read in a tag."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    if parts.scheme.removeprefix("git+") not in ("http", "https") or "@" not in parts.netloc:
        return url
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _git(folder: Path | None, *arguments: str) -> str:
    """What git printed. GitFailed with its words, MissingPackage where there is no git."""
    done = _ran(folder, arguments)
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip() or f"it ended with status {done.returncode}"
        said = _CREDENTIALS.sub(r"\1", said)
        raise GitFailed(f"git {_verb(arguments)} failed: {said}")
    return done.stdout.decode("utf-8", "surrogateescape")


def _asked(folder: Path | None, *arguments: str) -> str | None:
    """What git printed, or None if it says no."""
    done = _ran(folder, arguments)
    return done.stdout.decode("utf-8", "surrogateescape") if done.returncode == 0 else None


def _ran(folder: Path | None, arguments: Sequence[str]) -> subprocess.CompletedProcess[bytes]:
    variables = {name: value for name, value in os.environ.items() if name not in _MISLEADING}
    variables |= {"GIT_ALLOW_PROTOCOL": _PROTOCOLS, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    if sys.stdin is None or not sys.stdin.isatty():
        variables.setdefault("GIT_TERMINAL_PROMPT", "0")  # nobody is there to answer
    where = [] if folder is None else ["-C", str(folder)]
    try:
        return subprocess.run(  # noqa: S603 — no shell; addresses stand behind -- and have a known scheme
            [_PROGRAM, *_CAUTIOUS, *where, *arguments],
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
            env=variables,
        )
    except FileNotFoundError:
        raise MissingPackage("git isn't on the PATH; install it to run projects from repositories.") from None


def _verb(arguments: Sequence[str]) -> str:
    plain = iter(arguments)
    for each in plain:
        if each == "-c":
            next(plain)
        else:
            return each
    return ""
