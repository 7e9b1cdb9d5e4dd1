from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.blobs.paths import InvalidPath
from headrace.entities import FileRecord
from headrace.errors import Corrupt, InvalidValue, NotFound, StoreUnavailable
from headrace.packaging import digests, manifest
from headrace.packaging.inside import inside

MLFLOW = Path(__file__).resolve().parents[2] / ".venv-mlflow" / "bin" / "python"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    (folder / "data" / "deep").mkdir(parents=True)
    (folder / "MLmodel").write_text("flavors: {}\n")
    (folder / "requirements.txt").write_text("numpy\n")
    (folder / "data" / "weights.bin").write_bytes(os.urandom(10_000))
    (folder / "data" / "deep" / "ü b.txt").write_text("x")
    return folder


def test_manifest_lists_size_and_sha256_of_every_file_but_itself(model: Path) -> None:
    manifest.write(model)
    stated = json.loads((model / "model_manifest.json").read_text())["files"]
    assert sorted(stated) == ["MLmodel", "data/deep/ü b.txt", "data/weights.bin", "requirements.txt"]
    content = (model / "data" / "weights.bin").read_bytes()
    assert stated["data/weights.bin"] == {"size_bytes": 10_000, "sha256": hashlib.sha256(content).hexdigest()}


def test_manifest_is_read_as_it_was_written(model: Path) -> None:
    written = manifest.write(model)
    assert manifest.read(model) == written
    assert manifest.digest_of(model) == written.digest
    assert manifest.check(model, written, contents=True) == []


def test_digest_is_of_names_too(model: Path) -> None:
    before = manifest.digest_of(model)
    (model / "data" / "weights.bin").rename(model / "data" / "other.bin")
    assert manifest.digest_of(model) != before


@given(
    st.dictionaries(
        st.text(max_size=8), st.tuples(st.integers(0, 9), st.sampled_from(["a" * 64, "b" * 64])), max_size=4
    ),
    st.dictionaries(
        st.text(max_size=8), st.tuples(st.integers(0, 9), st.sampled_from(["a" * 64, "b" * 64])), max_size=4
    ),
)
def test_digests_are_equal_only_if_all_files_are(
    first: dict[str, tuple[int, str]], second: dict[str, tuple[int, str]]
) -> None:
    one, other = (
        manifest.Manifest(files={name: FileRecord(*each) for name, each in files.items()}) for files in (first, second)
    )
    assert (one.digest == other.digest) == (first == second)


def test_known_digests_are_not_taken_again(model: Path) -> None:
    known = {"data/weights.bin": FileRecord(10_000, "c" * 64)}
    assert manifest.take(model, known).files["data/weights.bin"].sha256 == "c" * 64


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda path: path.unlink(), "data/weights.bin is missing"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "is truncated: 9999 bytes instead of 10000"),
        (lambda path: path.write_bytes(path.read_bytes() + b"x"), "has grown: 10001 bytes instead of 10000"),
        (lambda path: path.write_bytes(b"x" * 10_000), "data/weights.bin has changed"),
    ],
)
def test_damage_is_named(model: Path, damage: object, message: str) -> None:
    stated = manifest.write(model)
    damage(model / "data" / "weights.bin")  # type: ignore[operator]
    with pytest.raises(Corrupt, match=message):
        manifest.check(model, stated, contents=True)


def test_sizes_alone_find_no_change_of_equal_length(model: Path) -> None:
    stated = manifest.write(model)
    (model / "data" / "weights.bin").write_bytes(b"x" * 10_000)
    assert manifest.check(model, stated) == []


def test_many_faults_are_counted(model: Path) -> None:
    for number in range(8):
        (model / f"part{number}.bin").write_text("x")
    stated = manifest.write(model)
    for number in range(8):
        (model / f"part{number}.bin").unlink()
    with pytest.raises(Corrupt, match="and 3 more"):
        manifest.check(model, stated)


def test_files_that_were_added_since_are_told(model: Path) -> None:
    stated = manifest.write(model)
    (model / "data" / "plot.png").write_bytes(b"x")
    assert manifest.check(model, stated, contents=True) == ["data/plot.png"]
    assert manifest.digest_of(model) != stated.digest


@pytest.mark.parametrize(
    "note", ["model_name: digits\nmodel_version: '3'\n", "model_name: Größe of two words\nmodel_version: 3\n"]
)
def test_bytecode_and_the_registrys_note_are_tolerated(model: Path, note: str) -> None:
    stated = manifest.write(model)
    (model / "code" / "__pycache__").mkdir(parents=True)
    (model / "code" / "__pycache__" / "a.cpython-311.pyc").write_bytes(b"x")
    (model / "registered_model_meta").write_text(note, encoding="utf-8")
    assert manifest.check(model, stated, contents=True) == []
    assert manifest.digest_of(model) == stated.digest


