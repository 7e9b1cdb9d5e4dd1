"""The runs that searches look through: the same for every system, made from the run's number alone."""

import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from benchmarks.tracking.rest import LOG_BATCH, START_MS, Rest

METRICS, PARAMS, TAGS = 10, 20, 5
CHOICES = ["adam", "sgd", "lamb", "lion"]


def run_data(number: int) -> dict[str, Any]:
    """Body of the log-batch of run `number`, less its id. m0 is uniform in [0, 1); p0 is one of four words."""
    dice = random.Random(number)
    metrics = [{"key": f"m{i}", "value": dice.random(), "timestamp": START_MS + i, "step": 10} for i in range(METRICS)]
    params = [{"key": "p0", "value": dice.choice(CHOICES)}]
    params += [{"key": f"p{i}", "value": f"{dice.random():.6f}"} for i in range(1, PARAMS)]
    tags = [{"key": f"t{i}", "value": f"value {dice.randrange(100)}"} for i in range(TAGS)]
    return {"metrics": metrics, "params": params, "tags": tags}


def fill(rest: Rest, experiment_id: str, count: int, *, clients: int = 4) -> str:
    """Makes runs 0…count-1 of the experiment; the id of the last."""

    def make(number: int) -> str:
        run_id = rest.run(experiment_id, START_MS + number)
        rest.post(LOG_BATCH, {"run_id": run_id, **run_data(number)})
        return run_id

    with ThreadPoolExecutor(clients) as pool:
        return list(pool.map(make, range(count)))[-1]
