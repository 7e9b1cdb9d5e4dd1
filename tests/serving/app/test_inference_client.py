"""Triton's own HTTP client, which speaks the Open Inference Protocol, with JSON tensors and with binary ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tritonclient.http import InferenceServerClient, InferInput, InferRequestedOutput
from tritonclient.utils import InferenceServerException

import headrace
from headrace.models import infer_signature
from tests.serving.app.served import Served, serving

MODEL = """
from headrace.models import set_model
from headrace.pyfunc import PythonModel


class Line(PythonModel):
    def predict(self, context, model_input, params=None):
        return model_input @ [1.0, 2.0] + 3


set_model(Line())
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder: Path = tmp_path_factory.mktemp("model")
    (folder / "model.py").write_text(MODEL, encoding="utf-8")
    signature = infer_signature(np.zeros((2, 2), dtype="float32"), np.zeros(2))
    headrace.pyfunc.save_model(str(folder / "line"), python_model=str(folder / "model.py"), signature=signature)
    with serving("-m", str(folder / "line")) as found:
        yield found


@pytest.fixture
def client(served: Served) -> Iterator[InferenceServerClient]:
    made = InferenceServerClient(f"127.0.0.1:{served.port}")
    yield made
    made.close()


def test_the_client_finds_the_model(client: InferenceServerClient) -> None:
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("line")
    assert not client.is_model_ready("curve")
    assert client.get_server_metadata()["name"] == "headrace"
    told = client.get_model_metadata("line")
    (version,) = told["versions"]
    assert client.is_model_ready("line", version)
    (tensor,) = told["inputs"]
    assert (tensor["datatype"], tensor["shape"]) == ("FP32", [-1, 2])


@pytest.mark.parametrize("binary", [False, True])
def test_the_client_asks_the_model(client: InferenceServerClient, binary: bool) -> None:
    told = client.get_model_metadata("line")
    rows = np.array([[1, 2], [3, 4]], dtype="float32")
    tensor = InferInput(told["inputs"][0]["name"], list(rows.shape), "FP32")
    tensor.set_data_from_numpy(rows, binary_data=binary)
    output = told["outputs"][0]["name"]
    wanted = InferRequestedOutput(output, binary_data=binary)
    answer = client.infer("line", [tensor], outputs=[wanted], request_id="seven")
    np.testing.assert_allclose(answer.as_numpy(output), [8.0, 14.0], rtol=1e-5)
    assert answer.get_response()["id"] == "seven"


def test_the_client_reads_the_error(client: InferenceServerClient) -> None:
    tensor = InferInput("input-0", [1], "BYTES")
    tensor.set_data_from_numpy(np.array(["x"], dtype=object), binary_data=False)
    with pytest.raises(InferenceServerException) as failed:
        client.infer("line", [tensor])
    assert failed.value.status() == "400"
