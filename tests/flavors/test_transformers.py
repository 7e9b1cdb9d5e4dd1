"""What is saved and how it comes back; answers are in the files beside."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("transformers")
pytest.importorskip("torch")

import torch
import transformers

import headrace as mlflow
from headrace import pyfunc
from headrace.client.resolve import resolve_model
from headrace.errors import InvalidState, InvalidValue
from headrace.packaging.mlmodel import Model
from headrace.packaging.schema import ColSpec, Schema
from headrace.packaging.signature import ModelSignature
from headrace.testing.flavors import FlavorCase, FlavorSuite
from headrace.transformers import FLAVOR, load_model, persist_pretrained_model, save_model
from tests.support import tiny_transformers as tiny

KEYS = frozenset(
    "task instance_type pipeline_model_type source_model_name model_binary components tokenizer_type torch_dtype "
    "transformers_version".split()
    + ["framework"] * tiny.IS_4
)
MODEL_FILES = frozenset({"model/config.json", "model/model.safetensors"})
TOKENIZER_FILES = frozenset(
    f"components/tokenizer/{name}"
    for name in ["tokenizer.json", "tokenizer_config.json"] + ["special_tokens_map.json"] * tiny.IS_4
)
GREEDY = {"max_new_tokens": 6, "do_sample": False}
PROMPTS = ["the mill stands", "what"]
TEXT_TO_TEXT = ModelSignature(Schema([ColSpec("string")]), Schema([ColSpec("string")]))


@pytest.fixture(scope="module")
def generation() -> Any:
    return tiny.generation()


@pytest.fixture(scope="module")
def checkpoint(generation: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.checkpoint(tmp_path_factory.mktemp("hub") / "tiny-phi3", generation.model, generation.tokenizer)


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Any attempt to connect or to look up a name fails the test."""
    tried: list[Any] = []

    def refuse(*arguments: Any, **_: Any) -> Any:
        tried.append(arguments)
        raise OSError("no network in this test")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    return tried


def texts(pipeline: Any, prompts: list[str]) -> list[str]:
    return [result[0]["generated_text"].strip() for result in pipeline(prompts, **GREEDY)]


class TestTextGeneration(FlavorSuite):
    @staticmethod
    def make() -> FlavorCase:
        pipeline = tiny.generation()
        return FlavorCase(
            flavor=FLAVOR,
            model=pipeline,
            data=PROMPTS,
            expected=texts(pipeline, PROMPTS),
            predict=texts,
            keys=KEYS,
            files=MODEL_FILES
            | TOKENIZER_FILES
            | {"model/generation_config.json"}
            | ({"components/tokenizer/chat_template.jinja"} if tiny.VERSION >= (4, 52) else frozenset()),
            needs=frozenset({"torch", "transformers"}),
            options={"model_config": GREEDY},
            default_signature=TEXT_TO_TEXT,
        )


class TestFillMask(FlavorSuite):
    @staticmethod
    def make() -> FlavorCase:
        pipeline = tiny.pipeline("fill-mask")
        data = ["the [MASK] of spain", "water [MASK]"]

        def best(loaded: Any, given: list[str]) -> list[str]:
            return [result[0]["token_str"] for result in loaded(given)]

        return FlavorCase(
            flavor=FLAVOR,
            model={"model": pipeline.model, "tokenizer": pipeline.tokenizer},
            data=data,
            expected=best(pipeline, data),
            predict=best,
            keys=KEYS,
            files=MODEL_FILES | TOKENIZER_FILES,
            needs=frozenset({"torch", "transformers"}),
            default_signature=TEXT_TO_TEXT,
        )


