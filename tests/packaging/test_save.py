from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headrace.errors import AlreadyExists, InvalidValue
from headrace.models import infer_signature
from headrace.models.auth_policy import AuthPolicy, SystemAuthPolicy, UserAuthPolicy
from headrace.models.resources import DatabricksServingEndpoint, DatabricksTable
from headrace.packaging import manifest, trust
from headrace.packaging.draft import Draft
from headrace.packaging.mlmodel import Model
from headrace.packaging.save import Common, ExampleFails, save_model


class Doubles:
    def predict(self, model_input: Any) -> Any:
        return np.asarray(model_input) * 2


def weights(draft: Draft) -> Doubles:
    """A flavor's `save`."""
    path = draft.path / "weights.bin"
    path.write_bytes(b"1234")
    path.chmod(0o600)
    draft.set_flavor(data="weights.bin")
    draft.set_pyfunc("doubles_loader", data="weights.bin")
    return Doubles()


def save(path: Path, write: Any = weights, **common: Any) -> Model:
    return save_model("doubles", write, lambda draft: Doubles(), path, Common(**common))


def test_folder_holds_all_that_mlflow_expects(tmp_path: Path) -> None:
    save(tmp_path / "m", input_example=np.ones((1, 2)))
    assert sorted(path.name for path in (tmp_path / "m").iterdir()) == [
        "MLmodel", "conda.yaml", "input_example.json", "model_manifest.json", "python_env.yaml", "requirements.txt",
        "serving_input_example.json", "weights.bin",
    ]  # fmt: skip


def test_signature_is_inferred_by_trying_the_example(tmp_path: Path) -> None:
    model = save(tmp_path / "m", input_example=np.ones((1, 2), np.float32))
    assert model.signature == infer_signature(np.ones((1, 2), np.float32), np.ones((1, 2), np.float32) * 2)


def test_signature_false_means_none(tmp_path: Path) -> None:
    assert save(tmp_path / "m", input_example=np.ones((1, 2)), signature=False).signature is None


def test_signature_that_is_given_stays(tmp_path: Path) -> None:
    given = infer_signature(np.ones((4, 2)), np.ones((4, 2)))
    assert save(tmp_path / "m", input_example=np.ones((1, 2)), signature=given).signature == given


def test_example_that_does_not_fit_the_given_signature_is_told(tmp_path: Path) -> None:
    given = infer_signature(np.ones((4, 3)), np.ones((4, 3)))
    with pytest.warns(ExampleFails, match="SchemaMismatch"):
        save(tmp_path / "m", input_example=np.ones((1, 2)), signature=given)


def test_what_is_no_signature_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match="from infer_signature"):
        save(tmp_path / "m", signature="a: double")


def test_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "mine").write_text("x")
    with pytest.raises(AlreadyExists, match="Choose another path"):
        save(tmp_path / "m")
    assert [path.name for path in (tmp_path / "m").iterdir()] == ["mine"]


def test_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    save(tmp_path / "m")
    assert (tmp_path / "m" / "MLmodel").is_file()


def test_save_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fails(draft: Draft) -> None:
        (draft.path / "half").write_text("x")
        raise RuntimeError("disk on fire")

    with pytest.raises(RuntimeError, match="disk on fire"):
        save(tmp_path / "m", fails)
    assert list(tmp_path.iterdir()) == []


def test_files_that_a_library_kept_private_can_be_read_by_a_server(tmp_path: Path) -> None:
    save(tmp_path / "m")
    assert (tmp_path / "m" / "weights.bin").stat().st_mode & 0o777 == 0o644


def test_own_folder_is_trusted_and_a_changed_one_is_not(tmp_path: Path) -> None:
    save(tmp_path / "m")
    trust.may_run(tmp_path / "m", what=["weights.bin"], origin=trust.Origin.elsewhere())
    (tmp_path / "m" / "weights.bin").write_bytes(b"4321")
    with pytest.raises(trust.UntrustedModel, match=r"weights\.bin"):
        trust.may_run(tmp_path / "m", what=["weights.bin"], origin=trust.Origin.elsewhere())


def test_manifest_lists_every_file(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("x")
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "one.py").write_text("import json\n")
    model = save(tmp_path / "m", extra_files=[tmp_path / "note.txt"], code_paths=[tmp_path / "lib"])
    known = manifest.read(tmp_path / "m")
    assert known is not None
    assert manifest.check(tmp_path / "m", known, contents=True) == []
    assert {"extra_files/note.txt", "code/lib/one.py", "weights.bin"} <= set(known.files)
    assert model.flavors["doubles"]["extra_files"] == [{"path": "extra_files/note.txt"}]
    assert model.flavors["doubles"]["code"] == model.flavors["python_function"]["code"] == "code"


def test_imports_of_own_modules_become_requirements(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("def f():\n    import requests\n    import json\n")
    save(tmp_path / "m", code_paths=[tmp_path / "mine.py"])
    lines = (tmp_path / "m" / "requirements.txt").read_text().splitlines()
    assert lines[0].startswith("mlflow==")
    assert [line.partition("==")[0] for line in lines[1:]] == ["requests"]


@pytest.mark.parametrize("paths", ["lib", ["nowhere"]])
def test_code_paths_that_cannot_be_copied_are_named(paths: Any, tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match="code_paths"):
        save(Path("m"), code_paths=paths)


def test_model_may_be_saved_within_its_own_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    Path("mine.py").write_text("X = 1\n")
    save(Path("m"), code_paths=["."])
    assert [str(path.relative_to("m/code")) for path in Path("m/code").rglob("*")] == ["project", "project/mine.py"]


def test_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidValue, match=r"file/m.*no folder can be made there"):
        save(tmp_path / "file" / "m")


def test_own_module_that_is_not_python_is_named(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("def f(:\n")
    with pytest.raises(InvalidValue, match=r"mine\.py.*isn't Python"):
        save(tmp_path / "m", code_paths=[tmp_path / "mine.py"])


def test_resources_and_metadata_are_written(tmp_path: Path) -> None:
    resources = {"api_version": "1", "databricks": {"table": [{"name": "t"}]}}
    model = save(tmp_path / "m", resources=resources, metadata={"a": 1}, prompts=["prompts:/p/1"])
    assert Model.load(tmp_path / "m").to_dict() == model.to_dict()
    assert (model.resources, model.metadata, model.prompts) == (resources, {"a": 1}, ["prompts:/p/1"])
    objects = [DatabricksTable("t"), DatabricksTable("u", on_behalf_of_user=True), DatabricksServingEndpoint("e")]
    assert save(tmp_path / "objects", resources=objects).resources == {
        "api_version": "1",
        "databricks": {
            "table": [{"name": "t"}, {"name": "u", "on_behalf_of_user": True}],
            "serving_endpoint": [{"name": "e"}],
        },
    }
    policy = AuthPolicy(UserAuthPolicy(["a"]), SystemAuthPolicy([DatabricksServingEndpoint("e")]))
    save(tmp_path / "policy", auth_policy=policy)
    assert Model.load(tmp_path / "policy").auth_policy == {
        "user_auth_policy": {"api_scopes": ["a"]},
        "system_auth_policy": {"resources": {"api_version": "1", "databricks": {"serving_endpoint": [{"name": "e"}]}}},
    }
    with pytest.raises(InvalidValue, match="resources or auth_policy, not both"):
        save(tmp_path / "other", resources=resources, auth_policy={"user_auth_policy": {}})
