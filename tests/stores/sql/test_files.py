from __future__ import annotations

from pathlib import Path

import pytest

from headrace.errors import InvalidState
from headrace.stores.sql import open_sql_store, sqlite_files

MOUNTS = r"""22 1 259:1 / / rw,relatime shared:1 - ext4 /dev/root rw
36 22 0:31 / /home rw,relatime shared:2 - nfs4 server:/home rw,vers=4.2
37 36 8:1 / /home/local\040disk rw - xfs /dev/sda1 rw
40 22 0:40 / /mnt/lake rw master:1 - lustre mgs@tcp:/lake rw
a line that is not one
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/var/lib", "ext4"),
        ("/home/ann/runs", "nfs4"),
        ("/home/local disk/runs", "xfs"),
        ("/homework", "ext4"),
        ("/mnt/lake", "lustre"),
    ],
)
def test_file_system_is_that_of_the_nearest_mount(tmp_path: Path, folder: str, kind: str) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS)
    assert sqlite_files.file_system_type(Path(folder), mounts) == kind


def test_file_system_is_unknown_where_the_system_does_not_tell(tmp_path: Path) -> None:
    assert sqlite_files.file_system_type(tmp_path, tmp_path / "missing") is None


def test_folders_of_this_machine_are_on_a_known_file_system(tmp_path: Path) -> None:
    assert sqlite_files.file_system_type(tmp_path)
    assert sqlite_files.file_system_type(Path("/proc")) == "proc"


def test_network_file_system_is_refused_with_the_ways_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_files, "file_system_type", lambda _: "nfs4")
    uri = f"sqlite:///{tmp_path}/store.db"
    with pytest.raises(InvalidState, match=r"network file system \(nfs4\).*headrace server.*postgresql://"):
        open_sql_store(uri, str(tmp_path))
    assert not (tmp_path / "store.db").exists()
    monkeypatch.setenv("HEADRACE_ALLOW_NETWORK_FILESYSTEM", "true")
    open_sql_store(uri, str(tmp_path)).close()
    assert (tmp_path / "store.db").exists()