def test_a_pipeline_a_dict_and_a_checkpoint_give_the_same_model(
    generation: Any, checkpoint: Path, tmp_path: Path
) -> None:
    parts = {"model": generation.model, "tokenizer": generation.tokenizer}
    forms = {"pipeline": generation, "dict": parts, "path": str(checkpoint), "Path": checkpoint}
    for name, form in forms.items():
        save_model(form, tmp_path / name, task="text-generation", model_config=GREEDY)
        keys = Model.load(tmp_path / name).flavors["transformers"]
        assert keys["pipeline_model_type"] == "Phi3ForCausalLM"
        assert keys["instance_type"] == "TextGenerationPipeline"
        assert keys["torch_dtype"] == "torch.float32"
        assert pyfunc.load_model(str(tmp_path / name)).predict(PROMPTS) == texts(generation, PROMPTS)


def test_a_checkpoint_is_copied_without_loading_its_weights(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (checkpoint / "optimizer.pt").write_bytes(b"a pickle of a trainer")
    (checkpoint / "LICENSE").write_text("Do what you like.")
    (checkpoint / "README.md").write_text("---\nlicense: mit\n---\n# Tiny\n")
    monkeypatch.setattr(transformers.PreTrainedModel, "from_pretrained", None)
    save_model(checkpoint, tmp_path / "model", task="llm/v1/chat")
    kept = {path.name for path in (tmp_path / "model" / "model").iterdir()}
    assert {"config.json", "model.safetensors", "LICENSE"} <= kept
    assert not {"optimizer.pt", "README.md"} & kept
    weights = (tmp_path / "model" / "model" / "model.safetensors").read_bytes()
    assert weights == (checkpoint / "model.safetensors").read_bytes()
    assert (tmp_path / "model" / "LICENSE.txt").read_text() == "Do what you like."
    assert "# Tiny" in (tmp_path / "model" / "model_card.md").read_text()
    assert (tmp_path / "model" / "model_card_data.yaml").read_text() == "license: mit\n"
    assert Model.load(tmp_path / "model").flavors["transformers"]["source_model_name"] == "tiny-phi3"


def test_weights_in_a_pickle_become_safetensors(generation: Any, tmp_path: Path) -> None:
    folder = tiny.checkpoint(tmp_path / "old", generation.model, generation.tokenizer)
    (folder / "model.safetensors").unlink()
    torch.save(generation.model.state_dict(), folder / "pytorch_model.bin")
    save_model(folder, tmp_path / "model", task="text-generation", model_config=GREEDY)
    kept = {path.name for path in (tmp_path / "model" / "model").iterdir()}
    assert "model.safetensors" in kept
    assert "pytorch_model.bin" not in kept
    assert pyfunc.load_model(str(tmp_path / "model")).predict(PROMPTS) == texts(generation, PROMPTS)


def test_logging_asks_no_network_starts_no_process_and_is_quick(
    generation: Any, checkpoint: Path, no_network: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = transformers.pipeline("text-generation", model=str(checkpoint), device="cpu")
    mlflow.transformers.log_model(model, name="first")  # git is asked once for the run's tags
    monkeypatch.setattr("subprocess.Popen", None)
    times = []
    for _ in range(4):
        started = time.process_time()
        info = mlflow.transformers.log_model(model, name="tiny", task="llm/v1/chat", model_config=GREEDY)
        times.append(time.process_time() - started)  # other processes don't count
    assert min(times) <= 0.15
    assert not no_network
    lines = resolve_model(info.model_uri).path / "requirements.txt"
    names = {line.partition("==")[0] for line in lines.read_text().splitlines()}
    assert {"mlflow", "torch", "transformers"} <= names
    assert "torchvision" not in names


def test_every_file_can_be_read_by_others(generation: Any, tmp_path: Path) -> None:
    save_model(generation, tmp_path / "model")
    assert all(path.stat().st_mode & 0o444 == 0o444 for path in (tmp_path / "model").rglob("*") if path.is_file())


def test_precision_and_device_are_the_calls_the_environments_or_the_models(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    half = tiny.generation()
    half.model.to(torch.bfloat16)
    save_model(half, tmp_path / "half")
    assert Model.load(tmp_path / "half").flavors["transformers"]["torch_dtype"] == "torch.bfloat16"
    assert load_model(str(tmp_path / "half")).model.dtype == torch.bfloat16
    for name in ("dtype", "torch_dtype"):
        assert load_model(str(tmp_path / "half"), **{name: "float32"}).model.dtype == torch.float32
    with pytest.raises(InvalidValue, match="float17"):
        load_model(str(tmp_path / "half"), dtype="float17")
    monkeypatch.setenv("MLFLOW_DEFAULT_PREDICTION_DEVICE", "meta")
    assert load_model(str(tmp_path / "half")).device == torch.device("meta")
    assert load_model(str(tmp_path / "half"), device="cpu").device == torch.device("cpu")
    monkeypatch.setenv("MLFLOW_HUGGINGFACE_USE_DEVICE_MAP", "true")
    with pytest.raises(InvalidValue, match="device_map"):
        load_model(str(tmp_path / "half"), device="cpu")
    pytest.importorskip("accelerate")
    assert load_model(str(tmp_path / "half")).model.device == torch.device("cpu")


def test_components_come_as_a_dict(generation: Any, tmp_path: Path) -> None:
    save_model(generation, tmp_path / "model")
    parts = load_model(str(tmp_path / "model"), return_type="components")
    assert set(parts) == {"task", "model", "tokenizer"}
    assert parts["tokenizer"]("the mill")["input_ids"] == generation.tokenizer("the mill")["input_ids"]
    with pytest.raises(InvalidValue, match="pipeline, components"):
        load_model(str(tmp_path / "model"), return_type="parts")


def test_what_cant_be_a_model_is_refused_by_name(generation: Any, tmp_path: Path) -> None:
    refusals: list[tuple[Any, dict[str, Any], str]] = [
        (object(), {}, "a transformers pipeline, a dict of its components"),
        ({"tokenizer": generation.tokenizer}, {}, r"transformers_model\['model'\]"),
        ({"model": "gpt2"}, {}, "a checkpoint's path by itself"),
        (tmp_path / "nowhere", {}, "config.json"),
        (generation, {"task": "llm/v1/embeddings"}, "it needs a feature-extraction pipeline"),
        (generation, {"task": "llm/v1/images"}, "LLM tasks are"),
        (generation, {"prompt_template": "no place"}, "prompt"),
        (generation, {"prompt_template": "{prompt} {prompt}"}, "once"),
        (tiny.pipeline("token-classification"), {"prompt_template": "{prompt}"}, "tasks with a template are"),
        (generation, {"base_model_path": str(tmp_path)}, "only adapters"),
        (generation, {"task": "llm/v1/chat", "model_config": {"no_such_thing": 1}}, "no_such_thing"),
        (generation, {"task": "llm/v1/chat", "model_config": {"temperature": "hot"}}, "temperature"),
        (generation, {"task": "llm/v1/chat", "metadata": {"task": "llm/v1/completions"}}, "contradicts"),
    ]
    for model, options, said in refusals:
        with pytest.raises(InvalidValue, match=said):
            save_model(model, tmp_path / "model", **options)
        assert not (tmp_path / "model").exists()


def test_a_task_of_an_older_version_is_named_with_the_way_out(checkpoint: Path, tmp_path: Path) -> None:
    if tiny.IS_4:
        pytest.skip("it has that task")
    with pytest.raises(InvalidValue, match=r"transformers<5"):
        save_model(checkpoint, tmp_path / "model", task="summarization")


@pytest.fixture
def hub(generation: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A repository as the hub's cache on this machine has it; returns its commit."""
    commit = "0123456789abcdef0123456789abcdef01234567"
    folder = tmp_path / "cache" / "models--acme--tiny"
    tiny.checkpoint(folder / "snapshots" / commit, generation.model, generation.tokenizer)
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text(commit)
    (folder / "snapshots" / commit / "LICENSE").write_text("Apache-2.0")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("transformers.utils.hub.TRANSFORMERS_CACHE", str(tmp_path / "cache"), raising=False)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    return commit


def from_hub() -> Any:
    return transformers.pipeline("text-generation", model="acme/tiny", device="cpu")


def test_a_reference_to_the_hub_has_the_commit_and_can_be_made_whole(generation: Any, hub: str, tmp_path: Path) -> None:
    with mlflow.start_run():
        info = mlflow.transformers.log_model(from_hub(), name="tiny", save_pretrained=False, model_config=GREEDY)
    keys = info.flavors["transformers"]
    assert (keys["source_model_name"], keys["source_model_revision"]) == ("acme/tiny", hub)
    assert (keys["tokenizer_name"], keys["tokenizer_revision"]) == ("acme/tiny", hub)
    assert "model_binary" not in keys
    folder = resolve_model(info.model_uri).path
    assert not (folder / "model").exists()
    assert (folder / "LICENSE.txt").read_text() == "Apache-2.0"
    assert pyfunc.load_model(info.model_uri).predict(PROMPTS) == texts(generation, PROMPTS)
    persist_pretrained_model(info.model_uri)
    whole = mlflow.models.get_model_info(info.model_uri).flavors["transformers"]
    assert whole["model_binary"] == "model"
    assert not {"source_model_revision", "tokenizer_name", "tokenizer_revision"} & set(whole)
    for gone in (tmp_path / "cache").rglob("*.safetensors"):
        gone.unlink()
    assert pyfunc.load_model(info.model_uri).predict(PROMPTS) == texts(generation, PROMPTS)
    persist_pretrained_model(info.model_uri)  # nothing is left to do


def test_a_reference_that_leads_nowhere_says_so(hub: str, tmp_path: Path) -> None:
    save_model(from_hub(), tmp_path / "model", save_pretrained=False)
    for gone in (tmp_path / "cache").rglob("config.json"):
        gone.unlink()
    with pytest.raises(InvalidState, match=rf"acme/tiny.*{hub}"):
        load_model(str(tmp_path / "model"))


def test_a_model_that_is_not_from_the_hub_is_stored_whatever_was_asked(generation: Any, tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="its weights are stored"):
        save_model(generation, tmp_path / "model", save_pretrained=False)
    assert (tmp_path / "model" / "model" / "model.safetensors").is_file()


def adapted(base: Any) -> Any:
    peft = pytest.importorskip("peft")
    torch.manual_seed(5)
    config = peft.LoraConfig(r=2, target_modules=["qkv_proj"], init_lora_weights=False, task_type="CAUSAL_LM")
    return peft.get_peft_model(base, config)


@pytest.mark.filterwarnings("ignore")
def test_of_an_adapter_only_the_adapter_is_stored(checkpoint: Path, hub: str, tmp_path: Path) -> None:
    tokenizer = tiny.chat_tokenizer()
    base = transformers.AutoModelForCausalLM.from_pretrained("acme/tiny")
    parts = {"model": adapted(base), "tokenizer": tokenizer}
    expected = texts(transformers.pipeline("text-generation", **parts, device="cpu"), PROMPTS)
    plain = texts(tiny.generation(), PROMPTS)
    assert expected != plain
    options: dict[str, Any] = {"task": "text-generation", "model_config": GREEDY}

    tokenizer.name_or_path = "acme/tiny"
    save_model(parts, tmp_path / "referring", **options)
    keys = Model.load(tmp_path / "referring").flavors["transformers"]
    assert (keys["peft_adaptor"], keys["source_model_revision"]) == ("peft", hub)
    assert not (tmp_path / "referring" / "model").exists()
    assert (tmp_path / "referring" / "peft" / "adapter_model.safetensors").is_file()
    assert pyfunc.load_model(str(tmp_path / "referring")).predict(PROMPTS) == expected

    save_model(parts, tmp_path / "based", base_model_path=checkpoint, **options)
    assert not (tmp_path / "based" / "model").exists()
    assert pyfunc.load_model(str(tmp_path / "based")).predict(PROMPTS) == expected
    moved = Path(checkpoint).rename(tmp_path / "moved")
    try:
        with pytest.raises(InvalidValue, match="base_model_path"):
            load_model(str(tmp_path / "based"))
        assert texts(load_model(str(tmp_path / "based"), base_model_path=str(moved)), PROMPTS) == expected
    finally:
        moved.rename(checkpoint)
    assert "peft" in (tmp_path / "based" / "requirements.txt").read_text()


@pytest.mark.filterwarnings("ignore")
def test_an_adapters_base_from_nowhere_is_stored_plain(generation: Any, tmp_path: Path) -> None:
    parts = {"model": adapted(tiny.phi3(generation.tokenizer)), "tokenizer": generation.tokenizer}
    expected = texts(transformers.pipeline("text-generation", **parts, device="cpu"), PROMPTS)
    save_model(parts, tmp_path / "model", task="text-generation", model_config=GREEDY)
    plain = transformers.AutoModelForCausalLM.from_pretrained(str(tmp_path / "model" / "model"))
    for name, weight in generation.model.state_dict().items():
        assert torch.equal(plain.state_dict()[name], weight), name
    assert pyfunc.load_model(str(tmp_path / "model")).predict(PROMPTS) == expected


@pytest.mark.skipif(tiny.VERSION < (4, 52), reason="names of weights can't be mapped")
@pytest.mark.filterwarnings("ignore")
def test_a_base_under_an_adapters_names_is_read_right(generation: Any, tmp_path: Path) -> None:
    """As MLflow stores it, which loses those weights when it loads them."""
    from headrace.flavors.transformers import adapters

    parts = {"model": adapted(tiny.phi3(generation.tokenizer)), "tokenizer": generation.tokenizer}
    expected = texts(transformers.pipeline("text-generation", **parts, device="cpu"), PROMPTS)
    save_model(parts, tmp_path / "model", task="text-generation", model_config=GREEDY)
    (tmp_path / "model" / "model_manifest.json").unlink()
    adapters.base_of(parts["model"]).save_pretrained(tmp_path / "model" / "model")
    assert adapters.has_layers_of_adapter(tmp_path / "model" / "model")
    assert pyfunc.load_model(str(tmp_path / "model")).predict(PROMPTS) == expected


def test_code_pickles_and_kernels_of_a_stranger_are_asked_about(
    generation: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from headrace.packaging.trust import UntrustedModel

    def stranger(name: str) -> Path:
        save_model(generation, tmp_path / name)
        (tmp_path / name / "model_manifest.json").unlink()
        with (tmp_path / name / "MLmodel").open("a") as file:
            file.write("made_by: a stranger\n")
        return tmp_path / name

    pickled = stranger("pickled")
    (pickled / "model" / "model.safetensors").unlink()
    torch.save(generation.model.state_dict(), pickled / "model" / "pytorch_model.bin")
    with pytest.raises(UntrustedModel, match=r"pytorch_model\.bin"):
        load_model(str(pickled))
    assert texts(load_model(str(pickled), allow_pickle=True), PROMPTS) == texts(generation, PROMPTS)

    kernels = stranger("kernels")
    config = json.loads((kernels / "model" / "config.json").read_text())
    (kernels / "model" / "config.json").write_text(json.dumps({**config, "attn_implementation": "someone/kernel"}))
    with pytest.raises(UntrustedModel, match=r"config\.json"):
        load_model(str(kernels))

    coded = stranger("coded")
    marker = tmp_path / "it-ran"
    (coded / "model" / "own.py").write_text(f"open({str(marker)!r}, 'w')\n")
    text = (coded / "MLmodel").read_text().replace("Phi3ForCausalLM", "OwnForCausalLM")
    (coded / "MLmodel").write_text(text)
    config["auto_map"] = {"AutoConfig": "own.OwnConfig", "AutoModelForCausalLM": "own.OwnForCausalLM"}
    (coded / "model" / "config.json").write_text(json.dumps(config))
    with pytest.raises(UntrustedModel, match=r"own\.py"):
        load_model(str(coded))
    assert not marker.exists()
