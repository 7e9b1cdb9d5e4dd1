"""Transformers models that either side saved, loaded and asked by both."""

import json
import logging
import os
import subprocess
from pathlib import Path
from typing import Any

import mlflow
import pytest
import yaml
from servers import BIN, TARGET

from tests.support import tiny_transformers as tiny

pytestmark = pytest.mark.skipif(TARGET != "headrace", reason="our client's environment is needed")

ROOT = Path(__file__).resolve().parents[2]
GREEDY = {"max_new_tokens": 8, "do_sample": False}
QUESTION = {"messages": [{"role": "user", "content": "what is the capital"}]}
LABELS = json.dumps(["happy", "sad"])
# name → task of the pipeline, options of save_model, inputs
CASES: dict[str, tuple[str, dict[str, Any], list[Any]]] = {
    "text-generation": ("text-generation", {"model_config": GREEDY}, [["the mill stands", "what"], "the mill"]),
    "prompt-template": (
        "text-generation",
        {"model_config": GREEDY, "prompt_template": "the {prompt} stands"},
        [["mill", "wheel"]],
    ),
    "fill-mask": ("fill-mask", {}, [["the [MASK] of spain", "water [MASK]"], "the [MASK]"]),
    "text-classification": ("text-classification", {}, [["sunny great", "awful"], "sunny"]),
    "token-classification": ("token-classification", {}, [["sunny great", "awful"], "sunny day"]),
    "zero-shot-classification": (
        "zero-shot-classification",
        {},
        [{"sequences": "the mill stands", "candidate_labels": LABELS, "hypothesis_template": "this is {}"}],
    ),
    "feature-extraction": ("feature-extraction", {}, ["the mill", ["the wheel"]]),
    "chat": ("text-generation", {"task": "llm/v1/chat", "model_config": GREEDY}, [QUESTION]),
    "completions": (
        "text-generation",
        {"task": "llm/v1/completions", "model_config": GREEDY},
        [{"prompt": "the mill stands"}],
    ),
    "encoder": ("encoder", {}, [["the mill stands", "madrid"], "the wheel"]),
    "encoder-embeddings": ("encoder", {"task": "llm/v1/embeddings"}, [{"input": "the mill stands"}]),
    "embeddings": ("feature-extraction", {"task": "llm/v1/embeddings"}, [{"input": "the mill stands"}]),
}
# In a process of ours: saves and asks models, and prints what it was answered.
OURS = """
import json, sys, warnings
warnings.simplefilter("ignore")
from headrace import pyfunc, sentence_transformers, transformers
from tests.support import tiny_transformers as tiny

work = json.loads(sys.stdin.read())
pipelines = {}
for task, options, folder in work["save"]:
    if task not in pipelines:
        pipelines[task] = tiny.pipeline(task)
    flavor = sentence_transformers if task == "encoder" else transformers
    flavor.save_model(pipelines[task], folder, **options)
print(json.dumps([tiny.plain(pyfunc.load_model(folder).predict(given)) for folder, given in work["ask"]]))
"""


def ours(save: list[Any], ask: list[Any]) -> list[Any]:
    done = subprocess.run(
        [str(BIN / "python"), "-c", OURS],
        input=json.dumps({"save": save, "ask": ask}),
        env={**os.environ, "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers: list[Any] = json.loads(done.stdout)
    return answers


@pytest.fixture(scope="module", autouse=True)
def quiet() -> None:
    logging.getLogger("mlflow").setLevel(logging.ERROR)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """By side and case: `ours` saved by Headrace, `theirs` by MLflow."""
    root = tmp_path_factory.mktemp("transformers")
    pipelines = {task: tiny.pipeline(task) for task in {case[0] for case in CASES.values()}}
    for name, (task, options, _) in CASES.items():
        # Without requirements, MLflow would load the model in another process to find them.
        flavor = mlflow.sentence_transformers if task == "encoder" else mlflow.transformers
        flavor.save_model(
            pipelines[task],
            str(root / "theirs" / name),
            pip_requirements=["transformers"],
            **json.loads(json.dumps(options)),
        )
    return {side: root / side for side in ("ours", "theirs")}


@pytest.fixture(scope="module")
def answers(folders: dict[str, Path]) -> dict[str, dict[str, list[Any]]]:
    """Of Headrace, by who saved the model, and case."""
    asked = [
        (side, name, given) for side in ("ours", "theirs") for name, (_, _, inputs) in CASES.items() for given in inputs
    ]
    save = [(task, options, str(folders["ours"] / name)) for name, (task, options, _) in CASES.items()]
    found: dict[str, dict[str, list[Any]]] = {"ours": {}, "theirs": {}}
    given = [(str(folders[side] / name), value) for side, name, value in asked]
    for (side, name, _), answer in zip(asked, ours(save, given), strict=True):
        found[side].setdefault(name, []).append(answer)
    return found


@pytest.mark.parametrize("name", CASES)
def test_either_side_answers_alike_whoever_saved_the_model(
    name: str, folders: dict[str, Path], answers: dict[str, dict[str, list[Any]]]
) -> None:
    for side in ("ours", "theirs"):
        loaded = mlflow.pyfunc.load_model(str(folders[side] / name))
        theirs = [tiny.plain(loaded.predict(given)) for given in CASES[name][2]]
        assert answers[side][name] == theirs, side


@pytest.mark.parametrize("name", CASES)
def test_mlmodels_say_the_same(name: str, folders: dict[str, Path], answers: dict[str, dict[str, list[Any]]]) -> None:
    assert answers
    ours_, theirs = (yaml.safe_load((folders[side] / name / "MLmodel").read_text()) for side in ("ours", "theirs"))
    flavor = "sentence_transformers" if name.startswith("encoder") else "transformers"
    keys, expected = ours_["flavors"][flavor], theirs["flavors"][flavor]
    # A path of the machine that made it: ours keeps the last part.
    assert keys == {**expected, "source_model_name": expected["source_model_name"].rpartition("/")[2]}
    assert ours_.get("metadata") == theirs.get("metadata")
    for model in (ours_, theirs):
        model["flavors"]["python_function"].pop("code", None)
    assert ours_["flavors"]["python_function"] == theirs["flavors"]["python_function"]
    if "task" in CASES[name][1]:  # ours has options beside MLflow's
        columns = [{column["name"] for column in json.loads(model["signature"]["inputs"])} for model in (ours_, theirs)]
        assert columns[0] >= columns[1]
        assert columns[0] - columns[1] <= {"seed", "top_p", "top_k", "frequency_penalty", "presence_penalty"}
    else:
        assert json.loads(ours_["signature"]["inputs"]) == json.loads(theirs["signature"]["inputs"])
        assert json.loads(ours_["signature"]["outputs"]) == json.loads(theirs["signature"]["outputs"])


def test_native_pipelines_load_on_either_side(
    folders: dict[str, Path], answers: dict[str, dict[str, list[Any]]]
) -> None:
    assert answers
    expected = tiny.pipeline("text-generation")("the mill", **GREEDY)
    for side in ("ours", "theirs"):
        assert mlflow.transformers.load_model(str(folders[side] / "chat"))("the mill", **GREEDY) == expected
    parts = mlflow.transformers.load_model(str(folders["ours"] / "fill-mask"), return_type="components")
    assert {"model", "tokenizer"} <= set(parts)
