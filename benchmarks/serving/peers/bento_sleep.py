"""BentoML with its adaptive batching: `bentoml serve bento_sleep:Sleeper`. Its requests hold a list: {"batch": [1.0]}.
Two services, of which one hands single values to the other, lose connections under this load."""

import time

import bentoml


@bentoml.service(workers=1)
class Sleeper:
    @bentoml.api(batchable=True, max_batch_size=32, max_latency_ms=10_000, route="/invocations")
    def predict(self, batch: list[float]) -> list[float]:
        time.sleep(0.005 + 0.001 * (len(batch) - 1) / 31)
        return batch
