"""The same models for both sides: saved by one, loaded and predicted by the other.

    python flavor_models.py save|predict FOLDER     with our `mlflow`, in our own environment; writes FOLDER.json

Each case is written once and takes the module, `headrace` or the genuine `mlflow`, as its argument.
"""

import importlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

CODE = """
import mlflow

class Greeter(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return [context.model_config["greeting"] + " " + name for name in model_input["name"]]

mlflow.models.set_model(Greeter())
"""
Case = tuple[Callable[[Any, Path, dict[str, Any]], Any], Any]  # saves and returns the framework's answer; the input


def frame() -> pd.DataFrame:
    numbers = np.random.default_rng(3)
    return pd.DataFrame({name: numbers.normal(size=40) for name in "abc"})


def array() -> Any:
    return frame().to_numpy()[:5].astype("float32")


def head() -> pd.DataFrame:
    return frame()[:5]


def sklearn(serialization_format: str) -> Callable[[Any, Path, dict[str, Any]], Any]:
    def save(mlflow: Any, path: Path, rest: dict[str, Any]) -> Any:
        from sklearn.ensemble import RandomForestClassifier
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        forest = RandomForestClassifier(n_estimators=5, random_state=1)
        model = make_pipeline(StandardScaler(), forest).fit(frame(), frame()["a"] > 0)
        if serialization_format == "skops":  # nodes of trees are indices, which skops leaves to the reader to trust
            rest = {**rest, "skops_trusted_types": ["sklearn.tree._tree.Tree"]}
        mlflow.sklearn.save_model(model, path, serialization_format=serialization_format, input_example=head(), **rest)
        return model.predict(head())

    return save


def xgboost(model_format: str) -> Callable[[Any, Path, dict[str, Any]], Any]:
    def save(mlflow: Any, path: Path, rest: dict[str, Any]) -> Any:
        import xgboost

        if model_format == "ubj":
            data = xgboost.DMatrix(frame(), label=frame()["a"])
            model = xgboost.train({"max_depth": 2, "nthread": 1}, data, num_boost_round=3)
            answer = model.predict(xgboost.DMatrix(head()))
        else:
            model = xgboost.XGBClassifier(n_estimators=3, max_depth=2, n_jobs=1).fit(frame(), frame()["a"] > 0)
            answer = model.predict(head())
        mlflow.xgboost.save_model(model, path, model_format=model_format, input_example=head(), **rest)
        return answer

    return save


def lightgbm(kind: str) -> Callable[[Any, Path, dict[str, Any]], Any]:
    def save(mlflow: Any, path: Path, rest: dict[str, Any]) -> Any:
        import lightgbm

        small = {"num_leaves": 4, "min_child_samples": 2, "verbose": -1, "num_threads": 1}
        if kind == "booster":
            model = lightgbm.train(small, lightgbm.Dataset(frame(), frame()["a"]), 3)
        else:
            model = lightgbm.LGBMClassifier(n_estimators=3, **small).fit(frame(), frame()["a"] > 0)
        mlflow.lightgbm.save_model(model, path, input_example=head(), **rest)
        return model.predict(head())

    return save


def catboost(mlflow: Any, path: Path, rest: dict[str, Any]) -> Any:
    from catboost import CatBoostRegressor

    model = CatBoostRegressor(iterations=3, depth=2, verbose=False, allow_writing_files=False, thread_count=1)
    model.fit(frame(), frame()["a"])
    mlflow.catboost.save_model(model, path, input_example=head(), **rest)
    return model.predict(head())


def statsmodels(mlflow: Any, path: Path, rest: dict[str, Any]) -> Any:
    import statsmodels.api as sm

    model = sm.OLS(frame()["a"] * 2 + frame()["b"], frame()).fit()
    mlflow.statsmodels.save_model(model, path, input_example=head(), **rest)
    return model.predict(head())


