"""Writing a model folder: what is the same for all flavors.

    begin    an empty folder, the example looked at, the user's modules copied
    write    the flavor puts its files and keys there
    check    the input example goes through the model, and gives it the signature that nobody gave; a profile of the
             training data, if they are given, is kept
    finish   environment files, MLmodel, the manifest; from then on the folder is complete

`save_model` does all of it beside its target and renames, so that a half-written folder is never seen under the name.
"""

from __future__ import annotations

import shutil
import stat
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from headrace import clock, settings
from headrace.errors import AlreadyExists, HeadraceError, InvalidValue, UserCodeError
from headrace.packaging import code, manifest, requirements, trust
from headrace.packaging.draft import Draft
from headrace.packaging.example import Example, example_of
from headrace.packaging.mlmodel import FILE_NAME, PYFUNC, Model
from headrace.packaging.resources import resources_of
from headrace.packaging.signature import ModelSignature, infer_signature

EXTRA_FILES = "extra_files"
_PART = ".headrace-part-"


class ExampleFails(UserWarning):
    """The model can't predict on its own input example."""


@dataclass(frozen=True, kw_only=True)
class Common:
    """What every save takes, by MLflow's names. signature: False for none, not even an inferred one. training_data:
    what the model was fitted on, or its Profile, which alone is kept: the folder holds counts and quantiles."""

    conda_env: Any = None
    code_paths: Sequence[str | Path] | None = None
    mlflow_model: Model | None = None
    signature: ModelSignature | bool | None = None
    input_example: Any = None
    pip_requirements: Any = None
    extra_pip_requirements: Any = None
    metadata: Mapping[str, Any] | None = None
    extra_files: Sequence[str | Path] | None = None
    resources: Any = None
    auth_policy: Any = None
    prompts: Sequence[str] | None = None
    training_data: Any = None


@dataclass(kw_only=True)
class Written:
    """A folder that lacks only `finish`. example_error: what the model raised on its example."""

    draft: Draft
    common: Common
    example: Example | None = None
    example_error: BaseException | None = None
    roots: list[Any] = field(default_factory=list)


Write = Callable[[Draft], Any]  # returns what predicts, or None: then the folder is loaded for the example
Load = Callable[[Draft], Any]


def write(
    flavor_name: str,
    write_files: Write,
    load: Load,
    folder: Path,
    common: Common,
    *,
    roots: Sequence[Any] = (),
    distributions: Sequence[str] = (),
) -> Written:
    """All but `finish`, in an empty folder. roots: the objects whose modules are the model's requirements.
    distributions: those of the framework."""
    model = common.mlflow_model or Model()
    example = None if common.input_example is None else example_of(common.input_example)
    draft = Draft(path=folder, model=model, flavor_name=flavor_name, input_example=example.data if example else None)
    draft.signature, draft.unsigned = _given_signature(common.signature), common.signature is False
    if common.code_paths:
        draft.code = code.copy(common.code_paths, folder)
        draft.modules |= code.imported_names(folder / draft.code)
    if common.metadata is not None:
        model.metadata = {**(model.metadata or {}), **common.metadata}
    model.resources = resources_of(common.resources, common.auth_policy) or model.resources
    policy = common.auth_policy
    model.auth_policy = policy.to_dict() if hasattr(policy, "to_dict") else policy or model.auth_policy
    if common.prompts:
        model.prompts = [str(prompt) for prompt in common.prompts]
    predictor = write_files(draft)
    made = Written(draft=draft, common=common, example=example, roots=list(roots))
    if example is not None:
        made.roots.append(type(example.data))  # who predicts on such frames or arrays needs their library
    model.signature = draft.signature
    if example is not None:
        example.write(folder)
        model.saved_input_example_info = example.info
        if PYFUNC in model.flavors:
            _try_example(made, predictor, load)
    if common.training_data is not None:
        _keep_profile(made, predictor, load)
    if common.extra_files:
        _copy_extra_files(common.extra_files, draft)
    environment = requirements.resolve(
        pip_requirements=common.pip_requirements,
        extra_pip_requirements=common.extra_pip_requirements,
        conda_env=common.conda_env,
        defaults=lambda: _default_requirements(draft, made.roots, distributions),
    )
    requirements.write(folder, environment)
    return made


