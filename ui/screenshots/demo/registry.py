"""Three registered models with their versions, aliases that were moved, gates, signatures and lineage."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import headrace
from headrace.entities import Gate, MetricCheck, ModelPolicy, SchemaCheck
from headrace.errors import GateRefused
from headrace.models import ModelSignature, infer_signature
from headrace.types import Schema, TensorSpec
from ui.screenshots.demo.files import network
from ui.screenshots.demo.writer import HOUR_MS, NOW_MS, Told, experiment

FLOWERS, CHURN, CHAT = "flower-classifier", "churn-scorer", "support-chat"
PHI3 = Path(__file__).parents[3] / "examples" / "phi3" / "phi3-tiny-int4"
FLOWERS_TEXT = """\
Says which of five flowers a picture shows. Served on the kiosks by `@champion`.

**Input:** pictures of 64 × 64, values from 0 to 1. Whoever moves `@champion` needs the agreement of *vision*.
"""
SIGNATURE = ModelSignature(
    inputs=Schema([TensorSpec(np.dtype(np.float32), (-1, 3, 64, 64), "pictures")]),
    outputs=Schema([TensorSpec(np.dtype(np.float32), (-1, 5), "probabilities")]),
)


def fill(runs: dict[str, str], folder: Path) -> None:
    flowers(runs, folder)
    churn()
    chat()


def flowers(runs: dict[str, str], folder: Path) -> None:
    client = headrace.MlflowClient()
    versions = {}
    for name in ("resnet18-03", "resnet50-04", "vit-tiny-06", "convnext-s-06", "convnext-s-96px"):
        versions[name] = register(runs[name], name)
    client.update_registered_model(FLOWERS, FLOWERS_TEXT)
    for key, value in {"team": "vision", "task": "image classification"}.items():
        client.set_registered_model_tag(FLOWERS, key, value)
    client.set_registered_model_alias(FLOWERS, "champion", versions["resnet18-03"], comment="the first one that works")
    client.set_registered_model_alias(FLOWERS, "champion", versions["resnet50-04"], comment="better on tulips")
    accuracy = MetricCheck(metric="val/accuracy", minimum=0.85, better="higher", margin=0.005)
    gate = Gate(alias="champion", checks=(accuracy, SchemaCheck()))
    private, public = key_pair(folder)
    policy = ModelPolicy(gates=(gate,), keys=(public,))
    client.set_model_policy(FLOWERS, policy, comment="as agreed with the kiosks' team")
    try:
        client.set_registered_model_alias(FLOWERS, "champion", versions["vit-tiny-06"], comment="smaller")
    except GateRefused as refused:
        client.set_model_version_tag(FLOWERS, versions["vit-tiny-06"], "refused", refused.message.split("\n")[0][:200])
    client.set_registered_model_alias(FLOWERS, "champion", versions["convnext-s-06"], comment="0.02 better, as quick")
    client.set_registered_model_alias(FLOWERS, "challenger", versions["convnext-s-96px"], comment="in the field test")
    sign(versions["convnext-s-06"], private)
    client.update_model_version(
        FLOWERS, versions["convnext-s-06"], "In the kiosks since Monday. Weights are **quantised** by the export."
    )
    for key, value in {"evaluation": "passed", "reviewed_by": "aiko"}.items():
        client.set_model_version_tag(FLOWERS, versions["convnext-s-06"], key, value)


def register(run_id: str, name: str) -> str:
    """The version; the run keeps the time at which it ended."""
    client = headrace.MlflowClient()
    before = client.get_run(run_id).info
    with headrace.start_run(run_id=run_id):
        info = headrace.onnx.log_model(
            network(),
            name="classifier",
            signature=SIGNATURE,
            registered_model_name=FLOWERS,
            pip_requirements=["onnxruntime==1.32.0", "numpy==2.4.6"],
            metadata={"classes": "daisy, dandelion, rose, sunflower, tulip", "from": name},
        )
    client.set_terminated(run_id, "FINISHED", before.end_time)
    return str(info.registered_model_version)


def key_pair(folder: Path) -> tuple[Path, str]:
    private = ec.generate_private_key(ec.SECP256R1())
    text = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    path = folder / "team.key"
    path.write_bytes(text)
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return path, public.decode()


def sign(version: str, key: Path) -> None:
    words = ["models", "sign", f"{FLOWERS}/{version}", "--private-key", str(key), "--comment", "released"]
    command = [sys.executable, "-c", "from headrace.cli import main; main()", *words]
    subprocess.run([*command, "--tracking-uri", headrace.get_tracking_uri()], check=True, capture_output=True)


def customers() -> tuple[pd.DataFrame, pd.Series]:
    dice = np.random.default_rng(11)
    table = pd.DataFrame(
        {
            "plan": dice.integers(1, 4, 600),
            "months": dice.integers(1, 60, 600),
            "calls_to_support": dice.poisson(1.4, 600),
            "spent": dice.gamma(2.0, 40.0, 600).round(2),
        }
    )
    odds = 0.6 * table.calls_to_support - 0.06 * table.months + dice.normal(0, 0.8, 600)
    return table, (odds > 0).astype(int)


def churn() -> None:
    table, left = customers()
    writer = experiment("churn", "Which customers leave within a quarter.", team="growth")
    client = headrace.MlflowClient()
    for number, strength in enumerate((0.01, 0.1, 1.0, 10.0)):
        model = make_pipeline(StandardScaler(), LogisticRegression(C=strength)).fit(table, left)
        score = model.score(table, left)
        told = Told(name=f"logistic C={strength}", hours_ago=50 - number, minutes=0.4, params={"C": strength})
        run_id = writer.run(told, [("accuracy", float(score), 0), ("auc", float(score) * 1.04, 0)])
        with headrace.start_run(run_id=run_id):
            data = headrace.data.from_pandas(
                table.assign(left=left),
                source="s3://growth/churn/2026-q3.parquet",
                targets="left",
                name="churn-2026-q3",
            )
            headrace.log_input(data, context="training")
            headrace.sklearn.log_model(
                model,
                name="scorer",
                signature=infer_signature(table, model.predict(table)),
                input_example=table.head(3),
                registered_model_name=CHURN if number > 1 else None,
                pip_requirements=["scikit-learn==1.9.1", "pandas==3.1.1"],
            )
        client.set_terminated(run_id, "FINISHED", NOW_MS - int((50 - number) * HOUR_MS) + 24_000)
    client.update_registered_model(CHURN, "Probability that a customer leaves. Scored every night.")
    client.set_registered_model_alias(CHURN, "champion", "2", comment="same accuracy, steadier")


def chat() -> None:
    writer = experiment("support-chat", "A small chat model for the help desk.", team="support")
    run_id = writer.run(Told(name="phi3-tiny int4", hours_ago=20, minutes=3, params={"bits": 4, "context": 256}))
    with headrace.start_run(run_id=run_id):
        headrace.onnxruntime_genai.log_model(str(PHI3), name="phi3", task="llm/v1/chat", registered_model_name=CHAT)
    client = headrace.MlflowClient()
    client.set_terminated(run_id, "FINISHED", NOW_MS - 20 * HOUR_MS + 180_000)
    client.update_registered_model(CHAT, "Answers short questions. For trying things out.")
    client.set_registered_model_alias(CHAT, "champion", "1", comment="the only one")