def onnx(mlflow: Any, path: Path, rest: dict[str, Any]) -> Any:
    from onnx import TensorProto, helper, numpy_helper

    weights = np.random.default_rng(4).normal(size=(3, 300)).astype("float32")
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3])]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 300])]
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"])]
    graph = helper.make_graph(nodes, "graph", inputs, outputs, [numpy_helper.from_array(weights, "w")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    mlflow.onnx.save_model(model, path, **rest)
    return {"y": array() @ weights}


def pytorch(serialization_format: str) -> Callable[[Any, Path, dict[str, Any]], Any]:
    def save(mlflow: Any, path: Path, rest: dict[str, Any]) -> Any:
        import torch

        class Net(torch.nn.Module):  # of this function alone, so that a pickle must carry it
            def __init__(self) -> None:
                super().__init__()
                self.layer = torch.nn.Linear(3, 2)

            def forward(self, x: Any) -> Any:
                return torch.relu(self.layer(x))

        torch.manual_seed(1)
        model = Net().eval()
        mlflow.pytorch.save_model(model, path, serialization_format=serialization_format, input_example=array(), **rest)
        return model(torch.from_numpy(array())).detach().numpy()

    return save


def python_model(mlflow: Any, path: Path, rest: dict[str, Any]) -> Any:
    class Scaled(mlflow.pyfunc.PythonModel):  # type: ignore[misc,name-defined]
        def load_context(self, context: Any) -> None:
            self.factor = float(Path(context.artifacts["factor"]).read_text())

        def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
            return model_input["a"].to_numpy() * self.factor + (params or {}).get("offset", 0.0)

    factor = path.parent / f"{path.name}-factor.txt"
    factor.write_text("3.0")
    example = (head(), {"offset": 1.0})
    mlflow.pyfunc.save_model(
        path, python_model=Scaled(), artifacts={"factor": str(factor)}, input_example=example, **rest
    )
    return head()["a"].to_numpy() * 3.0 + 1.0


def function_model(mlflow: Any, path: Path, rest: dict[str, Any]) -> Any:
    def shout(model_input: list[str]) -> list[str]:
        return [text.upper() for text in model_input]

    mlflow.pyfunc.save_model(path, python_model=shout, input_example=["x"], **rest)
    return ["A", "B"]


def hinted_model(mlflow: Any, path: Path, rest: dict[str, Any]) -> Any:
    class Lengths(mlflow.pyfunc.PythonModel):  # type: ignore[misc,name-defined]
        def predict(self, context: Any, model_input: list[dict[str, str]], params: Any = None) -> Any:
            return [len(record["text"]) for record in model_input]

    mlflow.pyfunc.save_model(path, python_model=Lengths(), input_example=[{"text": "x"}], **rest)
    return [3, 5]


def code_model(mlflow: Any, path: Path, rest: dict[str, Any]) -> Any:
    code = path.parent / f"{path.name}_code.py"
    code.write_text(CODE)
    config = {"greeting": "hello"}
    mlflow.pyfunc.save_model(path, python_model=str(code), model_config=config, **rest)
    code.unlink()
    return ["hello Ann", "hello Bo"]


def chat_agent(mlflow: Any, path: Path, rest: dict[str, Any]) -> Any:
    agent = importlib.import_module(f"{mlflow.__name__}.types.agent")

    class Shouts(mlflow.pyfunc.ChatAgent):  # type: ignore[misc,name-defined]
        def predict(self, messages: Any, context: Any = None, custom_inputs: Any = None) -> Any:
            text = messages[-1].content.upper()
            return agent.ChatAgentResponse(messages=[agent.ChatAgentMessage(role="assistant", content=text, id="1")])

    mlflow.pyfunc.save_model(path, python_model=Shouts(), **rest)
    return {"messages": [{"role": "assistant", "content": "HI", "id": "1"}]}


def responses_agent(mlflow: Any, path: Path, rest: dict[str, Any]) -> Any:
    """Both of its methods: MLflow pickles them with what traces them."""
    responses = importlib.import_module(f"{mlflow.__name__}.types.responses")

    class Shouts(mlflow.pyfunc.ResponsesAgent):  # type: ignore[misc,name-defined]
        def predict(self, request: Any) -> Any:
            items = [event.item for event in self.predict_stream(request) if event.type.endswith("done")]
            return responses.ResponsesAgentResponse(output=items)

        def predict_stream(self, request: Any) -> Any:
            text = request.input[-1].content.upper()
            yield responses.ResponsesAgentStreamEvent(**self.create_text_delta(text, "1"))
            item = self.create_text_output_item(text, "1")
            yield responses.ResponsesAgentStreamEvent(type="response.output_item.done", item=item)

    mlflow.pyfunc.save_model(path, python_model=Shouts(), **rest)
    content = [{"type": "output_text", "text": "HI", "annotations": []}]
    return {"object": "response", "output": [{"type": "message", "role": "assistant", "id": "1", "content": content}]}


CASES: dict[str, Case] = {
    "sklearn-skops": (sklearn("skops"), head()),
    "sklearn-cloudpickle": (sklearn("cloudpickle"), head()),
    "sklearn-pickle": (sklearn("pickle"), head()),
    "xgboost-booster": (xgboost("ubj"), head()),
    "xgboost-classifier": (xgboost("json"), head()),
    "lightgbm-booster": (lightgbm("booster"), head()),
    "lightgbm-classifier": (lightgbm("classifier"), head()),
    "catboost": (catboost, head()),
    "statsmodels": (statsmodels, head()),
    "onnx": (onnx, array()),
    "pytorch-pt2": (pytorch("pt2"), array()),
    "pytorch-pickle": (pytorch("pickle"), array()),
    "pyfunc-class": (python_model, head()),
    "pyfunc-function": (function_model, ["a", "b"]),
    "pyfunc-hinted": (hinted_model, [{"text": "one"}, {"text": "three"}]),
    "pyfunc-chat-agent": (chat_agent, {"messages": [{"role": "user", "content": "hi"}]}),
    "pyfunc-responses-agent": (responses_agent, {"input": [{"role": "user", "content": "hi"}]}),
    "pyfunc-code": (code_model, pd.DataFrame({"name": ["Ann", "Bo"]})),
}


def save(mlflow: Any, folder: Path) -> dict[str, Any]:
    """The framework's own answers, by case. Requirements are given, as MLflow takes 15 s to find each model's."""
    return {
        name: plain(make(mlflow, folder / name, {"pip_requirements": ["numpy"]})) for name, (make, _) in CASES.items()
    }


def predict(mlflow: Any, folder: Path) -> dict[str, Any]:
    answers = {}
    for name, (_, data) in CASES.items():
        loaded = mlflow.pyfunc.load_model(str(folder / name))
        answers[name] = plain(loaded.predict(data))
        flavor = name.partition("-")[0]
        if flavor != "pyfunc":
            native = getattr(mlflow, flavor).load_model(str(folder / name))
            assert type(native).__module__.partition(".")[0] not in ("mlflow", "headrace")
    return answers


def plain(answer: Any) -> Any:
    if isinstance(answer, dict):
        return {key: plain(value) for key, value in answer.items()}
    return answer if isinstance(answer, list) else np.asarray(answer).tolist()


if __name__ == "__main__":
    import warnings

    import headrace

    warnings.simplefilter("ignore")
    what, place = sys.argv[1], Path(sys.argv[2])
    done = {"save": save, "predict": predict}[what](headrace, place)
    place.with_suffix(".json").write_text(json.dumps(done))
