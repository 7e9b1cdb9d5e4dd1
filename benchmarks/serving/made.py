"""The models that are served, as folders that both Headrace and MLflow load. Run by Headrace's Python."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
TINY_INT4 = ROOT / "examples" / "phi3" / "phi3-tiny-int4"
WEIGHTS_GB = 1


def iris(folder: Path) -> Path:
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    import headrace

    data = load_iris(as_frame=True)
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(data.data, data.target)
    signature = headrace.models.infer_signature(data.data, model.predict(data.data))
    headrace.sklearn.save_model(model, folder, signature=signature, input_example=data.data[:2])
    return folder


def sleeper(folder: Path) -> Path:
    import headrace
    from headrace.types import ColSpec, Schema

    code = folder.parent / "sleeper_code.py"
    code.write_text(
        "import time\n"
        "from mlflow.models import set_model\n"
        "from mlflow.pyfunc import PythonModel\n\n\n"
        "class Sleeper(PythonModel):\n"
        "    def predict(self, context, model_input, params=None):\n"
        "        time.sleep(0.005 + 0.001 * (len(model_input) - 1) / 31)\n"
        "        return model_input['value'].tolist()\n\n\n"
        "set_model(Sleeper())\n"
    )
    import pandas as pd

    signature = headrace.models.ModelSignature(Schema([ColSpec("double", "value")]), Schema([ColSpec("double")]))
    example = pd.DataFrame({"value": [1.0, 2.0]})
    headrace.pyfunc.save_model(folder, python_model=str(code), signature=signature, input_example=example)
    return folder


def weighty(folder: Path) -> Path:
    """A PythonModel over an array of 1 GB in a file, which it maps."""
    import headrace

    weights = folder.parent / "weights.npy"
    made = np.lib.format.open_memmap(weights, mode="w+", dtype=np.float32, shape=(WEIGHTS_GB << 18, 1024))
    made[:] = 1.0
    made.flush()
    del made
    code = folder.parent / "weighty_code.py"
    code.write_text(
        "import numpy as np\n"
        "from mlflow.models import set_model\n"
        "from mlflow.pyfunc import PythonModel\n\n\n"
        "class Weighty(PythonModel):\n"
        "    def load_context(self, context):\n"
        "        self.weights = np.load(context.artifacts['weights'], mmap_mode='r')\n"
        "        self.total = float(sum(part.sum(dtype='f8') for part in np.array_split(self.weights, 64)))\n\n"
        "    def predict(self, context, model_input, params=None):\n"
        "        return [self.total] * len(model_input)\n\n\n"
        "set_model(Weighty())\n"
    )
    headrace.pyfunc.save_model(folder, python_model=str(code), artifacts={"weights": str(weights)})
    weights.unlink()
    return folder


def chat_genai(folder: Path, source: Path = TINY_INT4) -> Path:
    import headrace

    headrace.onnxruntime_genai.save_model(str(source), folder, pip_requirements=["onnxruntime-genai"])
    return folder


def chat_wrapper(folder: Path) -> Path:
    """As the scenario wraps it for MLflow: one prompt, one answer."""
    import headrace

    code = folder.parent / "wrapper_code.py"
    code.write_text(
        "import onnxruntime_genai as og\n"
        "from mlflow.models import set_model\n"
        "from mlflow.pyfunc import PythonModel\n\n\n"
        "class Phi3(PythonModel):\n"
        "    def load_context(self, context):\n"
        "        self.model = og.Model(context.artifacts['onnx'])\n"
        "        self.tokenizer = og.Tokenizer(self.model)\n\n"
        "    def predict(self, context, model_input, params=None):\n"
        "        prompt = model_input['prompt'][0]\n"
        "        ids = self.tokenizer.encode(prompt)\n"
        "        parameters = og.GeneratorParams(self.model)\n"
        "        parameters.set_search_options(max_length=len(ids) + 16)\n"
        "        generator = og.Generator(self.model, parameters)\n"
        "        generator.append_tokens(ids)\n"
        "        while not generator.is_done():\n"
        "            generator.generate_next_token()\n"
        "        return self.tokenizer.decode(generator.get_sequence(0)[len(ids):])\n\n\n"
        "set_model(Phi3())\n"
    )
    headrace.pyfunc.save_model(
        folder, python_model=str(code), artifacts={"onnx": str(TINY_INT4)}, input_example={"prompt": "Hello"}
    )
    return folder


def chat_transformers(folder: Path) -> Path:
    """The checkpoint behind the int4 folder; trained once, into build/phi3."""
    import transformers

    import headrace

    checkpoint = ROOT / "build" / "phi3" / "phi3-tiny"
    if not checkpoint.is_dir():
        command = [sys.executable, str(ROOT / "examples" / "phi3" / "make_model.py"), "--out", str(checkpoint.parent)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    pipeline = transformers.pipeline("text-generation", model=str(checkpoint))
    headrace.transformers.save_model(pipeline, folder, task="llm/v1/chat", pip_requirements=["transformers", "torch"])
    return folder


def mid_int4(folder: Path) -> Path:
    """A Phi-3 of 32 M parameters with random weights, as onnxruntime-genai runs it: work for the processor."""
    import torch
    from transformers import AutoTokenizer, GenerationConfig, Phi3Config, Phi3ForCausalLM

    made = ROOT / "build" / "phi3" / "phi3-mid-int4"
    if (made / "genai_config.json").is_file():
        return made
    checkpoint = folder / "phi3-mid"
    tokenizer = AutoTokenizer.from_pretrained(TINY_INT4)
    tokenizer.add_tokens([f"word{number:04}" for number in range(8192 - len(tokenizer))])
    torch.manual_seed(0)
    end = tokenizer.convert_tokens_to_ids("<|end|>")
    config = Phi3Config(
        vocab_size=8192,
        hidden_size=512,
        intermediate_size=1536,
        num_hidden_layers=8,
        num_attention_heads=8,
        num_key_value_heads=8,
        max_position_embeddings=2048,
        original_max_position_embeddings=2048,
        sliding_window=None,
        tie_word_embeddings=True,
        pad_token_id=end,
        eos_token_id=end,
        bos_token_id=tokenizer.convert_tokens_to_ids("<s>"),
    )
    model = Phi3ForCausalLM(config)
    model.generation_config = GenerationConfig(eos_token_id=end, pad_token_id=end, do_sample=False)
    model.save_pretrained(checkpoint)
    tokenizer.save_pretrained(checkpoint)
    builder = [sys.executable, "-m", "onnxruntime_genai.models.builder"]
    subprocess.run(
        [*builder, "-i", str(checkpoint), "-o", str(made), "-p", "int4", "-e", "cpu"],
        check=True,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
    )
    shutil.rmtree(checkpoint)
    return made


def chat_mid(folder: Path) -> Path:
    return chat_genai(folder, mid_int4(folder.parent))


def write_json(path: Path, value: Any) -> Path:
    path.write_text(json.dumps(value))
    return path


if __name__ == "__main__":
    globals()[sys.argv[1]](Path(sys.argv[2]))
