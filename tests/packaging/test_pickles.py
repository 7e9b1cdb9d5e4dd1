from __future__ import annotations

import _compat_pickle
import bz2
import gzip
import io
import lzma
import os
import pickle
import tarfile
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.packaging import pickles
from headrace.packaging.pickles import Budget, Finding


class Payload:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("touch ran",)


class Imported:
    """What an unpickler really asks for."""

    def __init__(self, content: bytes, protocol: int) -> None:
        names: list[str] = []

        class Listening(pickle.Unpickler):
            def find_class(self, module: str, name: str) -> Any:
                moved = (module, name)
                if protocol < 3:  # names of Python 2, which the unpickler replaces later
                    moved = _compat_pickle.NAME_MAPPING.get(moved, moved)
                    moved = (_compat_pickle.IMPORT_MAPPING.get(moved[0], moved[0]), moved[1])
                names.append(".".join(moved))
                return super().find_class(module, name)

        Listening(io.BytesIO(content)).load()
        self.names = list(dict.fromkeys(names))


def look(tmp_path: Path, content: bytes, name: str = "model.json") -> list[Finding]:
    (tmp_path / name).write_bytes(content)
    return pickles.scan_file(tmp_path / name)


def names_of(found: list[Finding]) -> set[str]:
    return {name for each in found for name in each.names}


@pytest.mark.parametrize("protocol", range(6))
def test_a_payload_is_found_whatever_its_file_is_called(tmp_path: Path, protocol: int) -> None:
    (found,) = look(tmp_path, pickle.dumps(Payload(), protocol))
    assert found.names == ("posix.system",)
    assert found.alarming == ("posix.system",)
    assert found.is_suspicious
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("protocol", range(6))
def test_names_are_those_that_an_unpickler_asks_for(tmp_path: Path, protocol: int) -> None:
    import numpy as np

    value = [
        OrderedDict(a=1),
        np.arange(3),
        np.float64(1),
        Path("/x"),
        {1, 2},
        complex(1, 2),
        bytearray(b"x"),
        Exception("x"),
        [OrderedDict, len, str.upper],
        "x" * 5000,
        b"y" * 5000,
        2**100,
        True,
        None,
    ]
    content = pickle.dumps(value, protocol)
    (found,) = look(tmp_path, content, "value.pkl")
    assert found.trouble is None
    assert list(found.names) == Imported(content, protocol).names


plain_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: (
        st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner) | st.frozensets(st.text())
    ),
    max_leaves=20,
)


@given(plain_values, st.integers(0, 5))
def test_any_value_is_read_to_its_end(value: Any, protocol: int) -> None:
    content = pickle.dumps(value, protocol)
    machine = pickles.machine.Machine(pickles.streams.Plain(io.BytesIO(content)), Budget())
    machine.run()
    assert list(machine.names) == Imported(content, protocol).names


