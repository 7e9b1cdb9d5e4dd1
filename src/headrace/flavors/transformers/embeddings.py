"""A feature-extraction pipeline as an engine for embeddings: the vector of the first token, as MLflow takes it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from headrace.errors import InvalidValue

MAX_BATCH = 32
_HUGE = 10**6


class PipelineEmbedder:
    def __init__(self, pipeline: Any, model_name: str) -> None:
        self._model, self._tokenizer = pipeline.model, pipeline.tokenizer
        self.model_name = model_name
        self._lock = threading.Lock()
        bound = getattr(self._model.config, "max_position_embeddings", None) or self._tokenizer.model_max_length
        self._most = bound if isinstance(bound, int) and bound < _HUGE else None

    def embed(self, texts: Sequence[str]) -> tuple[list[list[float]], list[int]]:
        with self._lock:
            rows: list[list[int]] = self._tokenizer(list(texts), truncation=False)["input_ids"]
        for row in rows:
            if self._most is not None and len(row) > self._most:
                raise InvalidValue(
                    message=f"Parameter 'input' has a text of {len(row)} tokens; the model takes {self._most}."
                )
        vectors: list[list[float]] = [[] for _ in rows]
        order = sorted(range(len(rows)), key=lambda number: len(rows[number]))
        # Without a token to pad with, only texts of a length share a batch.
        pads = self._tokenizer.pad_token_id is not None
        while order:
            size = 1
            while size < min(len(order), MAX_BATCH) and (pads or len(rows[order[size]]) == len(rows[order[0]])):
                size += 1
            batch, order = order[:size], order[size:]
            for number, vector in zip(batch, self._vectors([rows[number] for number in batch]), strict=True):
                vectors[number] = vector
        return vectors, list(map(len, rows))

    def _vectors(self, rows: Sequence[Sequence[int]]) -> list[list[float]]:
        """Padded at the end, so that the first token is the first."""
        import torch

        width = max(map(len, rows))
        ids = torch.full((len(rows), width), self._tokenizer.pad_token_id or 0, dtype=torch.long)
        mask = torch.zeros_like(ids)
        for position, row in enumerate(rows):
            ids[position, : len(row)] = torch.tensor(row, dtype=torch.long)
            mask[position, : len(row)] = 1
        device = self._model.device
        with torch.inference_mode():
            found = self._model(input_ids=ids.to(device), attention_mask=mask.to(device))
        listed: list[list[float]] = found[0][:, 0].float().cpu().tolist()
        return listed
