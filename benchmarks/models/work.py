"""One piece of work on one system: `python work.py headrace|mlflow ROW FOLDER SIZE` prints its figures as JSON.

Runs in the system's own environment, so it imports nothing of ours but the system itself. What is measured is told in
`plan.py`; figures are seconds unless their names say otherwise.
"""

import contextlib
import json
import logging
import os
import sys
import time
import types
import warnings
from pathlib import Path

SYSTEM, ROW, FOLDER, SIZE = sys.argv[1], sys.argv[2], Path(sys.argv[3]), sys.argv[4]
os.environ.update(HF_HUB_OFFLINE="1", OMP_NUM_THREADS="1", MLFLOW_DISABLE_TELEMETRY="true")
os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
os.chdir(FOLDER)
warnings.simplefilter("ignore")
logging.disable(logging.WARNING)

if SYSTEM == "headrace":
    import headrace as mlflow
else:
    import mlflow

REPEATS = 3 if SIZE == "quick" else 10


def timed(call, repeats: int = REPEATS) -> list[float]:
    took = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        took.append(time.perf_counter() - start)
    return took


def per_call(call, calls: int, rounds: int = 7) -> list[float]:
    """Seconds a call, one figure a round."""
    call()
    return [sum(timed(call, calls)) / calls for _ in range(rounds)]


def iris_pipeline():
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    x, y = load_iris(return_X_y=True, as_frame=True)
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(x, y), x, y


def log_sklearn() -> dict:
    model, x, _ = iris_pipeline()
    signature = mlflow.models.infer_signature(x, model.predict(x))
    with mlflow.start_run():
        took = timed(lambda: mlflow.sklearn.log_model(model, name="iris", signature=signature))
    return {"first": took[0], "again": took[1:]}


def log_sklearn_example() -> dict:
    model, x, _ = iris_pipeline()
    with mlflow.start_run():
        took = timed(lambda: mlflow.sklearn.log_model(model, name="iris", input_example=x.head(3)))
    return {"first": took[0], "again": took[1:]}


def load_sklearn() -> dict:
    """What pyfunc.load_model takes over reading the same file with skops."""
    import skops.io

    model, x, _ = iris_pipeline()
    info = mlflow.sklearn.log_model(model, name="iris", signature=mlflow.models.infer_signature(x, model.predict(x)))
    file = next(Path(FOLDER).rglob("model.skops"))
    own = timed(lambda: skops.io.load(file, trusted=skops.io.get_untrusted_types(file=file)))
    took = timed(lambda: mlflow.pyfunc.load_model(info.model_uri))
    return {"own": own[1:], "took": took[1:]}


class Echo(mlflow.pyfunc.PythonModel):
    def predict(self, model_input):
        return model_input


def echo(frame):
    """A model that does nothing, so that what is left is the way to it."""
    signature = mlflow.models.infer_signature(frame, frame)
    mlflow.pyfunc.save_model("echo", python_model=Echo(), signature=signature, pip_requirements=[])
    return mlflow.pyfunc.load_model("echo")


def predict_one_row() -> dict:
    import numpy as np
    import pandas as pd

    frame = pd.DataFrame(np.random.default_rng(0).random((1, 20)), columns=[f"c{i}" for i in range(20)])
    model = echo(frame)
    return {"took": per_call(lambda: model.predict(frame), 20 if SIZE == "quick" else 200)}


def predict_iris() -> dict:
    model, x, _ = iris_pipeline()
    mlflow.sklearn.save_model(model, "iris", signature=mlflow.models.infer_signature(x, model.predict(x)))
    loaded, row = mlflow.pyfunc.load_model("iris"), x.head(1)
    both = [(per_call(lambda: loaded.predict(row), 50, 1)[0], per_call(lambda: model.predict(row), 50, 1)[0])
            for _ in range(7)]  # fmt: skip
    return {"took": [one for one, _ in both], "own": [own for _, own in both]}


