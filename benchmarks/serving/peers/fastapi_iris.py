"""Plain FastAPI: the frame that the request describes, through the model. `python fastapi_iris.py PORT`."""

import sys
from typing import Any

import pandas as pd
import uvicorn
from fastapi import FastAPI, Request
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

data = load_iris(as_frame=True)
model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(data.data, data.target)
app = FastAPI()


@app.post("/invocations")
async def invocations(request: Request) -> dict[str, Any]:
    split = (await request.json())["dataframe_split"]
    frame = pd.DataFrame(split["data"], columns=split["columns"])
    return {"predictions": model.predict(frame).tolist()}


@app.get("/ping")
def ping() -> str:
    return "ok"


uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", access_log=False)