@pytest.mark.parametrize("content", ["model_name: __import__('os').system('x')\n", "cos\nsystem\n", "x" * 5000])
def test_digest_covers_a_registrys_note_that_could_be_something_else(model: Path, content: str) -> None:
    stated = manifest.write(model)
    (model / "registered_model_meta").write_text(content)
    assert manifest.digest_of(model) != stated.digest


def test_digest_is_refused_where_something_else_goes_by_the_manifests_name(model: Path) -> None:
    (model / "model_manifest.json").write_text("__import__('os')")
    with pytest.raises(Corrupt, match="can't be read as a manifest"):
        manifest.digest_of(model)


def test_a_folder_without_manifest_has_none(model: Path) -> None:
    assert manifest.read(model) is None
    with pytest.raises(NotFound):
        manifest.take(model / "nowhere")


@pytest.mark.full
@pytest.mark.skipif(not MLFLOW.exists(), reason="needs the environment with genuine MLflow")
def test_genuine_mlflows_edits_of_metadata_are_named_and_tolerated(tmp_path: Path) -> None:
    script = (
        "import shutil, pandas, mlflow.pyfunc, mlflow.models as m\n"
        "class M(mlflow.pyfunc.PythonModel):\n"
        "    def predict(self, context, model_input): return model_input\n"
        "mlflow.pyfunc.save_model('saved', python_model=M(), pip_requirements=['numpy'])\n"
        "shutil.copytree('saved', 'edited')\n"
        "m.set_signature('edited', m.infer_signature(pandas.DataFrame({'a': [1]})))\n"
        "m.update_model_requirements('edited', 'add', ['scipy'])\n"
    )
    subprocess.run([MLFLOW, "-c", script], cwd=tmp_path, check=True, capture_output=True)
    stated = manifest.take(tmp_path / "saved")
    edited = manifest.check(tmp_path / "edited", stated, contents=True)
    assert edited == ["MLmodel", "conda.yaml", "requirements.txt"]


def test_links_within_count_and_links_out_are_refused(model: Path, tmp_path: Path) -> None:
    (model / "again.bin").symlink_to("data/weights.bin")
    (model / "data" / "round").symlink_to("..")
    assert "again.bin" in manifest.take(model).files
    (tmp_path / "secret").write_text("x")
    (model / "out").symlink_to(tmp_path / "secret")
    with pytest.raises(InvalidPath, match="out"):
        manifest.take(model)


def test_a_pipe_is_refused_and_not_waited_for(model: Path) -> None:
    os.mkfifo(model / "pipe")
    with pytest.raises(InvalidPath, match="plain file"):
        manifest.take(model)


@pytest.mark.parametrize("size", [0, 1, digests.SMALL_BYTES, digests.SMALL_BYTES + 1, 2 * digests.CHUNK_BYTES + 5])
def test_a_copy_has_the_content_and_its_digest(tmp_path: Path, size: int) -> None:
    content = os.urandom(size)
    (tmp_path / "source").write_bytes(content)
    passed: list[int] = []
    found = manifest.copy_and_hash(tmp_path / "source", tmp_path / "new" / "copy", passed.append)
    assert (tmp_path / "new" / "copy").read_bytes() == content
    assert found == FileRecord(size, hashlib.sha256(content).hexdigest())
    assert sum(passed) == size
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["copy"]


def test_a_copy_is_right_where_the_kernel_cant_make_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = os.urandom(digests.CHUNK_BYTES + 7)
    (tmp_path / "source").write_bytes(content)

    def fail(*_: object) -> int:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "copy_file_range", fail)
    found = manifest.copy_and_hash(tmp_path / "source", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == content
    assert found.sha256 == hashlib.sha256(content).hexdigest()


def test_a_copy_waits_for_a_hasher_that_is_far_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = os.urandom(3 * digests.CHUNK_BYTES)
    (tmp_path / "source").write_bytes(content)
    monkeypatch.setattr(digests, "MAX_BEHIND_BYTES", 1)
    assert manifest.copy_and_hash(tmp_path / "source", tmp_path / "copy").sha256 == hashlib.sha256(content).hexdigest()


def test_a_hasher_that_fails_fails_the_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "source").write_bytes(bytes(digests.CHUNK_BYTES * 2))

    def fail(*_: object) -> int:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "preadv", fail)
    with pytest.raises(StoreUnavailable, match="Input/output"):
        manifest.copy_and_hash(tmp_path / "source", tmp_path / "new" / "copy")
    assert list((tmp_path / "new").iterdir()) == []