def enforce_columns() -> dict:
    import numpy as np
    import pandas as pd

    frame = pd.DataFrame(np.random.default_rng(0).random((1, 600)), columns=[f"c{i}" for i in range(600)])
    model = echo(frame)
    return {"took": per_call(lambda: model.predict(frame), 5, 5)}


def enforce_rows() -> dict:
    """1 M rows × 20 columns, half of them of a narrower type, which must be widened."""
    import numpy as np
    import pandas as pd

    rows = 100_000 if SIZE == "quick" else 1_000_000
    values = np.random.default_rng(0).random((rows, 20))
    frame = pd.DataFrame({f"c{i}": values[:, i] for i in range(20)})
    model = echo(frame.head(2))
    narrow = frame.astype({f"c{i}": "float32" for i in range(10)})
    return {"took": timed(lambda: model.predict(narrow), 3), "values": rows * 20}


def log_big() -> dict:
    """A file of 2 GB as artifact of a PythonModel, beside copying and hashing it."""
    import hashlib
    import resource
    import shutil

    size = 64 << 20 if SIZE == "quick" else 2 << 30
    source = FOLDER / "weights.bin"
    block = os.urandom(1 << 20)
    with source.open("wb") as file:
        for at in range(size >> 20):
            file.write(at.to_bytes(8, "little") + block[8:])
    with source.open("rb") as file:  # into the page cache, for all alike
        while file.read(1 << 22):
            pass

    def copy():
        shutil.copyfile(source, "copy.bin")
        Path("copy.bin").unlink()

    def digest():
        hashed, buffer = hashlib.sha256(), bytearray(1 << 20)
        with source.open("rb") as file:
            while count := file.readinto(buffer):
                hashed.update(memoryview(buffer)[:count])

    rounds = 1 if SIZE == "quick" else 3
    figures: dict = {"copy": [], "sha256": [], "took": [], "bytes": size}
    for _ in range(rounds):
        figures["copy"] += timed(copy, 1)
        figures["sha256"] += timed(digest, 1)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        figures["took"] += timed(
            lambda: mlflow.pyfunc.log_model(
                name="big", python_model=Echo(), artifacts={"weights": str(source)}, pip_requirements=[]
            ),
            1,
        )
        figures["grown_mb"] = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        for logged in Path(FOLDER).rglob("weights.bin"):
            if logged != source:
                logged.unlink()
    source.unlink()
    return figures


def log_transformers() -> dict:
    """A tiny Phi-3 of random weights, as a chat."""
    import transformers
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(vocab_size=400, special_tokens=["<unk>", "<|end|>", "<|user|>", "<|assistant|>"])
    tokenizer.train_from_iterator(["What is the capital of Spain? The capital of Spain is Madrid."] * 4, trainer)
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|end|>", pad_token="<|end|>")
    fast.chat_template = "{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] }}<|end|>{% endfor %}<|assistant|>"
    config = transformers.Phi3Config(
        vocab_size=len(fast), hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=512, original_max_position_embeddings=512, sliding_window=None,
        pad_token_id=1, eos_token_id=1, bos_token_id=1,
    )  # fmt: skip
    model = transformers.Phi3ForCausalLM(config)
    pipeline = transformers.pipeline("text-generation", model=model, tokenizer=fast)
    # MLflow asks for torchvision's version whatever the model is; a build that fits torch may not be there.
    sys.modules.setdefault("torchvision", types.SimpleNamespace(__version__="0.28.0"))  # type: ignore[arg-type]
    took = timed(
        lambda: mlflow.transformers.log_model(pipeline, name="chat", task="llm/v1/chat"), 1 if SIZE == "quick" else 3
    )
    return {"first": took[0], "again": took[1:] or took}


def main() -> None:
    if SYSTEM == "mlflow":
        mlflow.set_tracking_uri(f"sqlite:///{FOLDER}/mlflow.db")
    with contextlib.redirect_stdout(sys.stderr):
        mlflow.set_experiment("bench")
        figures = globals()[ROW]()
    print(json.dumps(figures))


main()