@given(st.binary(max_size=300))
def test_any_bytes_are_looked_at_without_an_error(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    place = tmp_path_factory.getbasetemp() / "any.pkl"
    place.write_bytes(content)
    assert all(isinstance(each, Finding) for each in pickles.scan_file(place))


@given(st.data())
def test_a_damaged_pickle_is_looked_at_without_an_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content = bytearray(pickle.dumps([OrderedDict(a=[1, 2.5, "x"]), Payload()], data.draw(st.integers(0, 5))))
    content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    place = tmp_path_factory.getbasetemp() / "damaged.pkl"
    place.write_bytes(bytes(content))
    assert len(pickles.scan_file(place)) == 1


def test_names_put_together_by_hand_are_found(tmp_path: Path) -> None:
    hidden = b"\x80\x04\x8c\x02os\x94\x8c\x06systemq\x050h\x00h\x05\x93\x8c\x04true\x85R."
    assert names_of(look(tmp_path, hidden, "hidden.pkl")) == {"os.system"}
    escaped = rb"S'\x6fs'" + b"\nS'system'\n\x93S'true'\n\x85R."
    assert names_of(look(tmp_path, escaped, "escaped.pkl")) == {"os.system"}
    popped = b"\x80\x04cos\nsystem\n0N."
    assert names_of(look(tmp_path, popped, "popped.pkl")) == {"os.system"}
    instance = b"(S'true'\nios\nsystem\n."
    assert names_of(look(tmp_path, instance, "instance")) == {"os.system"}
    python2 = b"c__builtin__\neval\n(S'1'\ntR."
    assert names_of(look(tmp_path, python2, "python2")) == {"builtins.eval"}


def test_a_name_that_is_computed_is_alarming(tmp_path: Path) -> None:
    computed = b"\x80\x04cos\ngetcwd\n)R\x8c\x06system\x93."
    (found,) = look(tmp_path, computed, "computed.pkl")
    assert "a name that is computed" in found.alarming
    long = b"\x80\x04" + b"X" + (2000).to_bytes(4, "little") + b"o" * 2000 + b"\x8c\x06system\x93."
    (found,) = look(tmp_path, long, "long.pkl")
    assert found.is_suspicious


def test_a_pickle_that_breaks_off_tells_what_it_did_before(tmp_path: Path) -> None:
    (found,) = look(tmp_path, pickle.dumps(Payload(), 0)[:-1])
    assert found.names == ("posix.system",)
    assert found.trouble is not None


def test_a_second_pickle_in_a_file_is_found(tmp_path: Path) -> None:
    content = pickle.dumps({"a": 1}) + pickle.dumps(Payload()) + b"\x00raw bytes"
    (found,) = look(tmp_path, content)
    assert found.names == ("posix.system",)
    assert found.trouble is None


@pytest.mark.parametrize("compress", [gzip.compress, zlib.compress, bz2.compress, lzma.compress])
def test_compressed_pickles_are_found(tmp_path: Path, compress: Callable[[bytes], bytes]) -> None:
    assert names_of(look(tmp_path, compress(pickle.dumps(Payload())))) == {"posix.system"}
    twice = compress(pickle.dumps(1)) + compress(pickle.dumps(Payload()))
    assert names_of(look(tmp_path, twice)) == ({"posix.system"})


@pytest.mark.parametrize("compress", [gzip.compress, zlib.compress, bz2.compress, lzma.compress])
def test_a_compressed_file_that_breaks_off_is_reported(tmp_path: Path, compress: Callable[[bytes], bytes]) -> None:
    content = compress(pickle.dumps([os.urandom(1000)]))
    (found,) = look(tmp_path, content[: len(content) // 2], "broken.pkl")
    assert found.trouble is not None


@pytest.mark.parametrize("compress", [0, 3, ("gzip", 3), ("xz", 3), ("lzma", 3), ("bz2", 3)])
def test_joblib_is_read_past_its_raw_arrays(tmp_path: Path, compress: Any) -> None:
    import joblib
    import numpy as np

    value = [
        np.arange(1000),
        np.array(["a", "bb"]),
        np.array(["2020-01-01"], dtype="M8[s]"),
        np.asfortranarray(np.ones((3, 4), dtype=np.float32)),
        np.zeros(3, dtype=[("a", "f4"), ("b", "i8")]),
        np.array([OrderedDict(), 1], dtype=object),
        np.zeros((0, 5)),
        np.array(1.5),
        Payload(),
    ]
    joblib.dump(value, tmp_path / "model.joblib", compress=compress)
    (found,) = pickles.scan_file(tmp_path / "model.joblib")
    assert found.trouble is None
    assert {"posix.system", "collections.OrderedDict", "joblib.numpy_pickle.NumpyArrayWrapper"} <= set(found.names)


def test_arrays_of_objects_are_pickles_and_others_are_not(tmp_path: Path) -> None:
    import numpy as np

    np.save(tmp_path / "objects.npy", np.array([Payload()], dtype=object), allow_pickle=True)
    np.savez(tmp_path / "objects.npz", a=np.ones(3), b=np.array([Payload()], dtype=object))
    np.savez_compressed(tmp_path / "compressed.npz", b=np.array([Payload()], dtype=object))
    np.save(tmp_path / "numbers.npy", np.arange(100))
    np.savez(tmp_path / "numbers.npz", a=np.arange(100))
    found = pickles.scan(tmp_path)
    assert [each.path for each in found] == ["compressed.npz!b.npy", "objects.npy", "objects.npz!b.npy"]
    assert all("posix.system" in each.names for each in found)


def test_torch_files_of_both_kinds_are_read(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    layer = torch.nn.Linear(2, 3)
    torch.save({"layer": layer, "payload": Payload()}, tmp_path / "zip.pt")
    torch.save([layer, Payload()], tmp_path / "legacy.bin", _use_new_zipfile_serialization=False)
    zipped, legacy = sorted(pickles.scan(tmp_path), key=lambda each: -len(each.path))
    assert zipped.path == "zip.pt!zip/data.pkl"
    for found in (zipped, legacy):
        assert {"posix.system", "torch.nn.modules.linear.Linear"} <= set(found.names)


def test_skops_types_beyond_the_harmless_are_named_whatever_the_mlmodel_says(tmp_path: Path) -> None:
    import skops.io
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import FunctionTransformer

    skops.io.dump(LogisticRegression(), tmp_path / "harmless.skops")
    skops.io.dump(FunctionTransformer(os.getcwd), tmp_path / "function.skops")
    (tmp_path / "MLmodel").write_text("flavors: {sklearn: {skops_trusted_types: [posix.getcwd]}}")
    function, harmless = pickles.scan(tmp_path)
    assert harmless == Finding(path="harmless.skops", kind="skops")
    assert function.names == ("posix.getcwd",)
    assert function.is_suspicious


def test_lambda_layers_of_keras_are_found(tmp_path: Path) -> None:
    config = b'{"class_name": "Functional", "config": {"layers": [{"class_name":  "Lambda"}]}}'
    with zipfile.ZipFile(tmp_path / "model.keras", "w") as archive:
        archive.writestr("config.json", config)
    (tmp_path / "model.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(1000) + config)
    assert [each.kind for each in pickles.scan(tmp_path)] == ["keras", "keras"]


def test_pickles_deep_in_archives_are_found(tmp_path: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("weights", pickle.dumps(Payload()))
    with tarfile.open(tmp_path / "model.tar", "w") as archive:
        info = tarfile.TarInfo("deep.zip")
        info.size = len(inner.getvalue())
        archive.addfile(info, io.BytesIO(inner.getvalue()))
    found = {each.path: each.names for each in pickles.scan(tmp_path)}
    assert found["model.tar!deep.zip!weights"] == ("posix.system",)


def test_archives_whose_names_climb_out_are_reported(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "slip.zip", "w") as archive:
        archive.writestr("../../evil.py", "")
    with tarfile.open(tmp_path / "slip.tar", "w") as archive:
        archive.addfile(tarfile.TarInfo("/etc/evil"))
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "../../etc"
        archive.addfile(link)
    assert len([each for each in pickles.scan(tmp_path) if "leads out" in (each.trouble or "")]) == 3


def test_bombs_end_at_the_budget(tmp_path: Path) -> None:
    bomb = zlib.compressobj(9)
    content = b"".join(bomb.compress(bytes(1 << 20)) for _ in range(64)) + bomb.flush()
    found = pickles.scan_file(_written(tmp_path, "bomb.pkl", b"\x80\x04"), budget=Budget())
    assert found[0].trouble is not None
    head = zlib.compress(b"\x80\x04B" + (1 << 31).to_bytes(4, "little") + bytes(8 << 20))
    for name, each in (("zeros.pkl", content), ("claims.pkl", head)):
        (found_,) = pickles.scan_file(_written(tmp_path, name, each), budget=Budget(unfolded_bytes=4 << 20))
        assert found_.trouble is not None
    endless = _written(tmp_path, "endless.pkl", b"\x80\x04" + b"N0" * 100_000 + b"N.")
    (found_,) = pickles.scan_file(endless, budget=Budget(operations=1000))
    assert "too many instructions" in (found_.trouble or "")


def test_what_claims_to_be_huge_takes_no_memory(tmp_path: Path) -> None:
    for opcode, width in ((b"B", 4), (b"\x8e", 8), (b"\x8d", 8), (b"X", 4), (b"\x8b", 4)):
        claim = b"\x80\x04" + opcode + (0x7FFFFFF0).to_bytes(width, "little") + b"x."
        (found,) = look(tmp_path, claim, "claim.pkl")
        assert found.trouble is not None


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("requirements.txt", b"cloudpickle==3.0\nnumpy\nscikit-learn\nRich\n.\n"),
        ("MLmodel", b"flavors:\n  python_function:\n    env: conda.yaml\n"),
        ("text.txt", b"I am a text.\nSo it is.\n"),
        ("empty.bin", b""),
        ("model.safetensors", (0x0480).to_bytes(8, "little") + b'{"__metadata__":{}}'.ljust(0x480)),
        ("weights.bin", bytes(range(256)) * 10),
        ("png.png", b"\x89PNG\r\n\x1a\n" + bytes(100)),
        ("tree.txt", b"tree\nversion=v4\nnum_class=1\n"),
    ],
)
def test_other_files_are_not_reported(tmp_path: Path, name: str, content: bytes) -> None:
    assert look(tmp_path, content, name) == []


def _written(tmp_path: Path, name: str, content: bytes) -> Path:
    (tmp_path / name).write_bytes(content)
    return tmp_path / name