def finish(made: Written) -> manifest.Manifest:
    """After this the folder isn't changed again; its digest is one that this user trusts."""
    folder, model = made.draft.path, made.draft.model
    files = [path for path in folder.rglob("*") if path.is_file()]
    model.model_size_bytes = sum(path.stat().st_size for path in files)
    for path in files:
        _let_others_read(path)
    model.save(folder / FILE_NAME)
    written = manifest.write(folder, made.draft.known)
    trust.remember(written.digest)
    return written


def _let_others_read(path: Path) -> None:
    """Some libraries write for their user alone (safetensors), but a model is served by another one."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o044 != 0o044:
        path.chmod(mode | 0o644)


def save_model(
    flavor_name: str,
    write_files: Write,
    load: Load,
    path: str | Path,
    common: Common,
    *,
    roots: Sequence[Any] = (),
    distributions: Sequence[str] = (),
) -> Model:
    """AlreadyExists for a folder with something in it."""
    with beside(Path(path)) as folder:
        made = write(flavor_name, write_files, load, folder, common, roots=roots, distributions=distributions)
        finish(made)
    return made.draft.model


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """A folder that becomes `path` if all goes well, and vanishes if not."""
    target = path.expanduser().absolute()
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise AlreadyExists("model folder", str(path), by="path", hint="Choose another path, or remove it first.")
    part = target.parent / f"{_PART}{clock.hex_id()}"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part.mkdir()
    except OSError as error:
        raise InvalidValue("path", str(path), f"no folder can be made there: {error.strerror}.") from error
    try:
        yield part
        if target.is_dir():
            target.rmdir()
        part.rename(target)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def _given_signature(given: ModelSignature | bool | None) -> ModelSignature | None:
    if given is None or given is False:
        return None
    if not isinstance(given, ModelSignature):
        raise InvalidValue("signature", given, "a ModelSignature, from infer_signature; or False for none.")
    return given


def _default_requirements(draft: Draft, roots: Sequence[Any], distributions: Sequence[str]) -> list[str]:
    modules = requirements.modules_of(*roots) | draft.modules
    return requirements.infer(modules, packages=[*distributions, *draft.distributions])


def _try_example(made: Written, predictor: Any, load: Load) -> None:
    """Runs the example before anybody can load the model."""
    from headrace.packaging.pyfunc.loaded import predict_once  # pyfunc saves through this module

    draft, example = made.draft, made.example
    assert example is not None
    infer = draft.signature is None and made.common.signature is not False
    answer = None
    if infer:  # so that the example takes the way that every later input takes
        draft.model.signature = infer_signature(example.data, None, example.params)
    try:
        answer = predict_once(predictor or load(draft), draft.model, example.data, example.params)
    except HeadraceError as error:
        made.example_error = error
    except Exception as error:  # noqa: BLE001 — the user's code; told below, with its place
        made.example_error = error
    if made.example_error is not None:
        _tell(made.example_error)
    if infer:
        draft.model.signature = draft.signature = infer_signature(example.data, answer, example.params)


def _keep_profile(made: Written, predictor: Any, load: Load) -> None:
    from headrace.packaging.profile.kept import keep
    from headrace.packaging.pyfunc.loaded import predict_once

    draft, works = made.draft, PYFUNC in made.draft.model.flavors and made.example_error is None

    def predict(rows: Any) -> Any:
        return predict_once(predictor or load(draft), draft.model, rows)

    keep(made.common.training_data, draft.signature, draft.path, predict if works else None)


def _tell(error: BaseException) -> None:
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({frames[-1].filename}, line {frames[-1].lineno})" if frames else ""
    sentence = f"The model fails on its own input example: {type(error).__name__}: {error}{place}."
    if settings.REQUIRE_WORKING_EXAMPLE.get():
        raise UserCodeError(f"{sentence} It isn't saved, as HEADRACE_REQUIRE_WORKING_EXAMPLE says.") from error
    warnings.warn(
        f"{sentence} It is saved all the same, so that nothing is lost, but it will fail in this way wherever it is "
        "loaded: mend `predict` or the example. HEADRACE_REQUIRE_WORKING_EXAMPLE=1 refuses such models.",
        ExampleFails,
        stacklevel=2,
    )


def _copy_extra_files(paths: Sequence[str | Path], draft: Draft) -> None:
    entries = []
    for given in paths:
        path = Path(given)
        if not path.is_file():
            raise InvalidValue("extra_files", str(given), "there is no such file.")
        draft.copy_in(path, f"{EXTRA_FILES}/{path.name}")
        entries.append({"path": f"{EXTRA_FILES}/{path.name}"})
    draft.model.flavors[draft.flavor_name]["extra_files"] = entries
