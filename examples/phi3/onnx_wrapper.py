"""Phi-3, way 2: a Python class round a 4-bit ONNX model that onnxruntime-genai runs.

    python examples/phi3/onnx_wrapper.py [--model cpu_and_mobile/cpu-int4-rtn-block-32-acc-level-4]

Without --model, the tiny Phi-3 is used: the copy beside this file, unless --out names a folder where it is to be made.
Needs onnxruntime-genai; making the tiny one needs torch, transformers and onnx too.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from printing import console, heading, show, show_signature
from registering import make_champion, where

import headrace as mlflow
from headrace.models import infer_signature

PROMPT = "<|system|>You are a stand-up comedian.<|end|><|user|>Tell me a joke about atom<|end|><|assistant|>"


class Phi3Model(mlflow.pyfunc.PythonModel):
    def load_context(self, context: Any) -> None:
        """Opens the ONNX folder that was logged with the model."""
        import onnxruntime_genai as og

        self.model = og.Model(context.artifacts["phi3-mini-onnx"])
        self.params = og.GeneratorParams(self.model)
        self.params.set_search_options(max_length=300, temperature=0.2)
        self.tokenizer = og.Tokenizer(self.model)

    def predict(self, context: Any, model_input: Any) -> str:  # noqa: ARG002 — the interface's
        import onnxruntime_genai as og

        prompt = model_input["prompt"][0]
        input_tokens = self.tokenizer.encode(prompt)
        generator = og.Generator(self.model, self.params)
        generator.append_tokens(input_tokens)
        while not generator.is_done():
            generator.generate_next_token()
        answer: str = self.tokenizer.decode(generator.get_sequence(0)[len(input_tokens) :])
        return answer

    def predict_stream(self, context: Any, model_input: Any) -> Iterator[str]:  # noqa: ARG002
        """The same answer, piece by piece: with it, a served model streams completions."""
        import onnxruntime_genai as og

        generator = og.Generator(self.model, self.params)
        generator.append_tokens(self.tokenizer.encode(model_input["prompt"][0]))
        pieces = self.tokenizer.create_stream()
        while not generator.is_done():
            generator.generate_next_token()
            yield pieces.decode(int(generator.get_next_tokens()[0]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, help="a folder of ONNX files with a genai_config.json")
    parser.add_argument("--out", type=Path, help="make the tiny Phi-3 here")
    arguments = parser.parse_args()
    folder = arguments.model or Path(__file__).with_name("phi3-tiny-int4")
    if arguments.out is not None:
        import make_model

        folder = make_model.make(arguments.out, console)[1]

    heading("Way 2: a Python class round an ONNX model")
    input_example = {"prompt": PROMPT}
    with mlflow.start_run():
        model_info = mlflow.pyfunc.log_model(
            artifact_path="phi3-onnx-model",
            python_model=Phi3Model(),
            artifacts={"phi3-mini-onnx": str(folder)},
            input_example=input_example,
            signature=infer_signature(input_example, ["Run"]),
            extra_pip_requirements=["torch", "onnxruntime_genai", "numpy"],
        )
    show_signature(model_info.signature)

    uri = make_champion(model_info, "phi3-comedian")
    model = mlflow.pyfunc.load_model(uri)
    show(PROMPT, model.predict({"prompt": PROMPT}))
    console.print(f"  Logged as {model_info.model_uri}")
    console.print(f"  {where(uri)}")


if __name__ == "__main__":
    main()
