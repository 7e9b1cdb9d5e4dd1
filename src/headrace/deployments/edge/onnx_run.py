"""Answers requests with the ONNX model in this folder. Needs onnxruntime and NumPy, nothing else.

    python run.py request.json       or from standard input; the answer goes to standard output
    python run.py --check            asks the model's example and compares the answer with the recorded one

A request is JSON with one of dataframe_split, dataframe_records, instances and inputs, as a scoring server takes it.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

FORMS = ("dataframe_split", "dataframe_records", "instances", "inputs")
TYPES = {
    "tensor(bool)": "bool",
    "tensor(double)": "float64",
    "tensor(float)": "float32",
    "tensor(float16)": "float16",
    "tensor(int16)": "int16",
    "tensor(int32)": "int32",
    "tensor(int64)": "int64",
    "tensor(int8)": "int8",
    "tensor(string)": "object",
    "tensor(uint8)": "uint8",
}


class BadRequest(ValueError):
    """What is wrong with a request, in a sentence."""


class Model:
    """model.json says how columns become the graph's inputs, and which of its outputs is the answer."""

    def __init__(self, folder: Path) -> None:
        import onnxruntime

        self.about: dict[str, Any] = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3  # converters note shapes that are no more than a hint
        self.session = onnxruntime.InferenceSession(
            str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )
        self.types = {each.name: TYPES.get(each.type, "float32") for each in self.session.get_inputs()}

    def predict(self, request: Any) -> dict[str, Any]:
        feeds = {name: np.asarray(value).astype(self.types[name]) for name, value in self._inputs(request).items()}
        names = [each.name for each in self.session.get_outputs()]
        outputs = dict(zip(names, self.session.run(names, feeds), strict=True))
        return {"predictions": self._answer(outputs)}

    def _inputs(self, request: Any) -> dict[str, Any]:
        given = [form for form in FORMS if isinstance(request, dict) and form in request]
        if len(given) != 1:
            raise BadRequest(f"A request is an object with exactly one of {', '.join(FORMS)}.")
        data, columns = request[given[0]], self.about["columns"]
        if given[0] == "dataframe_split":
            rows, named = data["data"], data.get("columns")
            table = {name: [row[at] for row in rows] for at, name in enumerate(named or range(len(rows[0])))}
        elif given[0] == "dataframe_records" or (isinstance(data, list) and data and isinstance(data[0], dict)):
            table = {name: [row[name] for row in data] for name in data[0]}
        elif isinstance(data, dict):
            table = data
        elif len(self.types) == 1:
            return {next(iter(self.types)): data}
        else:
            raise BadRequest(f"The model has the inputs {', '.join(self.types)}; name them in an object.")
        return self._from_table(table, columns)

    def _from_table(self, table: dict[Any, Any], columns: list[Any] | None) -> dict[str, Any]:
        """columns: of the one matrix that the graph takes, in its order; None where each input has its own name."""
        wanted = list(self.types) if columns is None else columns
        missing = [name for name in wanted if name not in table]
        if missing:
            raise BadRequest(f"The request lacks {', '.join(map(str, missing))}; it has {', '.join(map(str, table))}.")
        if columns is not None:
            return {next(iter(self.types)): np.column_stack([np.asarray(table[name]) for name in columns])}
        if self.about["one_column_each"]:
            return {name: np.asarray(table[name], dtype=object).reshape(-1, 1) for name in wanted}
        return {name: table[name] for name in wanted}

    def _answer(self, outputs: dict[str, Any]) -> Any:
        answer = self.about["answer"]
        if answer["output"] is None:
            if not answer["as_rows"]:
                return {name: np.asarray(value).tolist() for name, value in outputs.items()}
            return _rows({name: np.asarray(value).reshape(-1) for name, value in outputs.items()})
        found = np.asarray(outputs[answer["output"]])
        if answer["as_rows"]:
            return _rows({str(at): column for at, column in enumerate(found.T)})
        if answer["column"] is not None:
            found = found[:, answer["column"]]
        if answer["dimensions"] is not None and found.ndim != answer["dimensions"]:
            found = found.reshape(-1) if answer["dimensions"] == 1 else found.reshape(-1, 1)
        return found.tolist()


def _rows(columns: dict[str, Any]) -> list[dict[str, Any]]:
    lists = {name: column.tolist() for name, column in columns.items()}
    return [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]


def differences(expected: Any, got: Any, tolerance: float) -> str:
    """What is different, in a sentence; empty if nothing is. tolerance: of floats, relative, and as much absolute."""
    if _shape(expected) != _shape(got):
        return f"the answer is like {json.dumps(got)[:100]} … instead of {json.dumps(expected)[:100]} …"
    largest = 0.0
    for one, other in zip(_leaves(expected), _leaves(got), strict=True):
        if isinstance(one, float) or isinstance(other, float):
            if not np.isclose(one, other, rtol=tolerance, atol=tolerance, equal_nan=True):
                largest = max(largest, abs(one - other))
        elif one != other:
            return f"it has {other!r} instead of {one!r}"
    return f"numbers differ by up to {largest:g}" if largest else ""


def _shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shape(each) for key, each in value.items()}
    return [_shape(each) for each in value] if isinstance(value, list) else None


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for key in sorted(value) for leaf in _leaves(value[key])]
    return [leaf for each in value for leaf in _leaves(each)] if isinstance(value, list) else [value]


def check(folder: Path) -> int:
    example = folder / "example.json"
    if not example.is_file():
        print("This model came without an example.", file=sys.stderr)
        return 2
    recorded = json.loads(example.read_text(encoding="utf-8"))
    model = Model(folder)
    got = model.predict(recorded["request"])["predictions"]
    wrong = differences(recorded["predictions"], got, model.about["tolerance"])
    print(f"Not as recorded: {wrong}." if wrong else "The example is answered as recorded.")
    return 1 if wrong else 0


def main() -> int:
    parser = argparse.ArgumentParser(description="Ask the ONNX model in this folder.")
    parser.add_argument("request", nargs="?", help="file with a request as JSON; standard input if absent")
    parser.add_argument("--check", action="store_true", help="ask the model's example")
    options = parser.parse_args()
    folder = Path(__file__).resolve().parent
    if options.check:
        return check(folder)
    text = Path(options.request).read_text(encoding="utf-8") if options.request else sys.stdin.read()
    try:
        print(json.dumps(Model(folder).predict(json.loads(text))))
    except (BadRequest, json.JSONDecodeError) as error:
        print(f"The request is no good: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
