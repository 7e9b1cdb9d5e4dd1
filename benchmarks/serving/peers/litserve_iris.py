"""LitServe, one worker. `python litserve_iris.py PORT`."""

import sys
from typing import Any

import litserve as ls
import pandas as pd
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


class Iris(ls.LitAPI):
    def setup(self, device: str) -> None:  # noqa: ARG002
        data = load_iris(as_frame=True)
        self.model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(data.data, data.target)

    def decode_request(self, request: dict[str, Any]) -> pd.DataFrame:
        split = request["dataframe_split"]
        return pd.DataFrame(split["data"], columns=split["columns"])

    def predict(self, frame: pd.DataFrame) -> Any:
        return self.model.predict(frame)

    def encode_response(self, output: Any) -> dict[str, Any]:
        return {"predictions": output.tolist()}


if __name__ == "__main__":
    server = ls.LitServer(Iris(api_path="/invocations"), accelerator="cpu", workers_per_device=1)
    server.run(host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", generate_client_file=False)
