"""A model that sleeps 5 ms for one input and 6 ms for 32, in batches. `python litserve_sleep.py PORT`."""

import sys
import time
from typing import Any

import litserve as ls


class Sleeper(ls.LitAPI):
    def setup(self, device: str) -> None:
        pass

    def decode_request(self, request: dict[str, Any]) -> float:
        return float(request["dataframe_split"]["data"][0][0])

    def predict(self, batch: list[float]) -> list[float]:
        time.sleep(0.005 + 0.001 * (len(batch) - 1) / 31)
        return batch

    def encode_response(self, output: float) -> dict[str, Any]:
        return {"predictions": [output]}


if __name__ == "__main__":
    api = Sleeper(max_batch_size=32, batch_timeout=0.005, api_path="/invocations")
    server = ls.LitServer(api, accelerator="cpu", workers_per_device=1)
    server.run(host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", generate_client_file=False)
