"""Phi-3 without a wrapper: the flavor `onnxruntime_genai` logs an ONNX folder in one line and answers like OpenAI.

    python examples/phi3/one_line.py [--model FOLDER]

Without --model, the tiny Phi-3 beside this file is used. Needs nothing but onnxruntime-genai: no torch, no training.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from printing import console, heading, show

import headrace as mlflow

QUESTION = "What is the capital of Spain?"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=Path(__file__).with_name("phi3-tiny-int4"))
    arguments = parser.parse_args()

    heading("A chat model in one line")
    model_info = mlflow.onnxruntime_genai.log_model(arguments.model, name="phi3-tiny", task="llm/v1/chat")

    model = mlflow.pyfunc.load_model(model_info.model_uri)
    response = model.predict({"messages": [{"role": "user", "content": QUESTION}]})
    show(QUESTION, response[0]["choices"][0]["message"]["content"], response[0]["usage"])
    console.print(f"  Logged as {model_info.model_uri}")


if __name__ == "__main__":
    main()
