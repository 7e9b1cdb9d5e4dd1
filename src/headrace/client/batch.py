"""`models.predict`: a file, or data at hand, through a model of the store or anywhere else, by `packaging.batch`."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from headrace.client.resolve import resolve_model
from headrace.errors import InvalidValue
from headrace.packaging.batch import Job, Limits, Outcome, run
from headrace.packaging.serving_input import serving_input_of


def predict_file(
    model_uri: str,
    input_path: str | Path | None = None,
    output_path: str | Path | None = None,
    content_type: str | None = None,
    *,
    output_type: str | None = None,
    env_manager: str = "local",
    pip_requirements_override: Sequence[str] | None = None,
    extra_envs: Mapping[str, str] | None = None,
    on_error: str = "fail",
    limits: Limits | None = None,
    allow_pickle: bool | None = None,
    quiet: bool = False,
) -> Outcome:
    """See `packaging.batch`. Paths: None for stdin and stdout."""
    resolved = resolve_model(model_uri)
    job = Job(
        folder=resolved.path,
        origin=resolved.origin,
        input_path=None if input_path is None else Path(input_path).expanduser(),
        output_path=None if output_path is None else Path(output_path).expanduser(),
        content_type=content_type,
        output_type=output_type,
        on_error=on_error,
        limits=limits or Limits(),
        allow_pickle=allow_pickle,
        quiet=quiet,
    )
    return run(job, env_manager=env_manager, extra_requirements=pip_requirements_override or (), variables=extra_envs)


def predict(
    model_uri: str,
    input_data: Any = None,
    input_path: str | None = None,
    content_type: str | None = None,
    output_path: str | None = None,
    env_manager: str = "local",
    install_mlflow: bool = False,  # noqa: ARG001 — MLflow's argument: here the environment always gets Headrace
    pip_requirements_override: Sequence[str] | None = None,
    extra_envs: Mapping[str, str] | None = None,
) -> None:
    """Scores a file, or input_data, and writes the answer to output_path or prints it, as the scoring server answers.

    input_data: what `predict` of the model takes, or with content_type a request as text. env_manager: local, uv,
    virtualenv or conda; other than local, the model runs in its own environment.
    """
    if input_data is not None and input_path is not None:
        raise InvalidValue("input_data", input_data, "give input_data or input_path, not both.")
    if input_data is None:
        predict_file(
            model_uri,
            input_path,
            output_path,
            content_type,
            env_manager=env_manager,
            pip_requirements_override=pip_requirements_override,
            extra_envs=extra_envs,
        )
        return
    kind = content_type or "json"
    with tempfile.TemporaryDirectory(prefix="headrace-predict-") as folder:
        path = Path(folder, f"input.{kind}")
        path.write_text(_as_text(input_data, kind), encoding="utf-8")
        predict_file(
            model_uri,
            path,
            output_path,
            kind,
            env_manager=env_manager,
            pip_requirements_override=pip_requirements_override,
            extra_envs=extra_envs,
            quiet=True,
        )


def _as_text(data: Any, kind: str) -> str:
    if isinstance(data, str):
        return data
    if kind == "csv":
        if not hasattr(data, "to_csv"):
            raise InvalidValue("input_data", data, "for CSV, text or a DataFrame.")
        return str(data.to_csv(index=False))
    if kind != "json":
        raise InvalidValue("content_type", kind, "input_data is sent as json or csv; give other formats as a file.")
    text: str = serving_input_of(data)
    return text
