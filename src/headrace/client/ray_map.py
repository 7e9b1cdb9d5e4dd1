"""`pyfunc.ray_map`: a Ray dataset through a model, on a pool of actors that load it once each."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from headrace.client.resolve import resolve_model
from headrace.errors import InvalidValue
from headrace.lazy import optional_import
from headrace.packaging.batch import output, worker
from headrace.packaging.batch.chunk import Chunk


def ray_map(
    dataset: Any,
    model_uri: str,
    *,
    batch_size: int | None = 4096,
    concurrency: int | tuple[int, int] = 1,
    params: dict[str, Any] | None = None,
    keep_columns: bool | list[str] = True,
    env_manager: str | None = None,
    extra_env: Mapping[str, str] | None = None,
    model_config: Mapping[str, Any] | None = None,
    allow_pickle: bool | None = None,
    **ray_options: Any,
) -> Any:
    """A dataset with the predictions beside the rows: `prediction`, or `prediction_0` …, or the answer's own columns.

    concurrency: how many actors, or the fewest and the most. keep_columns: which of the dataset's columns stay.
    ray_options: of map_batches, such as num_cpus, num_gpus. Lazy, as every step of a Ray dataset.
    """
    data = optional_import("ray.data", why="for ray_map")
    resolved = resolve_model(model_uri)
    model = worker.worker_model(
        resolved.path,
        resolved.origin,
        allow_pickle=allow_pickle,
        model_config=model_config,
        env_manager=env_manager,
        variables=extra_env,
    )
    model, packed = _sent(model)
    return dataset.map_batches(
        Scorer,
        fn_constructor_args=(model, packed, params, keep_columns),
        batch_format="pandas",
        batch_size=batch_size,
        compute=_pool(data, concurrency),
        **{**_share(concurrency), **ray_options},
    )


def _pool(data: Any, concurrency: int | tuple[int, int]) -> Any:
    if isinstance(concurrency, tuple):
        least, most = concurrency
        return data.ActorPoolStrategy(min_size=least, max_size=most)
    return data.ActorPoolStrategy(size=concurrency)


def _share(concurrency: int | tuple[int, int]) -> dict[str, float]:
    """Of a CPU, for each actor. Actors that took all CPUs would wait for ever for the tasks that read their rows."""
    most = concurrency[1] if isinstance(concurrency, tuple) else concurrency
    cpus = float(optional_import("ray").cluster_resources().get("CPU", 1))
    return {} if most < cpus else {"num_cpus": max(0.1, round((cpus - 1) / most, 2) or 0.5 / most)}


def _sent(model: worker.WorkerModel) -> tuple[worker.WorkerModel, Any]:
    """With more than one machine the model travels through Ray's object store."""
    ray = optional_import("ray")
    if not ray.is_initialized():
        ray.init(ignore_reinit_error=True)
    if len([node for node in ray.nodes() if node["Alive"]]) < 2:
        return model, None
    with tempfile.TemporaryDirectory(prefix="headrace-ray-") as folder:
        packed = worker.pack(model, Path(folder, "model.tar"))
        return packed, [ray.put(Path(folder, "model.tar").read_bytes())]  # in a list, Ray hands on the reference


class Scorer:
    """One actor."""

    def __init__(
        self,
        model: worker.WorkerModel,
        packed: list[Any] | None,
        params: dict[str, Any] | None,
        keep_columns: bool | list[str],
    ) -> None:
        self._params, self._keep = params, keep_columns
        self._model = worker.loaded(model, None if packed is None else _fetcher(packed[0]))

    def __call__(self, batch: Any) -> Any:
        batch = batch.reset_index(drop=True)
        chunk = Chunk(data=None, rows=len(batch))
        answer = output.table(self._model.predict(batch, params=self._params), chunk)
        kept = _kept(batch, self._keep)
        taken = [name for name in answer.columns if name in kept.columns]
        if taken:
            raise InvalidValue(
                "keep_columns",
                self._keep,
                f"the answer has columns of the same names: {', '.join(taken)}. Keep others, or none: False.",
            )
        return optional_import("pandas").concat([kept, answer], axis=1)


def _kept(batch: Any, keep: bool | list[str]) -> Any:
    if keep is True:
        return batch
    return batch[[] if keep is False else list(keep)]


def _fetcher(packed: Any) -> Callable[[], Path]:
    def fetch() -> Path:
        content = optional_import("ray").get(packed)
        with tempfile.NamedTemporaryFile(prefix="headrace-ray-", suffix=".tar", delete=False) as file:
            file.write(content)
        return Path(file.name)

    return fetch
