from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

import headrace
from headrace import pyfunc
from headrace.errors import Corrupt, InvalidValue, NotFound
from headrace.flavors.pytorch import archive
from headrace.packaging import manifest
from headrace.packaging.mlmodel import Model
from headrace.packaging.signature import infer_signature
from headrace.packaging.trust import UntrustedModel
from headrace.pytorch import FLAVOR, load_model, load_state_dict, log_state_dict, save_model, save_state_dict
from headrace.testing.flavors import FlavorCase, FlavorSuite

KEYS = frozenset({"model_data", "pytorch_version"})


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Dropout(0.5), nn.Linear(4, 2))
        self.register_buffer("shift", torch.ones(2))

    def forward(self, x: torch.Tensor, scale: float = 1.0) -> torch.Tensor:
        return self.layers(x) * scale + self.shift


class Branches(nn.Module):
    """Can't be exported: it looks at values."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(x) if x.sum() > 0 else -self.layer(x)


def made(kind: type[nn.Module] = Net) -> nn.Module:
    torch.manual_seed(3)
    return kind()


def array(rows: int = 5) -> np.ndarray[Any, Any]:
    return np.random.default_rng(1).normal(size=(rows, 3)).astype("float32")


def answer(model: Any, data: Any) -> Any:
    with torch.no_grad():
        if isinstance(data, pd.DataFrame):
            return pd.DataFrame(model(torch.from_numpy(data.to_numpy("float32"))).numpy(), index=data.index)
        return model(torch.from_numpy(data)).numpy()


def case(model: nn.Module, data: Any, **more: Any) -> FlavorCase:
    return FlavorCase(
        flavor=FLAVOR,
        model=model,
        data=data,
        expected=answer(model.eval(), data),
        predict=answer,
        tolerance=1e-6,
        **{"keys": KEYS, "files": frozenset({"data/model.pt2"}), "needs": frozenset({"torch", "numpy"}), **more},
    )


class ExportedSuite(FlavorSuite):
    def test_a_model_saved_without_example_loads(self, case: FlavorCase, tmp_path: Path) -> None:
        """Then it is a pickle."""
        case.check_loads(case.save(tmp_path / "model"))
        assert (tmp_path / "model" / "data" / "model.pth").is_file()


class TestExported(ExportedSuite):
    @staticmethod
    def make() -> FlavorCase:
        return case(made(), array())


class TestPickled(FlavorSuite):
    @staticmethod
    def make() -> FlavorCase:
        return case(
            made(Branches),
            pd.DataFrame(array(), columns=["a", "b", "c"]),
            files=frozenset({"data/model.pth", "data/pickle_module_info.txt"}),
            needs=frozenset({"torch", "cloudpickle"}),
            options={"serialization_format": "pickle"},
            runs_code=True,
        )


@pytest.mark.parametrize("rows", [1, 2, 7])
def test_an_exported_model_takes_any_number_of_rows(rows: int, tmp_path: Path) -> None:
    model = made().eval()
    save_model(model, tmp_path / "model", input_example=array(1))
    loaded = pyfunc.load_model(str(tmp_path / "model"))
    np.testing.assert_allclose(loaded.predict(array(rows)), answer(model, array(rows)), rtol=1e-6)


def test_dropout_is_off_in_what_is_exported_and_the_users_model_stays_in_training(tmp_path: Path) -> None:
    model = made().train()
    model.layers[1].eval()
    modes = [part.training for part in model.modules()]
    save_model(model, tmp_path / "model", input_example=array())
    assert [part.training for part in model.modules()] == modes
    loaded = load_model(str(tmp_path / "model")).eval()
    np.testing.assert_allclose(answer(loaded, array()), answer(model.eval(), array()), rtol=1e-6)


def test_a_signature_of_tensors_is_enough_to_export(tmp_path: Path) -> None:
    model = made().eval()
    save_model(model, tmp_path / "model", signature=infer_signature(array(), answer(model, array())))
    assert (tmp_path / "model" / "data" / "model.pt2").is_file()
    loaded = pyfunc.load_model(str(tmp_path / "model"))
    np.testing.assert_allclose(loaded.predict(array(4)), answer(model, array(4)), rtol=1e-6)


class Product(nn.Module):
    def forward(self, users: torch.Tensor, items: torch.Tensor) -> torch.Tensor:
        return (users * items).sum(1)


def test_a_model_of_several_inputs_is_exported_by_its_signature_in_its_native_form(tmp_path: Path) -> None:
    users, items = array(3), array(3) + 1
    save_model(made(Product), tmp_path / "model", signature=infer_signature({"users": users, "items": items}))
    assert list(Model.load(tmp_path / "model").flavors) == ["pytorch"]
    loaded = load_model(str(tmp_path / "model"), allow_pickle=False)
    answers = loaded(torch.from_numpy(users), torch.from_numpy(items))
    np.testing.assert_allclose(answers.numpy(), (users * items).sum(1), rtol=1e-6)


def test_a_tensor_is_an_input_example_and_so_is_a_frame(tmp_path: Path) -> None:
    model = made().eval()
    save_model(model, tmp_path / "tensor", input_example=torch.from_numpy(array()))
    assert Model.load(tmp_path / "tensor").signature == infer_signature(array(), answer(model, array()))
    frame = pd.DataFrame(array(), columns=["a", "b", "c"], index=[9, 8, 7, 6, 5])
    save_model(model, tmp_path / "frame", input_example=frame)
    loaded = pyfunc.load_model(str(tmp_path / "frame")).predict(frame)
    assert loaded.index.tolist() == [9, 8, 7, 6, 5]
    pd.testing.assert_frame_equal(loaded, answer(model, frame), rtol=1e-6)


@pytest.mark.parametrize(
    ("kind", "example", "why"),
    [(Branches, True, "can't be exported"), (Net, False, "neither an input_example")],
)
def test_what_cant_be_exported_is_pickled_with_a_word(
    kind: type[nn.Module], example: bool, why: str, tmp_path: Path
) -> None:
    given = {"input_example": array()} if example else {}
    with pytest.warns(UserWarning, match=f"saved by pickle, as.*{why}"):
        save_model(made(kind), tmp_path / "model", **given)
    np.testing.assert_array_equal(
        answer(load_model(str(tmp_path / "model")), array()), answer(made(kind).eval(), array())
    )
    with pytest.raises(InvalidValue, match=why):
        save_model(made(kind), tmp_path / "asked", serialization_format="pt2", **given)
    assert not (tmp_path / "asked").exists()


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
def test_torchscript_is_saved_and_loaded(tmp_path: Path) -> None:
    script = torch.jit.script(made(Branches).eval())
    save_model(script, tmp_path / "model", serialization_format="pickle")
    loaded = load_model(str(tmp_path / "model"))
    assert isinstance(loaded, torch.jit.ScriptModule)
    np.testing.assert_array_equal(answer(loaded, array()), answer(script, array()))
    (tmp_path / "model" / manifest.FILE_NAME).unlink()
    shutil.copytree(tmp_path / "model", tmp_path / "copy")
    with (tmp_path / "copy" / "MLmodel").open("a") as file:
        file.write("made_by: a stranger\n")
    with pytest.raises(UntrustedModel):
        load_model(str(tmp_path / "copy"))


def test_params_are_arguments_of_forward_and_the_device_isnt(tmp_path: Path) -> None:
    model = made().eval()
    signature = infer_signature(array(), params={"scale": 1.0, "device": "cpu"})
    save_model(model, tmp_path / "model", signature=signature, serialization_format="pickle")
    loaded = pyfunc.load_model(str(tmp_path / "model"))
    with pytest.raises(InvalidValue, match="model_config"):
        loaded.predict(array(), params={"scale": 2.0})
    save_model(
        model,
        tmp_path / "other",
        signature=infer_signature(array(), params={"scale": 1.0}),
        serialization_format="pickle",
    )
    twice = pyfunc.load_model(str(tmp_path / "other")).predict(array(), params={"scale": 2.0})
    np.testing.assert_array_equal(twice, model(torch.from_numpy(array()), 2.0).detach().numpy())


@pytest.mark.parametrize("wrong", [[[1.0, 2.0, 3.0]], {"a": np.ones(3)}, "text"])
def test_inputs_of_other_kinds_are_a_type_error(wrong: Any, tmp_path: Path) -> None:
    save_model(made(), tmp_path / "model", serialization_format="pickle")
    with pytest.raises(TypeError, match=r"pandas\.DataFrame or a numpy\.ndarray"):
        pyfunc.load_model(str(tmp_path / "model")).predict(wrong)


def test_the_device_is_the_callers_then_the_environments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, given in (("exported", {"input_example": array()}), ("pickled", {"serialization_format": "pickle"})):
        save_model(made(), tmp_path / name, **given)
        monkeypatch.setenv("MLFLOW_DEFAULT_PREDICTION_DEVICE", "meta")
        raw = pyfunc.load_model(str(tmp_path / name)).get_raw_model()
        assert {each.device.type for each in raw.parameters()} == {"meta"}
        raw = pyfunc.load_model(str(tmp_path / name), model_config={"device": "cpu"}).get_raw_model()
        assert {each.device.type for each in raw.parameters()} == {"cpu"}


def test_weights_only_loads_run_nothing(tmp_path: Path) -> None:
    save_model(made(), tmp_path / "model", serialization_format="pickle")
    with pytest.raises(Exception, match=r"[Ww]eights.only"):
        load_model(str(tmp_path / "model"), weights_only=True, allow_pickle=False)


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.inner(x)


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner, self.last = nn.LSTM(8, 4, batch_first=True), nn.Linear(4, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.last(self.inner(x)[0][:, -1])


class Convolution(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner, self.norm = nn.Conv1d(6, 3, 2), nn.BatchNorm1d(3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.max_pool1d(self.norm(self.inner(x)), 2).flatten(1).reshape(x.shape[0], -1)


@pytest.mark.parametrize("kind", [Attention, Recurrent, Convolution])
def test_usual_architectures_are_exported_into_plain_archives(kind: type[nn.Module], tmp_path: Path) -> None:
    model, data = made(kind).eval(), np.random.default_rng(2).normal(size=(3, 6, 8)).astype("float32")
    save_model(model, tmp_path / "model", input_example=data)
    path = tmp_path / "model" / "data" / "model.pt2"
    assert archive.what_runs(path) == []
    loaded = pyfunc.load_model(str(tmp_path / "model"), allow_pickle=False)
    np.testing.assert_allclose(loaded.predict(data), answer(model, data), rtol=1e-4, atol=1e-6)


def tampered(folder: Path, change: Any) -> Path:
    """A copy of the archive in which `change` had its way with the graph."""
    source, target = folder / "data" / "model.pt2", folder / "data" / "other.pt2"
    with zipfile.ZipFile(source) as read, zipfile.ZipFile(target, "w") as write:
        for name in read.namelist():
            content = read.read(name)
            if name.endswith("models/model.json"):
                graph = json.loads(content)
                change(graph)
                content = json.dumps(graph).encode()
            write.writestr(name, content)
    return target


def first_node(graph: Any) -> Any:
    return graph["graph_module"]["graph"]["nodes"][0]


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("guards", lambda graph: graph["guards_code"].append("__import__('os').system('true') == 0")),
        ("guards", lambda graph: graph["guards_code"].append("L['x'].size()[0] >= 2 or print()")),
        ("guards", lambda graph: graph["guards_code"].append("L['x\"+str(print())+\"'].size()[0] >= 2")),
        ("operator", lambda graph: first_node(graph).update(target="torch.os.system")),
        ("operator", lambda graph: first_node(graph).update(target="torch.ops.load_library")),
        ("operator", lambda graph: first_node(graph).update(target="_operator.methodcaller")),
        (
            "size",
            lambda graph: graph["graph_module"]["graph"]["sym_int_values"].update(
                s0={"as_expr": {"expr_str": "exec('import os')", "hint": None}}
            ),
        ),
        (
            "size",
            lambda graph: graph["graph_module"]["graph"]["sym_int_values"].update(
                s0={"as_expr": {"expr_str": "().__class__.__base__.__subclasses__()", "hint": None}}
            ),
        ),
        ("dialect", lambda graph: graph.update(verifiers=["ANY"])),
    ],
)
def test_a_graph_that_could_run_code_is_seen(name: str, change: Any, tmp_path: Path) -> None:
    """PyTorch evaluates guards and sizes as Python when it loads a program."""
    save_model(made(), tmp_path / "model", input_example=array())
    place = tampered(tmp_path / "model", change)
    assert archive.what_runs(place), name
    place.replace(tmp_path / "model" / "data" / "model.pt2")
    (tmp_path / "model" / manifest.FILE_NAME).unlink()
    with pytest.raises(UntrustedModel):
        load_model(str(tmp_path / "model"))


def test_guards_and_sizes_of_pytorchs_own_are_plain(tmp_path: Path) -> None:
    class Guarded(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.reshape(x.shape[0] * 2, -1) + 1 if x.shape[0] <= 8 else x

    example = torch.ones(4, 6)
    program = torch.export.export(Guarded(), (example,), dynamic_shapes=({0: torch.export.Dim.AUTO},))
    torch.export.save(program, tmp_path / "model.pt2")
    with zipfile.ZipFile(tmp_path / "model.pt2") as read:
        text = next(read.read(name).decode() for name in read.namelist() if name.endswith("models/model.json"))
    assert "size()[0] <= 8" in text
    assert "Symbol(" in text
    assert archive.what_runs(tmp_path / "model.pt2") == []


def test_a_program_with_pickled_weights_is_told_by_what_they_hold(tmp_path: Path) -> None:
    """Sample inputs are a pickle: of tensors, that is plain; of an object, it isn't."""
    save_model(made(), tmp_path / "model", input_example=array())
    source = tmp_path / "model" / "data" / "model.pt2"
    torch.save({"object": made()}, tmp_path / "inputs.pt")
    with zipfile.ZipFile(source) as read, zipfile.ZipFile(tmp_path / "other.pt2", "w") as write:
        for name in read.namelist():
            inputs = name.endswith("sample_inputs/model.pt")
            write.writestr(name, (tmp_path / "inputs.pt").read_bytes() if inputs else read.read(name))
    assert archive.what_runs(source) == []
    assert archive.what_runs(tmp_path / "other.pt2") == ["data/sample_inputs/model.pt: a pickle of more than tensors"]
    (tmp_path / "broken.pt2").write_bytes(source.read_bytes()[:500])
    with pytest.raises(Corrupt, match="broken"):
        archive.what_runs(tmp_path / "broken.pt2")


