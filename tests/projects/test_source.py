from __future__ import annotations

import io
import os
import stat
import subprocess
import tarfile
import threading
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from headrace.errors import HeadraceError, InvalidValue, StoreUnavailable, TooLarge
from headrace.projects import source_archive, source_git
from headrace.projects.source import fetch
from headrace.projects.source_cache import root, working_copy
from tests.projects.writing import commit, git, write


def silent(_: str) -> None:
    """Progress that nobody reads."""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Two commits on main, one more on `side`, a tag on the first; `inner` has a project as well."""
    folder = write(tmp_path / "repository", "name: first\n")
    write(folder / "inner", "name: inner\n")
    commit(folder)
    git(folder, "tag", "--annotate", "--message", "one", "v1")
    write(folder, "name: second\n")
    commit(folder)
    git(folder, "switch", "--quiet", "--create", "side")
    write(folder, "name: side\n")
    commit(folder)
    git(folder, "switch", "--quiet", "main")
    return folder


@pytest.fixture
def bare(repository: Path) -> Path:
    target = repository.parent / "bare.git"
    git(repository, "clone", "--quiet", "--bare", str(repository), str(target))
    return target


def name_in(folder: Path) -> str:
    return (folder / "MLproject").read_text().strip()


def test_folder_is_run_where_it_is(folder: Path) -> None:
    found = fetch(str(folder), None, silent)
    assert (found.folder, found.name, found.commit, found.pristine) == (folder, str(folder), None, None)
    assert fetch(folder.as_uri(), None, silent).folder == folder
    os.chdir(folder.parent)
    assert fetch(f"'{folder.name}'", None, silent).folder == folder


def test_folder_of_a_repository_tells_its_commit(repository: Path) -> None:
    git(repository, "remote", "add", "origin", "https://user:token@example.com/org/project.git")
    found = fetch(str(repository / "inner"), None, silent)
    assert found.commit == git(repository, "rev-parse", "HEAD")
    assert found.name == f"file://{repository}#inner"
    assert found.repo_url == "https://example.com/org/project.git"
    assert (found.dirty, found.diff, found.branch) == (False, None, None)


def test_changes_since_the_commit_are_told_whole(repository: Path, tmp_path: Path) -> None:
    write(repository, "name: changed\n")
    (repository / "untracked.txt").write_text("not in it")
    found = fetch(str(repository), None, silent)
    assert found.dirty
    assert found.diff is not None
    assert "untracked" not in found.diff
    git(repository, "clone", "--quiet", str(repository), str(tmp_path / "clone"))
    subprocess.run(["git", "apply"], input=found.diff, text=True, cwd=tmp_path / "clone", check=True)
    assert name_in(tmp_path / "clone") == "name: changed"


def test_repository_cant_start_programs_by_being_looked_at(repository: Path) -> None:
    trace = repository.parent / "trace"
    git(repository, "config", "core.fsmonitor", f"touch {trace}; false")
    git(repository, "config", "diff.external", f"touch {trace}")
    write(repository, "name: changed\n")
    assert fetch(str(repository), None, silent).dirty
    assert not trace.exists()


def test_ignored_folder_has_no_commit(repository: Path) -> None:
    (repository / ".gitignore").write_text("build")
    (repository / "build").mkdir()
    assert fetch(str(repository / "build"), None, silent).commit is None


def test_main_branch_tag_branch_and_commits(bare: Path, repository: Path) -> None:
    first, second, side = (git(repository, "rev-parse", each) for each in ("v1^{}", "main", "side"))
    expected = {
        None: (second, None, "name: second"),
        "v1": (first, None, "name: first"),
        "side": (side, "side", "name: side"),
        first: (first, None, "name: first"),
        side[:9]: (side, None, "name: side"),
    }
    for version, (sha, branch, name) in expected.items():
        found = fetch(str(bare), version, silent)
        assert (found.commit, found.branch, name_in(found.folder)) == (sha, branch, name)
        assert git(found.folder, "rev-parse", "HEAD") == sha
    inner = fetch(f"file://{bare}#inner", "v1", silent)
    assert (name_in(inner.folder), inner.name) == ("name: inner", f"file://{bare}#inner")


def test_commit_that_is_here_is_not_fetched_again(bare: Path, repository: Path) -> None:
    told: list[str] = []
    sha = git(repository, "rev-parse", "side")
    fetch(str(bare), "side", told.append)
    fetch(str(bare), "side", told.append)
    assert told == [f"Fetching {bare} at {sha[:12]}"]
    bare.rename(bare.with_suffix(".gone"))
    bare.with_suffix(".gone").rename(bare)
    assert fetch(str(bare), sha, told.append).commit == sha
    assert len(told) == 1


def test_many_may_fetch_the_same_at_once(bare: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: fetch(str(bare), "side", silent).folder, range(8)))
    assert {name_in(folder) for folder in found} == {"name: side"}
    assert list(root().iterdir()) == list(found)


def test_version_of_a_local_repository_leaves_its_files_alone(repository: Path) -> None:
    write(repository, "name: being edited\n")
    found = fetch(str(repository / "inner"), "v1", silent)
    assert (name_in(found.folder), found.name) == ("name: inner", f"file://{repository}#inner")
    assert found.commit == git(repository, "rev-parse", "v1^{}")
    assert name_in(repository) == "name: being edited"


def test_credentials_of_an_address_are_kept_nowhere(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    address = "https://user:s3cret@example.com/project"
    for name, value in {"COUNT": "1", "KEY_0": f"url.{bare}.insteadOf", "VALUE_0": address}.items():
        monkeypatch.setenv(f"GIT_CONFIG_{name}", value)
    told: list[str] = []
    found = fetch(f"{address}#inner", "side", told.append)
    assert found.name == "https://example.com/project#inner"
    assert "s3cret" not in f"{found} {told} {git(found.folder, 'config', '--list', '--local')}"
    with pytest.raises(HeadraceError) as caught:
        fetch("https://user:s3cret@127.0.0.1:1/project", "side", silent)
    assert "s3cret" not in caught.value.message


@pytest.mark.parametrize("version", ["none-such", "0" * 40, "abcdef12", "-x", "a b", "a..b~1"])
def test_version_that_isnt_there(version: str, bare: Path) -> None:
    with pytest.raises(HeadraceError, match=r"version|not our ref|a branch, a tag or a commit"):
        fetch(str(bare), version, silent)
    assert not list(root().glob(f"*{version}"))


def test_submodules_are_fetched(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    part = write(tmp_path / "part", helper__py="x = 1")
    commit(part)
    git(repository, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(part), "part")
    commit(repository)
    # Git takes submodules from folders only if the user says so.
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "protocol.file.allow")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "always")
    found = fetch(str(repository), "main", silent)
    assert (found.folder / "part" / "helper.py").read_text() == "x = 1"


@pytest.mark.parametrize(
    "address",
    [
        "ext::sh -c 'touch TRACE'",
        "--upload-pack=touch TRACE",
        "ssh://-oProxyCommand=touch%20TRACE/x",
        "fd::17",
        "https://",
        "git@-oProxyCommand=touch:x",
        "-u",
        "",
        "file://elsewhere/project",
    ],
)
def test_address_that_git_would_run_is_none(address: str) -> None:
    with pytest.raises(InvalidValue, match="'uri'"):
        fetch(address, None, silent)
    assert not Path("TRACE").exists()


@pytest.mark.parametrize(
    ("address", "remote"),
    [
        ("https://example.com/a", True),
        ("git+https://example.com/a", True),
        ("ssh://git@example.com:22/a", True),
        ("git@example.com:org/a.git", True),
        ("git://example.com/a", True),
        ("git@example.com:--upload-pack=x", False),
        ("ext::sh", False),
        ("folder/sub", False),
        ("https://-x/a", False),
    ],
)
def test_what_is_a_git_address(address: str, remote: bool) -> None:
    assert source_git.is_remote(address) is remote


@pytest.mark.parametrize("part", ["..", "a/../b", "."])
def test_folder_inside_may_not_lead_out(part: str, folder: Path) -> None:
    with pytest.raises(InvalidValue, match=r"may not hold"):
        fetch(f"{folder}#{part}", None, silent)


def test_link_in_a_repository_may_not_lead_out(repository: Path) -> None:
    (repository / "out").symlink_to("/etc")
    commit(repository)
    with pytest.raises(InvalidValue, match="leads out"):
        fetch(f"{repository}#out", "main", silent)


def test_copy_for_a_run_is_its_own(bare: Path) -> None:
    found = fetch(f"{bare}#inner", None, silent)
    with working_copy(found, None) as copy:
        assert copy.folder.name == "inner"
        (copy.folder / "MLproject").write_text("written by a run")
        (copy.folder.parent / "output").write_text("beside")
        assert git(copy.folder, "rev-parse", "HEAD") == found.commit
    assert not copy.folder.exists()
    assert name_in(found.folder) == "name: inner"
    assert not (found.folder.parent / "output").exists()


def test_copies_that_killed_processes_left_are_removed(bare: Path, tmp_path: Path) -> None:
    with subprocess.Popen(["true"]) as dead:
        dead.wait()
    pids = {"dead": dead.pid, "alive": os.getpid(), "new": dead.pid + 1}
    names = {name: f"headrace-project-{pid}-x" for name, pid in pids.items()}
    for name in names.values():
        (tmp_path / name).mkdir()
    for name in ("dead", "alive"):
        os.utime(tmp_path / names[name], (0, 0))
    with working_copy(fetch(str(bare), None, silent), tmp_path):
        assert not (tmp_path / names["dead"]).exists()
        assert (tmp_path / names["alive"]).exists()
        assert (tmp_path / names["new"]).exists()


def zipped(path: Path, **members: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return path


def tarred(path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for member, content in members:
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


@pytest.mark.parametrize("suffix", ["zip", "tar", "tar.gz", "tgz", "tar.bz2", "tar.xz"])
@pytest.mark.parametrize("top", ["", "project-1.0/"], ids=["flat", "in one folder"])
def test_archives(suffix: str, top: str, tmp_path: Path) -> None:
    content = write(tmp_path / "content" / top, "name: packed\n", run__sh="echo")
    (content / "run.sh").chmod(0o755)
    path = tmp_path / f"archive.{suffix}"
    if suffix == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            for each in ("MLproject", "run.sh"):
                archive.write(content / each, f"{top}{each}")
    else:
        mode = {"tar": "w", "tgz": "w:gz"}.get(suffix) or f"w:{suffix.rpartition('.')[2]}"
        with tarfile.open(path, mode) as made:  # type: ignore[call-overload]
            made.add(tmp_path / "content", ".")
    found = fetch(str(path), None, silent)
    assert name_in(found.folder) == "name: packed"
    assert (found.folder / "run.sh").stat().st_mode & stat.S_IXUSR
    assert found.archive == source_archive.digest(path)
    assert fetch(path.as_uri(), None, silent).folder == found.folder


def test_archive_behind_an_address(tmp_path: Path) -> None:
    served = tmp_path / "served"
    served.mkdir()
    zipped(served / "project.zip", MLproject="name: fetched\n")
    asked: list[str | None] = []

    class Handler(SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.headers["Authorization"])
            super().do_GET()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    handler = partial(Handler, directory=str(served))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            found = fetch(f"http://user:p%40ss@127.0.0.1:{server.server_port}/project.zip", None, silent)
            with pytest.raises(InvalidValue, match="answers 404"):
                fetch(f"http://127.0.0.1:{server.server_port}/none.zip", None, silent)
        finally:
            server.shutdown()
    with pytest.raises(StoreUnavailable, match="can't be fetched"):
        fetch(f"http://127.0.0.1:{server.server_port}/project.zip", None, silent)
    assert name_in(found.folder) == "name: fetched"
    assert found.name == found.uri == f"http://127.0.0.1:{server.server_port}/project.zip"
    assert asked == ["Basic dXNlcjpwQHNz", None]


def link(name: str, target: str) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = tarfile.SYMTYPE, target
    return made


@pytest.mark.parametrize("name", ["../out", "/out", "a/../../out", "C:/out", "..\\out"])
@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_member_that_leads_out_is_refused(kind: str, name: str, tmp_path: Path) -> None:
    if kind == "zip":
        path = zipped(tmp_path / "evil.zip", **{"MLproject": "", name: "x"})
    else:
        path = tarred(tmp_path / "evil.tar.gz", (tarfile.TarInfo(name), b"x"))
    with pytest.raises(InvalidValue, match="leads out"):
        fetch(str(path), None, silent)
    assert not list(root().glob("*"))
    assert not (root() / "out").exists()


@pytest.mark.parametrize(
    "member",
    [link("l", "/etc/passwd"), link("l", "../../x")],
    ids=["absolute", "relative"],
)
def test_link_that_leads_out_of_a_tar_is_refused(member: tarfile.TarInfo, tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match="may not be unpacked"):
        fetch(str(tarred(tmp_path / "evil.tar.gz", (member, b""))), None, silent)


def test_device_in_a_tar_is_refused(tmp_path: Path) -> None:
    device = tarfile.TarInfo("null")
    device.type, device.devmajor, device.devminor = tarfile.CHRTYPE, 1, 3
    with pytest.raises(InvalidValue, match="may not be unpacked"):
        fetch(str(tarred(tmp_path / "evil.tar.gz", (device, b""))), None, silent)


def test_link_in_a_zip_is_refused(tmp_path: Path) -> None:
    path, member = tmp_path / "evil.zip", zipfile.ZipInfo("link")
    member.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member, "/etc/passwd")
    with pytest.raises(InvalidValue, match="is a link"):
        fetch(str(path), None, silent)


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_archive_that_would_fill_the_disk_is_refused(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_archive, "MAX_BYTES", 1000)
    content = "0" * 2000
    made: dict[str, Callable[[], Path]] = {
        "zip": lambda: zipped(tmp_path / "bomb.zip", a=content),
        "tar": lambda: tarred(tmp_path / "bomb.tar.gz", (tarfile.TarInfo("a"), content.encode())),
    }
    with pytest.raises(TooLarge, match="at most 1000"):
        fetch(str(made[kind]()), None, silent)
    assert not list(root().glob("*"))


def test_broken_archive_says_so(tmp_path: Path) -> None:
    for name in ("a.zip", "a.tar.gz"):
        (tmp_path / name).write_bytes(b"no archive")
        with pytest.raises(InvalidValue, match="can't be read"):
            fetch(str(tmp_path / name), None, silent)


@pytest.mark.parametrize("address", ["a.zip", "nowhere", "file:///nowhere", "runs:/none/x"])
def test_nothing_there(address: str) -> None:
    with pytest.raises(HeadraceError, match=r"nothing is at|no file|No run"):
        fetch(address, None, silent)


@pytest.mark.parametrize("kind", ["folder", "archive"])
def test_version_needs_git(kind: str, folder: Path, tmp_path: Path) -> None:
    address = folder if kind == "folder" else zipped(tmp_path / "a.zip", MLproject="")
    with pytest.raises(InvalidValue, match="only git has versions"):
        fetch(str(address), "main", silent)


def test_artifacts_of_a_run_are_a_project(folder: Path, tmp_path: Path) -> None:
    import headrace

    write(folder, "name: kept\n")
    with headrace.start_run() as run:
        headrace.log_artifacts(str(folder), "code")
        headrace.log_artifact(str(zipped(tmp_path / "code.zip", MLproject="name: zipped\n")))
    assert name_in(fetch(f"runs:/{run.info.run_id}/code", None, silent).folder) == "name: kept"
    assert name_in(fetch(f"runs:/{run.info.run_id}/code.zip", None, silent).folder) == "name: zipped"
