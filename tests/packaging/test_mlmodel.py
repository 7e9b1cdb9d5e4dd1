from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from headrace.errors import Corrupt, NotFound
from headrace.models import infer_signature
from headrace.packaging.mlmodel import Model

MLFLOW_2 = """
artifact_path: model
flavors:
  python_function:
    data: data
    env: conda.yaml
    loader_module: mlflow.sklearn
    python_version: 3.8.10
  sklearn:
    pickled_model: model.pkl
    sklearn_version: 1.0.2
mlflow_version: 1.30.0
run_id: 0123456789abcdef0123456789abcdef
signature:
  inputs: '[{"name": "a", "type": "double"}]'
  outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1]}}]'
utc_time_created: '2022-11-02 10:11:12.131415'
something_of_tomorrow: {deep: [1, 2]}
"""
KEYS = st.text(st.characters(codec="ascii", categories=["L"]), min_size=1, max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=20) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


def test_unknown_keys_are_kept() -> None:
    model = Model.from_yaml(MLFLOW_2)
    assert model.to_dict()["something_of_tomorrow"] == {"deep": [1, 2]}
    assert yaml.safe_load(model.to_yaml())["something_of_tomorrow"] == {"deep": [1, 2]}


def test_what_an_old_mlflow_wrote_is_read() -> None:
    model = Model.from_yaml(MLFLOW_2)
    assert model.mlflow_version == "1.30.0"
    assert model.model_id is None
    assert model.signature is not None
    assert model.signature.inputs.input_names() == ["a"]
    assert model.signature.params is None
    assert model.pyfunc == {
        "data": "data", "env": "conda.yaml", "loader_module": "mlflow.sklearn", "python_version": "3.8.10",
    }  # fmt: skip


def test_file_without_a_version_of_mlflow_stays_without_one() -> None:
    model = Model.from_yaml("flavors: {}\n")
    assert "mlflow_version" not in model.to_dict()


@example(metadata={"a": "x\x85y\u2028z"}, keys={})
@given(metadata=st.dictionaries(KEYS, VALUES, max_size=4), keys=st.dictionaries(KEYS, VALUES, max_size=4))
def test_model_is_read_back_as_it_was_written(metadata: dict[str, object], keys: dict[str, object]) -> None:
    model = Model(metadata=metadata, signature=infer_signature([1.5], ["x"], {"n": 3}))
    model.add_flavor("python_function", **{f"key_{name}": value for name, value in keys.items()})
    assert Model.from_yaml(model.to_yaml()) == model


def test_repeated_values_are_written_without_anchors() -> None:
    shared = {"a": [1]}
    assert "&id" not in Model(metadata={"one": shared, "two": shared}).to_yaml()


def test_folder_and_file_are_both_paths_of_a_model(tmp_path: Path) -> None:
    model = Model(run_id="r")
    model.save(tmp_path / "MLmodel")
    assert Model.load(tmp_path) == Model.load(tmp_path / "MLmodel") == model
    assert [path.name for path in tmp_path.iterdir()] == ["MLmodel"]


def test_folder_without_an_mlmodel_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"No MLmodel file with path .* exists"):
        Model.load(tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("flavors: [", "isn't YAML"),
        ("- a\n- b\n", "holds list; an MLmodel is a mapping"),
        ("flavors: {a: 1}\n", "'flavors' must map names to mappings"),
        ("!!python/object/apply:os.system ['true']", "isn't YAML that is safe to read"),
        ("flavors: !!python/name:os.system ''", "isn't YAML that is safe to read"),
        ('signature: {inputs: \'[{"type": "wonder"}]\'}\n', "the signature can't be read"),
        ("\x00", "isn't YAML"),
    ],
)
def test_broken_file_says_what_is_wrong(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "MLmodel").write_text(text)
    with pytest.raises(Corrupt, match=said):
        Model.load(tmp_path)


def test_aliases_of_aliases_are_refused() -> None:
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    with pytest.raises(Corrupt, match="aliases are nested too deeply"):
        Model.from_yaml("\n".join(levels))
