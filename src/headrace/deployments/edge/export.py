"""Writes a model as a folder for devices: the graph or the language model, a program that asks it, what it needs."""

from __future__ import annotations

import json
import shutil
import tempfile
import warnings
from pathlib import Path
from typing import Any

from headrace.deployments.edge import onnx_run
from headrace.deployments.edge.convert import convert
from headrace.deployments.edge.converted import Converted, NotConvertible
from headrace.deployments.fetched import Fetched, fetch
from headrace.deployments.progress import Progress, silent
from headrace.environments.installed import distribution
from headrace.errors import CallerError, InvalidValue
from headrace.packaging import example as examples
from headrace.packaging import manifest
from headrace.packaging.llm.options import options_of_config
from headrace.packaging.llm.task import CHAT
from headrace.packaging.load import load_pyfunc, open_model
from headrace.packaging.payload import decode, encode
from headrace.packaging.save import beside
from headrace.packaging.source import Source

FORMATS = ("onnx", "bundle")
TOLERANCE = 1e-4  # of floats, relative and absolute: the graph has float32 where the model may have float64
ABOUT, EXAMPLE, RUN = "model.json", "example.json", "run.py"
GENAI_CONFIG = "genai_config.json"


class Disagrees(CallerError):
    """The converted model doesn't answer the example as the model does; nothing is written."""


def export(
    model_uri: str,
    to: str,
    directory: str | Path,
    *,
    tolerance: float = TOLERANCE,
    allow_pickle: bool | None = None,
    progress: Progress | None = None,
) -> Path:
    """The folder, which must be new or empty. to: onnx, or bundle for language models of onnxruntime-genai.

    NotConvertible, Disagrees; UntrustedModel for a model that runs code and isn't trusted here.
    """
    if to not in FORMATS:
        raise InvalidValue("to", to, f"allowed are {', '.join(FORMATS)}.")
    target = Path(directory).expanduser()
    with beside(target) as made, tempfile.TemporaryDirectory(prefix=".headrace-export-", dir=made.parent) as scratch:
        model = fetch(model_uri)
        if to == "onnx":
            _onnx(model, made, Path(scratch), tolerance, allow_pickle, progress or silent)
        else:
            _bundle(model, made)
    return target


def _onnx(
    model: Fetched, folder: Path, scratch: Path, tolerance: float, allow_pickle: bool | None, tell: Progress
) -> None:
    source = open_model(model, allow_pickle=allow_pickle)
    data, request = _example(source)
    converted = convert(source, data, scratch)
    _write_graph(converted, folder)
    signature = source.model.signature
    about = {
        "name": model.name or model.path.name,
        "version": model.version,
        "tolerance": tolerance,
        **converted.about(),
        "signature": signature.to_dict() if signature is not None else None,
    }
    _write_json(folder / ABOUT, about)
    if request is None:
        tell("The model was saved without an input example, so its answers could not be compared.")
    else:
        _compare(source, data, request, folder, tolerance)
        tell(f"The input example is answered as by the model itself, within {tolerance:g}.")
    _write_program("onnx_run.py", folder)
    _write_readme(folder, about["name"], _ONNX_README, ["numpy", "onnxruntime"])


def _write_graph(converted: Converted, folder: Path) -> None:
    graph = converted.graph
    if isinstance(graph, bytes):
        (folder / "model.onnx").write_bytes(graph)
        return
    shutil.copyfile(graph, folder / "model.onnx")
    for name in _weights(graph):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(graph.parent / name, folder / name)


def _weights(graph: Path) -> list[str]:
    """Files beside a graph that hold its weights."""
    from headrace.lazy import optional_import

    onnx = optional_import("onnx", extra="edge")
    model = onnx.load(str(graph), load_external_data=False)
    helper = onnx.external_data_helper
    tensors = [each for each in helper._get_all_tensors(model) if helper.uses_external_data(each)]
    return sorted({helper.ExternalDataInfo(each).location for each in tensors})


def _example(source: Source) -> tuple[Any, dict[str, Any] | None]:
    """The model's input, and the same as a request; None and None without one."""
    info = source.model.saved_input_example_info
    if info is None:
        return None, None
    text = source.model.get_serving_input(source.path)
    if text is None:
        text = json.dumps(examples.example_of(examples.read(source.path, info)[0]).serving, default=examples.encoded)
    # As a server reads it: the file of the example alone has lost the types.
    return decode("application/json", text, source.model).data, json.loads(text)


def _compare(source: Source, data: Any, request: dict[str, Any], folder: Path, tolerance: float) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        answer = encode(load_pyfunc(source, suppress_warnings=True).predict(data))
    expected = json.loads(answer)["predictions"]
    got = onnx_run.Model(folder).predict(request)["predictions"]
    wrong = onnx_run.differences(expected, got, tolerance)
    if wrong:
        raise Disagrees(
            f"The ONNX graph doesn't answer the model's input example as the model does: {wrong}. A larger --tolerance "
            "may be right for numbers; float32 is what most graphs compute in."
        )
    _write_json(folder / EXAMPLE, {"request": request, "predictions": expected})


def _bundle(model: Fetched, folder: Path) -> None:
    configs = [name for name in manifest.files_of(model.path) if name.rpartition("/")[2] == GENAI_CONFIG]
    if len(configs) != 1:
        raise NotConvertible(
            f"A bundle is made of a model with one folder of onnxruntime-genai; this one has {len(configs) or 'none'}. "
            "Other language models become one by `python -m onnxruntime_genai.models.builder`."
        )
    inside = configs[0].rpartition("/")[0]
    for name in manifest.files_of(model.path):
        if name.startswith(f"{inside}/"):
            place = folder / "model" / name.removeprefix(f"{inside}/")
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(model.path / name, place)
    keys = model.model.flavors.get("onnxruntime_genai", {})
    config = (model.model.pyfunc or {}).get("config") if keys else None
    options = options_of_config(config or {})
    about = {
        "name": model.name or inside.rpartition("/")[2] or model.path.name,
        "version": model.version,
        "task": keys.get("task", CHAT),
        "options": {name: getattr(options, name) for name in sorted(options.given())},
    }
    _write_json(folder / ABOUT, about)
    _write_program("bundle_run.py", folder)
    _write_readme(folder, about["name"], _BUNDLE_README, ["onnxruntime-genai"])


def _write_program(name: str, folder: Path) -> None:
    shutil.copyfile(Path(__file__).with_name(name), folder / RUN)


def _write_readme(folder: Path, name: str, text: str, packages: list[str]) -> None:
    pins = [
        f"{package}=={found.public_version}" if (found := distribution(package)) else package for package in packages
    ]
    (folder / "requirements.txt").write_text("\n".join(pins) + "\n", encoding="utf-8")
    (folder / "README.md").write_text(text.format(name=name), encoding="utf-8")


def _write_json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


_ONNX_README = """\
# {name}, as an ONNX graph

    pip install -r requirements.txt
    python run.py --check
    python run.py request.json

`model.onnx` is the model, `model.json` says what it is fed and which of its outputs is the answer, `example.json` has a
request with the answer that the model gave where it was exported. A request has one of the keys dataframe_split,
dataframe_records, instances and inputs; the answer is `{{"predictions": …}}`.
"""
_BUNDLE_README = """\
# {name}, for onnxruntime-genai

    pip install -r requirements.txt
    python run.py --ask "A question?"
    python run.py --request request.json
    python run.py

`model/` is the language model, `model.json` has its options. A request is a chat request of OpenAI's, and so is the
answer; without options, run.py talks at the terminal.
"""
