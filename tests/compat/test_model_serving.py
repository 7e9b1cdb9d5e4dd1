"""A model that MLflow saved, served by Headrace: MLflow's own scoring client, and each request beside MLflow's own
scoring app, which answers in this process."""

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import mlflow
import pandas as pd
import pytest
from mlflow.models import infer_signature
from mlflow.pyfunc.scoring_server import init
from mlflow.pyfunc.scoring_server.client import ScoringServerClient
from servers import BIN, environment

END_S = 60
MODEL = """
import mlflow


class Priced(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        factor = (params or {}).get("factor", 1.0)
        out = model_input[["maker"]].copy()
        out["price"] = model_input["power"] * factor + model_input["doors"]
        return out


mlflow.models.set_model(Priced())
"""
FRAME = pd.DataFrame({"maker": ["saab", "volvo"], "power": [150.5, 200.0], "doors": [5, 3]})
ANSWER = FRAME[["maker"]].assign(price=[155.5, 203.0])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("served")
    (place / "model.py").write_text(MODEL)
    signature = infer_signature(FRAME, ANSWER, {"factor": 1.0})
    mlflow.pyfunc.save_model(
        str(place / "cars"), python_model=str(place / "model.py"), signature=signature, pip_requirements=["pandas"]
    )
    return place / "cars"


@pytest.fixture(scope="module")
def port(folder: Path) -> Iterator[int]:
    with (folder.parent / "served.log").open("w") as log:
        child = subprocess.Popen(
            [str(BIN / "headrace"), "models", "serve", "-m", str(folder), "-p", "0", "--allow-pickle"],
            env=environment({}),
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        assert child.stdout is not None
        line = child.stdout.readline()
        found = re.search(r":(\d+)$", line)
        try:
            assert found, (folder.parent / "served.log").read_text()
            yield int(found[1])
        finally:
            child.send_signal(signal.SIGTERM)
            child.wait(END_S)
            child.stdout.close()


@pytest.fixture(scope="module")
def stock(folder: Path) -> Any:
    return init(mlflow.pyfunc.load_model(str(folder)))


def test_the_scoring_client_asks(port: int) -> None:
    client = ScoringServerClient("127.0.0.1", port)
    client.ping()
    client.wait_server_ready(timeout=END_S)
    assert client.get_version() == mlflow.__version__
    pd.testing.assert_frame_equal(client.invoke(FRAME).get_predictions(), ANSWER)
    doubled = client.invoke(FRAME, params={"factor": 2.0}).get_predictions()
    assert doubled["price"].tolist() == [306.0, 403.0]
    with pytest.raises(Exception, match="error code 400"):
        client.invoke(FRAME.drop(columns="doors"))


def as_json(**body: Any) -> tuple[str, str]:
    return "application/json", json.dumps(body)


ROWS = FRAME.to_dict("records")
COLUMNS = FRAME.to_dict("list")
REQUESTS = {
    "split": as_json(dataframe_split={"columns": list(COLUMNS), "data": FRAME.to_numpy().tolist()}),
    "split, other order": as_json(dataframe_split={"columns": ["doors", "maker", "power"], "data": [[5, "saab", 1.5]]}),
    "split with index": as_json(dataframe_split={"columns": list(COLUMNS), "index": [7], "data": [["saab", 1.5, 5]]}),
    "split, integer for a double": as_json(dataframe_split={"columns": list(COLUMNS), "data": [["saab", 150, 5]]}),
    "split without a column": as_json(dataframe_split={"columns": ["maker"], "data": [["saab"]]}),
    "split of the wrong width": as_json(dataframe_split={"columns": list(COLUMNS), "data": [["saab", 150]]}),
    "split with a strange key": as_json(dataframe_split={"columns": list(COLUMNS), "data": [], "rows": 1}),
    "records": as_json(dataframe_records=ROWS),
    "records and params": as_json(dataframe_records=ROWS, params={"factor": 3.0}),
    "records and wrong params": as_json(dataframe_records=ROWS, params={"factor": "a lot"}),
    "records as an object": as_json(dataframe_records=COLUMNS),
    "records, more columns": as_json(dataframe_records=[{**ROWS[0], "colour": "red"}]),
    "records, text for a number": as_json(dataframe_records=[{**ROWS[0], "power": "fast"}]),
    "instances": as_json(instances=ROWS),
    "inputs by column": as_json(inputs=COLUMNS),
    "inputs by row": as_json(inputs=ROWS),
    "two forms": as_json(inputs=ROWS, instances=ROWS),
    "no form": as_json(rows=ROWS),
    "signature name": as_json(dataframe_records=ROWS, signature_name="x"),
    "not JSON": ("application/json", "{"),
    "not an object": ("application/json", "[1]"),
    "csv": ("text/csv", FRAME.to_csv(index=False)),
    "csv with a charset": ("text/csv; charset=utf-8", FRAME.to_csv(index=False)),
    "csv, wrong charset": ("text/csv; charset=latin-1", FRAME.to_csv(index=False)),
    "unknown type": ("text/html", "<p>"),
}


@pytest.mark.anyio
@pytest.mark.parametrize("name", REQUESTS)
async def test_answers_are_mlflows(port: int, stock: Any, name: str) -> None:
    kind, body = REQUESTS[name]
    headers = {"Content-Type": kind}
    transport = httpx.ASGITransport(app=stock)
    async with httpx.AsyncClient(transport=transport, base_url="http://stock") as client:
        theirs = await client.post("/invocations", content=body, headers=headers)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=END_S) as client:
        ours = await client.post("/invocations", content=body, headers=headers)
    assert ours.status_code == theirs.status_code, (ours.text, theirs.text)
    if theirs.status_code == 200:
        assert ours.json() == theirs.json()
    elif theirs.headers["content-type"].startswith("application/json"):
        assert ours.json()["error_code"] == theirs.json()["error_code"], (ours.text, theirs.text)
        assert "stack_trace" not in ours.json()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
