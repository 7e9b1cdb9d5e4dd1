"""The tiny Phi-3 of examples/phi3 for tests: the ONNX folder of the repository, and a Transformers checkpoint of it.

The checkpoint holds the 4-bit weights of the ONNX folder as floats, so no test waits for training. It answers like the
trained one; tests/examples trains the real one in `make test-full`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "phi3"
PHI3_ONNX = EXAMPLES / "phi3-tiny-int4"
_ZERO = 8  # of unsigned 4-bit weights
_NAMES = {
    "model.embed_tokens": ["lm_head"],
    **{
        f"model.layers.{layer}.{ours}": [f"model.layers.{layer}.{theirs}" for theirs in parts]
        for layer in (0, 1)
        for ours, parts in {
            "self_attn.qkv_proj": ["attn.qkv_proj"],
            "self_attn.o_proj": ["attn.o_proj"],
            "mlp.gate_up_proj": ["mlp.gate_proj", "mlp.up_proj"],
            "mlp.down_proj": ["mlp.down_proj"],
        }.items()
    },
}


@pytest.fixture(scope="session")
def phi3_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as `transformers` saves it, made in a second."""
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    pytest.importorskip("onnx")
    folder = tmp_path_factory.mktemp("phi3") / "phi3-tiny"
    make_checkpoint(folder)
    return folder


def make_checkpoint(folder: Path) -> None:
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    sys.path.insert(0, str(EXAMPLES))
    try:
        import make_model
    finally:
        sys.path.remove(str(EXAMPLES))
    import torch
    import transformers

    transformers.utils.logging.disable_progress_bar()
    tokenizer = transformers.AutoTokenizer.from_pretrained(PHI3_ONNX)
    model = make_model.new_model(tokenizer)
    weights = {name: torch.from_numpy(array.copy()) for name, array in _weights().items()}
    missing, unexpected = model.load_state_dict(weights, strict=False)
    assert (missing, unexpected) == (["lm_head.weight"], [])  # tied to the embedding
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _weights() -> dict[str, Any]:
    import numpy as np
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(PHI3_ONNX / "model.onnx").graph
    stored = {entry.name: numpy_helper.to_array(entry) for entry in graph.initializer}

    def floats(name: str) -> Any:
        packed, scales = stored[f"{name}.MatMul.weight_Q4"], stored[f"{name}.MatMul.weight_scales"]
        unpacked = np.stack([packed & 15, packed >> 4], axis=-1).reshape(*scales.shape, -1).astype(np.float32)
        return ((unpacked - _ZERO) * scales[..., None]).reshape(len(packed), -1)

    found = {f"{name}.weight": np.concatenate([floats(part) for part in parts]) for name, parts in _NAMES.items()}
    for layer in (0, 1):
        for norm in ("input_layernorm", "post_attention_layernorm"):
            found[f"model.layers.{layer}.{norm}.weight"] = stored[f"model.layers.{layer}.{norm}.weight"]
    found["model.norm.weight"] = stored["model.layers.2.final_norm_layernorm.weight"]
    return found
