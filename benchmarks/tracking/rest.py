"""What is sent to prepare a measurement and to check its result; never inside a measured stretch."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import msgspec
import urllib3

PREFIX = "/api/2.0/mlflow"
CREATE_RUN = f"{PREFIX}/runs/create"
LOG_BATCH = f"{PREFIX}/runs/log-batch"
LOG_METRIC = f"{PREFIX}/runs/log-metric"
SEARCH_RUNS = f"{PREFIX}/runs/search"
START_MS = 1_700_000_000_000
JSON_TYPE = {"Content-Type": "application/json"}


class Refused(Exception):
    """A server refused a request of the preparation."""


@dataclass(frozen=True)
class Rest:
    url: str
    pool: urllib3.PoolManager = field(default_factory=lambda: urllib3.PoolManager(maxsize=8, retries=False))

    def post(self, path: str, body: Any) -> Any:
        return self.send("POST", path, body=msgspec.json.encode(body), headers=JSON_TYPE)

    def get(self, path: str, **query: str) -> Any:
        return self.send("GET", path, fields=query)

    def send(self, method: str, path: str, **options: Any) -> Any:
        answer = self.pool.request(method, self.url + path, timeout=300.0, **options)
        if answer.status != 200:
            raise Refused(f"{method} {path}: {answer.status} {answer.data[:500]!r}")
        return msgspec.json.decode(answer.data) if answer.data else {}

    def experiment(self, name: str) -> str:
        return str(self.post(f"{PREFIX}/experiments/create", {"name": name})["experiment_id"])

    def run(self, experiment_id: str, start_ms: int = START_MS) -> str:
        body = {"experiment_id": experiment_id, "start_time": start_ms}
        return str(self.post(CREATE_RUN, body)["run"]["info"]["run_id"])

    def runs(self, experiment_id: str, count: int) -> list[str]:
        with ThreadPoolExecutor(4) as pool:
            return list(pool.map(lambda i: self.run(experiment_id, START_MS + i), range(count)))

    def history(self, run_id: str, key: str) -> list[dict[str, Any]]:
        answer = self.get(f"{PREFIX}/metrics/get-history", run_id=run_id, metric_key=key)
        return list(answer.get("metrics", []))
