"""Bundles of registered models that somebody else made: nothing in one may lie outside of it, lead elsewhere, or be
other than what its model.json says."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from headrace.errors import Corrupt, HeadraceError, InvalidValue
from headrace.registry.bundle import open_bundle, reading

CONTENT = b"weights"
RECORD = {"size_bytes": len(CONTENT), "sha256": hashlib.sha256(CONTENT).hexdigest()}


def described(files: dict[str, Any], **changes: Any) -> bytes:
    version = {"version": "1", "source": "s3://b/1", "creation_timestamp": 1, "files": files}
    model = {"format": 1, "name": "m", "exported_ms": 1, "exported_from": "x", "versions": [version]}
    return json.dumps(model | changes).encode()


def member(name: str, content: bytes = b"") -> tuple[tarfile.TarInfo, bytes]:
    made = tarfile.TarInfo(name)
    made.size = len(content)
    return made, content


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tuple[tarfile.TarInfo, bytes]:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, target
    return made, b""


def written(place: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(place, "w:", format=tarfile.PAX_FORMAT) as archive:
        for made, content in members:
            archive.addfile(made, io.BytesIO(content))
    return place


def read(place: Path, target: Path) -> None:
    with open_bundle(place) as bundle:
        bundle.verify()
        for version in bundle.model.versions:
            bundle.extract(version, target)


GOOD = (member("model.json", described({"a/w.bin": RECORD})), member("versions/1/files/a/w.bin", CONTENT))


def test_good_bundle_is_read(tmp_path: Path) -> None:
    read(written(tmp_path / "b.tar", *GOOD), tmp_path / "out")
    assert (tmp_path / "out" / "a" / "w.bin").read_bytes() == CONTENT


@pytest.mark.parametrize(
    "path",
    [
        "../outside",
        "a/../../outside",
        "/etc/passwd",
        "%2e%2e/outside",
        "a\\..\\outside",
        "C:/outside",
        "a//b",
        "./a",
        "",
        "a/",
        "a\x00b",
        "a\nb",
        "x" * 300,
    ],
)
def test_path_that_leads_out_is_refused(tmp_path: Path, path: str) -> None:
    named = written(
        tmp_path / "named.tar",
        member("model.json", described({path: RECORD})),
        member("versions/1/files/x", CONTENT),
    )
    with pytest.raises(InvalidValue):
        read(named, tmp_path / "out")
    if "\x00" not in path and path:
        held = written(tmp_path / "held.tar", *GOOD, member(path, CONTENT))
        with pytest.raises(InvalidValue, match="bundle is refused"):
            read(held, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "outside").exists()


@pytest.mark.parametrize(
    "extra",
    [
        link("versions/1/files/a/l", "/etc/passwd"),
        link("versions/1/files/a/l", "w.bin"),
        link("versions/1/files/a/l", "versions/1/files/a/w.bin", tarfile.LNKTYPE),
        link("versions/1/files/a/l", "", tarfile.CHRTYPE),
        link("versions/1/files/a/l", "", tarfile.FIFOTYPE),
    ],
)
def test_links_and_devices_are_refused(tmp_path: Path, extra: tuple[tarfile.TarInfo, bytes]) -> None:
    with pytest.raises(InvalidValue, match="not a plain one"):
        read(written(tmp_path / "b.tar", *GOOD, extra), tmp_path / "out")


def test_link_in_the_place_of_a_file_is_refused(tmp_path: Path) -> None:
    bad = written(tmp_path / "b.tar", GOOD[0], link("versions/1/files/a/w.bin", "/etc/passwd"))
    with pytest.raises(InvalidValue, match="not a plain one"):
        read(bad, tmp_path / "out")


def test_links_in_a_folder_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "b"
    (folder / "versions/1/files").mkdir(parents=True)
    (folder / "model.json").write_bytes(described({"a/w.bin": RECORD}))
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "w.bin").write_bytes(CONTENT)
    (folder / "versions/1/files/a").symlink_to(secret)
    with pytest.raises(InvalidValue, match="a link or a device"):
        read(folder, tmp_path / "out")
    (folder / "versions/1/files/a").unlink()
    (folder / "versions/1/files/a").mkdir()
    os.mkfifo(folder / "versions/1/files/a/w.bin")
    with pytest.raises(InvalidValue, match="a link or a device"):
        read(folder, tmp_path / "out")


@pytest.mark.parametrize(
    ("members", "error"),
    [
        ((*GOOD, member("versions/1/files/a/more", b"x")), InvalidValue),
        ((*GOOD, member("versions/2/files/a/w.bin", CONTENT)), InvalidValue),
        ((*GOOD, member("versions/1/files/a/w.bin", b"another")), InvalidValue),
        ((*GOOD, GOOD[0]), InvalidValue),
        ((GOOD[0],), Corrupt),
        ((GOOD[1],), InvalidValue),
        ((GOOD[0], member("versions/1/files/a/w.bin", CONTENT + b"!")), Corrupt),
        ((GOOD[0], member("versions/1/files/a/w.bin", b"weightS")), Corrupt),
        ((), InvalidValue),
    ],
)
def test_only_what_is_named_is_in_it(
    tmp_path: Path, members: tuple[tuple[tarfile.TarInfo, bytes], ...], error: type[HeadraceError]
) -> None:
    with pytest.raises(error):
        read(written(tmp_path / "b.tar", *members), tmp_path / "out")


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"{}",
        b"null",
        b"[" * 100_000,
        described({}, format=2),
        described({}, versions=[{"version": "0", "source": "s", "creation_timestamp": 1}]),
        described({}, versions=[{"version": "-1", "source": "s", "creation_timestamp": 1}]),
        described({}, versions=[{"version": "1/../../x", "source": "s", "creation_timestamp": 1}]),
        described({}, versions=[{"version": "9" * 30, "source": "s", "creation_timestamp": 1}]),
        described({}, versions=[{"version": n, "source": "s", "creation_timestamp": 1} for n in ("2", "1")]),
        described({}, versions=[{"version": n, "source": "s", "creation_timestamp": 1} for n in ("1", "1")]),
        described({}, aliases={"best": "7"}),
        described({"a": {"size_bytes": -1, "sha256": "0" * 64}}),
        described({"a": {"size_bytes": 1, "sha256": "0"}}),
        described({"a": RECORD, "a/b": RECORD}),
        described({}, name=1),
    ],
)
def test_description_that_no_export_wrote_is_refused(tmp_path: Path, text: bytes) -> None:
    with pytest.raises(InvalidValue, match=r"model\.json|format 2"):
        read(written(tmp_path / "b.tar", member("model.json", text)), tmp_path / "out")


def test_history_that_no_export_wrote_is_refused(tmp_path: Path) -> None:
    head = member("model.json", described({}, has_history=True))
    for text in (b"{}\n", b'{"event_id": 1, "timestamp": 1, "kind": "hacked", "name": "m"}\n'):
        with pytest.raises(InvalidValue, match=r"history\.jsonl"):
            read(written(tmp_path / "b.tar", head, member("history.jsonl", text)), tmp_path / "out")
    with pytest.raises(Corrupt, match=r"history\.jsonl is missing"):
        read(written(tmp_path / "b.tar", head), tmp_path / "out")


def test_sizes_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = written(tmp_path / "b.tar", *GOOD)
    for name, most in (("MAX_MODEL_BYTES", 10), ("MAX_MEMBERS", 1)):
        with monkeypatch.context() as patched:
            patched.setattr(reading, name, most)
            with pytest.raises(InvalidValue, match="bundle is refused"):
                read(bundle, tmp_path / "out")


def flipped(data: bytes) -> bytes:
    at = data.index(CONTENT)
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


@pytest.mark.parametrize(
    "damage", [flipped, lambda data: b"\x1f\x8b" + data, lambda data: data[:600], lambda data: data[:1600]]
)
def test_damaged_file_is_refused(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    bundle = written(tmp_path / "b.tar", GOOD[1], GOOD[0])
    bundle.write_bytes(damage(bundle.read_bytes()))
    with pytest.raises((InvalidValue, Corrupt)):
        read(bundle, tmp_path / "out")
