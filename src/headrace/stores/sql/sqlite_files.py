"""Where a SQLite database lies: folders made, network file systems refused."""

from __future__ import annotations

import os
import re
from pathlib import Path

from headrace import settings
from headrace.errors import InvalidState, StoreUnavailable

# Their locks or shared memory don't hold between machines, so that WAL databases on them get corrupted.
NETWORK_FILE_SYSTEMS = frozenset(
    "afs beegfs ceph cifs fuse.ceph fuse.glusterfs fuse.gcsfuse fuse.s3fs fuse.sshfs glusterfs gpfs lustre ncpfs nfs "
    "nfs4 ocfs2 orangefs panfs pvfs2 smb3 smbfs".split()
)


_OCTAL = re.compile(r"\\([0-7]{3})")  # how mountinfo writes blanks in paths


def prepared(path: str) -> str:
    """The absolute path, its folder made. InvalidState on a network file system."""
    absolute = os.path.realpath(path)
    folder = Path(absolute).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreUnavailable(f"The folder {str(folder)!r} of the SQLite database can't be made: {error}.") from error
    kind = file_system_type(folder)
    if kind in NETWORK_FILE_SYSTEMS and not settings.ALLOW_NETWORK_FILESYSTEM.get():
        raise InvalidState(
            "database",
            absolute,
            message=f"{absolute!r} lies on a network file system ({kind}), where SQLite loses data. Put the database "
            "on a local disk, or run `headrace server` on one machine and use its http:// address, or use "
            "postgresql://. HEADRACE_ALLOW_NETWORK_FILESYSTEM=true overrides this; two machines that write at the "
            "same time then corrupt it.",
        )
    return absolute


def file_system_type(folder: Path, mounts: Path = Path("/proc/self/mountinfo")) -> str | None:
    """As Linux names it; None where it can't be told (other systems)."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return None
    best: tuple[int, str] | None = None
    for line in lines:
        # 36 35 98:0 /root /mount/point options … - type source options (proc_pid_mountinfo(5))
        before, _, after = line.partition(" - ")
        fields = before.split(" ")
        if len(fields) < 5 or not after:
            continue
        point = _OCTAL.sub(lambda found: chr(int(found[1], 8)), fields[4])
        inside = point == "/" or str(folder) == point or str(folder).startswith(point + "/")
        if inside and (best is None or len(point) >= best[0]):
            best = (len(point), after.split(" ")[0])
    return best[1] if best else None
