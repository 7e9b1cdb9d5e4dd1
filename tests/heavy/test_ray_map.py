from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import ray

from headrace import pyfunc
from headrace.models import infer_signature

pytestmark = pytest.mark.filterwarnings("ignore")
EXAMPLE = pd.DataFrame({"a": [1.0, 2.0]})


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, object_store_memory=200 << 20)
    yield
    ray.shutdown()


def dataset() -> Any:
    return ray.data.from_pandas(pd.DataFrame({"id": range(1000), "a": np.arange(1000) / 2})).repartition(8)


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Answers with its process as well, and writes down each load."""

    class Twice(pyfunc.PythonModel):
        def load_context(self, context):  # type: ignore[no-untyped-def]
            import os
            from pathlib import Path

            with Path(Path(context.artifacts["place"]).read_text()).open("a") as file:
                file.write(f"{os.getpid()}\n")

        def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]
            return (2 * model_input["a"]).to_numpy()

    folder = tmp_path_factory.mktemp("twice")
    (folder / "loads").touch()
    (folder / "place").write_text(str(folder / "loads"))
    pyfunc.save_model(
        str(folder / "model"),
        python_model=Twice(),
        artifacts={"place": str(folder / "place")},
        signature=infer_signature(EXAMPLE, np.array([1.0])),
        pip_requirements=[],
    )
    return str(folder / "model")


def test_predictions_stand_beside_their_rows_and_an_actor_loads_once(twice: str) -> None:
    scored = pyfunc.ray_map(dataset(), twice, batch_size=100, concurrency=2).to_pandas().sort_values("id")
    assert list(scored.columns) == ["id", "a", "prediction"]
    np.testing.assert_array_equal(scored["prediction"], np.arange(1000.0))
    loads = Path(twice).with_name("loads").read_text().split()
    assert len(loads) == len(set(loads)) <= 2


def test_columns_that_stay_can_be_chosen(twice: str) -> None:
    assert pyfunc.ray_map(dataset(), twice, keep_columns=["id"]).schema().names == ["id", "prediction"]
    assert pyfunc.ray_map(dataset(), twice, keep_columns=False).schema().names == ["prediction"]


def test_a_frame_gives_its_own_columns(tmp_path: Path) -> None:
    def label(model_input):  # type: ignore[no-untyped-def]
        import pandas as pd

        return pd.DataFrame({"label": ["x"] * len(model_input), "score": model_input["a"]})

    pyfunc.save_model(str(tmp_path / "m"), python_model=label, input_example=EXAMPLE, pip_requirements=[])
    scored = pyfunc.ray_map(dataset(), str(tmp_path / "m"), keep_columns=["id"]).take(1)[0]
    assert set(scored) == {"id", "label", "score"}


def test_what_the_model_raises_comes_out(tmp_path: Path) -> None:
    def broken(model_input):  # type: ignore[no-untyped-def]
        raise LookupError("nowhere to be found")

    pyfunc.save_model(str(tmp_path / "m"), python_model=broken, pip_requirements=[])
    with pytest.raises(Exception, match="nowhere to be found"):
        pyfunc.ray_map(dataset(), str(tmp_path / "m")).materialize()


def test_the_model_can_run_in_its_own_environment(tmp_path: Path) -> None:
    def versions(model_input):  # type: ignore[no-untyped-def]
        import toolz

        return [toolz.__version__] * len(model_input)

    pyfunc.save_model(str(tmp_path / "m"), python_model=versions, pip_requirements=["toolz==0.12.1", "cloudpickle"])
    scored = pyfunc.ray_map(dataset().limit(5), str(tmp_path / "m"), env_manager="uv").to_pandas()
    assert scored["prediction"].tolist() == ["0.12.1"] * 5
