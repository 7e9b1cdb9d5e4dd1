"""Phi-3, way 1: a Transformers pipeline that answers like OpenAI's Chat API.

    python examples/phi3/pipeline.py [--model microsoft/Phi-3-mini-4k-instruct]

Without --model, the tiny Phi-3 is used, and made first where it isn't there yet. Needs torch and transformers.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import make_model  # before transformers: it keeps torch to one thread and the Hub out of it
import transformers
from printing import console, heading, show, show_signature
from registering import make_champion, where

import headrace as mlflow

QUESTION = "What is the capital of Spain?"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", help="a name on the Hugging Face Hub, or the folder of a checkpoint")
    parser.add_argument("--out", type=Path, default=Path("build/phi3"), help="where the tiny Phi-3 is made")
    arguments = parser.parse_args()
    name = arguments.model or str(make_model.make(arguments.out, console)[0])
    transformers.utils.logging.disable_progress_bar()

    heading("Way 1: a Transformers pipeline")
    pipeline = transformers.pipeline(task="text-generation", model=name)
    model_config = {"max_new_tokens": 300, "do_sample": False}
    with mlflow.start_run():
        model_info = mlflow.transformers.log_model(
            transformers_model=pipeline,
            artifact_path="phi3-mlflow-model",
            model_config=model_config,
            task="llm/v1/chat",
        )
    show_signature(model_info.signature)

    uri = make_champion(model_info, "phi3-chat")
    model = mlflow.pyfunc.load_model(uri)
    messages = [{"role": "user", "content": QUESTION}]
    response = model.predict({"messages": messages})
    show(QUESTION, response[0]["choices"][0]["message"]["content"], response[0]["usage"])
    console.print(f"  Logged as {model_info.model_uri}")
    console.print(f"  {where(uri)}")


if __name__ == "__main__":
    main()