def test_a_copy_is_another_file(tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(b"a" * 100)
    manifest.copy_and_hash(tmp_path / "source", tmp_path / "copy")
    with (tmp_path / "source").open("r+b") as file:
        file.write(b"b")
    assert (tmp_path / "copy").read_bytes() == b"a" * 100
    assert (tmp_path / "copy").stat().st_nlink == 1


def test_a_copy_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(bytes(digests.SMALL_BYTES * 3))

    def fail(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        manifest.copy_and_hash(tmp_path / "source", tmp_path / "new" / "copy", fail)
    assert list((tmp_path / "new").iterdir()) == []
    assert not [thread for thread in threading.enumerate() if thread.name == "headrace-sha256"]


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    """RLIMIT_FSIZE fails a write in a child, as a disk without space does."""
    (tmp_path / "source").write_bytes(bytes(3 << 20))
    script = (
        "import resource, signal, sys; from headrace.packaging import manifest\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))\n"
        "try: manifest.copy_and_hash('source', 'new/copy')\n"
        "except Exception as error: print(type(error).__name__)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == StoreUnavailable.__name__
    assert list((tmp_path / "new").iterdir()) == []


def test_memory_of_a_copy_is_bounded(tmp_path: Path) -> None:
    with (tmp_path / "source").open("wb") as file:
        file.truncate(400 << 20)
    script = (
        "import resource; from headrace.packaging import manifest\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "manifest.copy_and_hash('source', 'copy')\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert int(done.stdout) < 40 << 10  # KiB


def test_a_users_tree_is_copied_with_what_its_links_lead_to(tmp_path: Path) -> None:
    (tmp_path / "source" / "inner").mkdir(parents=True)
    (tmp_path / "elsewhere").write_text("weights")
    (tmp_path / "source" / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "source" / "inner" / "round").symlink_to(tmp_path / "source")
    found = manifest.copy_tree(tmp_path / "source", tmp_path / "copy")
    assert list(found) == ["link"]
    assert (tmp_path / "copy" / "link").read_text() == "weights"
    assert not (tmp_path / "copy" / "link").is_symlink()
    assert manifest.copy_tree(tmp_path / "elsewhere", tmp_path / "copy" / "file") == {"file": found["link"]}


def test_what_cant_be_copied_is_named(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    with pytest.raises(InvalidValue, match="inside of it"):
        manifest.copy_tree(tmp_path / "source", tmp_path / "source" / "copy")
    with pytest.raises(InvalidValue, match="no such file"):
        manifest.copy_tree(tmp_path / "nowhere", tmp_path / "copy")
    (tmp_path / "source" / "dangling").symlink_to("nowhere")
    with pytest.raises(InvalidValue, match="dangling"):
        manifest.copy_tree(tmp_path / "source", tmp_path / "copy")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InvalidValue, match="plain file"):
        manifest.copy_and_hash(tmp_path / "pipe", tmp_path / "copy")


@pytest.mark.parametrize(
    "path",
    [
        *["../x", "a/../../x", "..", "/etc/passwd", "~/x", "..\\x", "a\\..\\..\\x", "C:\\x", "c:x", "\\\\host\\x"],
        *["a\0b", "file:///etc/passwd", "s3://bucket/x", "a" * 5000],
    ],
)
def test_paths_that_could_leave_the_folder_are_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(InvalidPath):
        inside(tmp_path, path)


@pytest.mark.parametrize("path", [None, 3, ["a"], {"path": "a"}])
def test_what_is_no_path_is_refused(tmp_path: Path, path: object) -> None:
    with pytest.raises(InvalidPath):
        inside(tmp_path, path)  # type: ignore[arg-type]


@pytest.mark.parametrize("path", ["", ".", "a", "a/b", "a/./b", "..a", "a..", "100%25", "a#b", "ü b"])
def test_paths_inside_are_taken_as_they_stand(tmp_path: Path, path: str) -> None:
    assert inside(tmp_path, path) == tmp_path / path


def test_links_are_followed_before_a_path_is_judged(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "by_link").symlink_to("model")
    (tmp_path / "model" / "out").symlink_to("..")
    assert inside(tmp_path / "by_link", "new") == tmp_path / "by_link" / "new"
    with pytest.raises(InvalidPath, match="link"):
        inside(tmp_path / "by_link", "out/secret")
