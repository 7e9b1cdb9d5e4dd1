"""BentoML: `bentoml serve bento_iris:Iris`."""

from typing import Any

import bentoml
import pandas as pd
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


@bentoml.service(workers=1)
class Iris:
    def __init__(self) -> None:
        data = load_iris(as_frame=True)
        self.model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(data.data, data.target)

    @bentoml.api(route="/invocations")
    def invocations(self, dataframe_split: dict[str, Any]) -> dict[str, Any]:
        frame = pd.DataFrame(dataframe_split["data"], columns=dataframe_split["columns"])
        return {"predictions": self.model.predict(frame).tolist()}