def test_state_dicts_are_saved_logged_and_loaded(tmp_path: Path) -> None:
    state = made().state_dict()
    save_state_dict(state, tmp_path / "state")
    assert [path.name for path in (tmp_path / "state").iterdir()] == ["state_dict.pth"]
    fresh = Net()
    fresh.load_state_dict(load_state_dict(str(tmp_path / "state")))
    np.testing.assert_array_equal(answer(fresh.eval(), array()), answer(made().eval(), array()))
    with headrace.start_run() as run:
        log_state_dict({"model": state, "epoch": 3, "loss": 0.5}, "checkpoint")
    loaded = load_state_dict(f"runs:/{run.info.run_id}/checkpoint", map_location="cpu")
    assert (loaded["epoch"], loaded["loss"]) == (3, 0.5)
    with pytest.raises(InvalidValue, match="state_dict"):
        save_state_dict(made(), tmp_path / "other")
    with pytest.raises(NotFound, match=r"state_dict\.pth"):
        load_state_dict(str(tmp_path))


def test_a_state_dict_with_objects_needs_trust(tmp_path: Path) -> None:
    save_state_dict({"model": made()}, tmp_path / "state")
    with pytest.raises(UntrustedModel, match=r"state_dict\.pth"):
        load_state_dict(str(tmp_path / "state"))
    assert isinstance(load_state_dict(str(tmp_path / "state"), allow_pickle=True)["model"], Net)
