"""Which token comes next, row by row: each row of a batch has options, penalties and a random stream of its own.

transformers generates greedily all the while; a row that samples has its token drawn here and every other one ruled
out. Where a row has nothing to say, the logits stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from headrace.packaging.llm.engine import Job

SAMPLING = ("temperature", "top_k", "top_p", "min_p", "typical_p", "epsilon_cutoff", "eta_cutoff")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Of one row. repetition: over prompt and answer; frequency and presence: over the answer."""

    sample: bool
    sampling: dict[str, Any]
    repetition: float
    frequency: float
    presence: float

    @classmethod
    def of(cls, job: Job, own: Mapping[str, Any]) -> Settings:
        """The job's options, and the model's own settings where they are silent."""
        options = job.options
        sample = bool(own.get("do_sample")) if options.sample is None else options.sample
        sampling = {name: own[name] for name in SAMPLING if own.get(name) is not None}
        given = {"temperature": options.temperature, "top_k": options.top_k, "top_p": options.top_p}
        sampling.update({name: value for name, value in given.items() if value is not None})
        return cls(
            sample=sample and sampling.get("temperature") != 0,
            sampling=sampling,
            repetition=float(options.repetition_penalty or own.get("repetition_penalty") or 1.0),
            frequency=options.frequency_penalty or 0.0,
            presence=options.presence_penalty or 0.0,
        )

    @property
    def greedy(self) -> bool:
        return not (self.sample or self.repetition != 1 or self.frequency or self.presence)


class Chooser:
    """For one row. Works on logits of shape (1, vocabulary)."""

    def __init__(self, settings: Settings, seed: int | None, device: Any) -> None:
        import torch

        self.settings = settings
        self._generator = torch.Generator(device=device)
        if seed is None:
            self._generator.seed()
        else:
            self._generator.manual_seed(seed % 2**63)
        self._warpers = _warpers(settings.sampling, device) if settings.sample else []

    def scores(self, ids: Any, answer: Any, scores: Any) -> Any:
        """ids: prompt and answer so far, answer: its part; both (1, length)."""
        import torch

        scores = self._penalised(ids, answer, scores)
        if not self.settings.sample:
            return scores
        for warp in self._warpers:
            scores = warp(ids, scores)
        probabilities = torch.softmax(scores.float(), dim=-1)
        token = torch.multinomial(probabilities, 1, generator=self._generator)
        return torch.full_like(scores, float("-inf")).scatter_(1, token, 0.0)

    def _penalised(self, ids: Any, answer: Any, scores: Any) -> Any:
        import torch

        settings = self.settings
        if settings.repetition != 1:
            seen = torch.gather(scores, 1, ids)
            factor = settings.repetition
            scores = scores.scatter(1, ids, torch.where(seen < 0, seen * factor, seen / factor))
        if (settings.frequency or settings.presence) and answer.shape[1]:
            counts = torch.bincount(answer[0], minlength=scores.shape[1])[: scores.shape[1]].to(scores.dtype)
            scores = scores - (settings.frequency * counts + settings.presence * (counts > 0))
        return scores


def _warpers(sampling: Mapping[str, Any], device: Any) -> list[Any]:
    """transformers' own, in its order; those that change nothing are left out."""
    from transformers.generation import logits_process as own

    value = sampling.get
    found: list[Any] = []
    if value("temperature") not in (None, 1.0):
        found.append(own.TemperatureLogitsWarper(float(sampling["temperature"])))
    if value("top_k"):
        found.append(own.TopKLogitsWarper(top_k=int(sampling["top_k"])))
    if value("top_p") is not None and sampling["top_p"] < 1:
        found.append(own.TopPLogitsWarper(top_p=float(sampling["top_p"])))
    if value("min_p"):
        found.append(own.MinPLogitsWarper(min_p=float(sampling["min_p"])))
    if value("typical_p") is not None and sampling["typical_p"] < 1:
        found.append(own.TypicalLogitsWarper(mass=float(sampling["typical_p"])))
    if value("epsilon_cutoff"):
        found.append(own.EpsilonLogitsWarper(epsilon=float(sampling["epsilon_cutoff"])))
    if value("eta_cutoff"):
        found.append(own.EtaLogitsWarper(epsilon=float(sampling["eta_cutoff"]), device=str(device)))
    return found
