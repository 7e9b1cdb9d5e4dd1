"""BentoML with its adaptive batching: `bentoml serve bento_sleep:Sleeper`."""

import time
from typing import Any

import bentoml


@bentoml.service(workers=1)
class Batcher:
    @bentoml.api(batchable=True, max_batch_size=32, max_latency_ms=10_000)
    def predict(self, batch: list[float]) -> list[float]:
        time.sleep(0.005 + 0.001 * (len(batch) - 1) / 31)
        return batch


@bentoml.service(workers=1)
class Sleeper:
    batcher = bentoml.depends(Batcher)

    @bentoml.api(route="/invocations")
    async def invocations(self, dataframe_split: dict[str, Any]) -> dict[str, Any]:
        value = float(dataframe_split["data"][0][0])
        return {"predictions": await self.batcher.to_async.predict([value])}
