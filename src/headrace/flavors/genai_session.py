"""The decoder of an onnxruntime-genai folder, run step by step with caches of our own.

onnxruntime-genai keeps the caches of a batch to itself: rows begin together and their places are held until the last
one ends. The graphs that its builder writes can do more, since their attention takes a length for each row and caches
that are larger than what is in them. Here each row has a slot of the caches, and any first k slots make a step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from headrace.lazy import optional_import

Floats = np.ndarray[Any, np.dtype[np.float32]]
_INPUTS = {"input_ids", "attention_mask", "position_ids", "past_key_names", "past_value_names"}
_OUTPUTS = {"logits", "present_key_names", "present_value_names"}
_TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(int64)": np.int64}
FIRST_LENGTH = 64  # tokens of a slot; it doubles when a row grows beyond it
TOLERANCE = 1e-3
SPIN_US = 25
SPIN_BOUND_SINCE = (1, 32)  # onnxruntime's version that was seen to keep to it
SMALL_BYTES = 8 << 20  # of weights: threads that share so little work wait for each other longer than they work


class Unsuitable(Exception):
    """The graph isn't one that can be run like this; onnxruntime-genai itself runs it."""


class _Step(NamedTuple):
    """Arrays that a run reads and writes where they are."""

    binding: Any
    ids: Any
    positions: Any
    logits: Any


class Caches:
    """Keys and values of each layer, by slot: (slots, heads, length, size). steps: for the first so many rows."""

    def __init__(self, arrays: list[Any]) -> None:
        self.arrays = arrays
        self.steps: dict[int, _Step] = {}

    @property
    def slots(self) -> int:
        return int(self.arrays[0].shape[0])

    @property
    def length(self) -> int:
        return int(self.arrays[0].shape[2])

    def move(self, origin: int, target: int, tokens: int) -> None:
        for array in self.arrays:
            array[target, :, :tokens] = array[origin, :, :tokens]

    def copy_from(self, other: Caches, slots: int) -> None:
        length = min(self.length, other.length)
        for old, new in zip(other.arrays, self.arrays, strict=True):
            new[:slots, :, :length] = old[:slots, :, :length]


class Session:
    """Logits of tokens that follow what a slot holds. Not for several threads."""

    def __init__(self, folder: Path, config: Mapping[str, Any]) -> None:
        """config: genai_config.json. Unsuitable where only onnxruntime-genai can run it."""
        ort = optional_import("onnxruntime", extra="genai", why="the model is a folder of onnxruntime-genai")
        decoder = _decoder_of(config)
        options = ort.SessionOptions()
        size_bytes = sum(path.stat().st_size for path in folder.glob("*.onnx*"))
        options.intra_op_num_threads = 1 if size_bytes < SMALL_BYTES else 0
        _spin_briefly(options, ort.__version__)
        options.log_severity_level = 3
        self._session = ort.InferenceSession(
            str(folder / decoder["filename"]), options, providers=["CPUExecutionProvider"]
        )
        self._inputs, self._outputs = dict(decoder["inputs"]), dict(decoder["outputs"])
        layers = range(int(decoder["num_hidden_layers"]))
        self._past = [self._inputs[each] % n for n in layers for each in ("past_key_names", "past_value_names")]
        self._present = [
            self._outputs[each] % n for n in layers for each in ("present_key_names", "present_value_names")
        ]
        given = {each.name: each for each in self._session.get_inputs()}
        made = {each.name: each for each in self._session.get_outputs()}
        logits = made.get(self._outputs["logits"])
        if logits is None or not set(self._past) <= set(given) or not set(self._present) <= set(made):
            raise Unsuitable("its graph has other inputs and outputs than its configuration says")
        known = {*self._past, self._inputs["input_ids"], self._inputs["attention_mask"]}
        self._positions = self._inputs.get("position_ids")
        if set(given) - known - {self._positions}:
            raise Unsuitable("its graph has further inputs")
        if self._positions not in given:
            self._positions = None
        self._cache_type = _TYPES.get(given[self._past[0]].type)
        self._logits_type = _TYPES.get(logits.type)
        if self._cache_type is None or self._logits_type is None:
            raise Unsuitable("its caches are of a type that numpy has no name for")
        heads = given[self._past[0]].shape[1]
        if not isinstance(heads, int):
            raise Unsuitable("its caches have no fixed shape")
        self._heads, self._size = heads, int(decoder["head_size"])
        self.vocabulary = int(logits.shape[-1])

    def caches(self, slots: int, length: int) -> Caches:
        shape = (slots, self._heads, length, self._size)
        return Caches([np.zeros(shape, dtype=self._cache_type) for _ in self._past])

    def run(self, caches: Caches, first: int, ids: Any, totals: Sequence[int]) -> Floats:
        """Logits after each row's last token, (rows, vocabulary), until the next run. ids: (rows, tokens), which follow
        what the slots from `first` on hold. totals: of tokens in each slot, these included."""
        rows, width = ids.shape
        lengths = np.asarray(totals, dtype=np.int64)[:, None]
        mask = (np.arange(int(lengths.max()), dtype=np.int64) < lengths).astype(np.int64)
        step = caches.steps.get(rows) if width == 1 and first == 0 else None
        if step is None:
            step = self._bound(caches, first, rows, width)
            if width == 1 and first == 0:
                caches.steps[rows] = step
        step.ids[:] = ids
        if step.positions is not None:
            step.positions[:] = lengths - width + np.arange(width, dtype=np.int64)
        _bind(step.binding.bind_input, self._inputs["attention_mask"], mask)
        self._session.run_with_iobinding(step.binding)
        return np.asarray(step.logits[:, -1], dtype=np.float32)

    def _bound(self, caches: Caches, first: int, rows: int, width: int) -> _Step:
        binding = self._session.io_binding()
        ids = np.empty((rows, width), dtype=np.int64)
        positions = None if self._positions is None else np.empty((rows, width), dtype=np.int64)
        logits = np.empty((rows, width, self.vocabulary), dtype=self._logits_type)
        _bind(binding.bind_input, self._inputs["input_ids"], ids)
        if self._positions is not None:
            _bind(binding.bind_input, self._positions, positions)
        for past, present, array in zip(self._past, self._present, caches.arrays, strict=True):
            place = array.ctypes.data + first * array.strides[0]
            shape = (rows, *array.shape[1:])
            # In place: what is new is written behind what is there.
            binding.bind_input(past, "cpu", 0, self._cache_type, shape, place)
            binding.bind_output(present, "cpu", 0, self._cache_type, shape, place)
        _bind(binding.bind_output, self._outputs["logits"], logits)
        return _Step(binding, ids, positions, logits)

    def try_out(self) -> None:
        """Unsuitable where rows of unequal length don't get what they get alone."""
        prompts = [[1, 2, 3], [3, 2, 1, 2, 3]]
        shared, alone = self.caches(2, FIRST_LENGTH), self.caches(1, FIRST_LENGTH)
        expected = []
        for slot, prompt in enumerate(prompts):
            read = np.array([prompt], dtype=np.int64)
            self.run(shared, slot, read, [len(prompt)])
            self.run(alone, 0, read, [len(prompt)])
            expected.append(self.run(alone, 0, np.array([[2]], dtype=np.int64), [len(prompt) + 1])[0].copy())
        found = self.run(shared, 0, np.array([[2], [2]], dtype=np.int64), [len(prompt) + 1 for prompt in prompts])
        if not np.allclose(found, np.stack(expected), rtol=TOLERANCE, atol=TOLERANCE):
            raise Unsuitable("its attention takes no rows of unequal length")


def _spin_briefly(options: Any, version: str) -> None:
    """Between a token's operators, threads wait for a few microseconds: sleeping there costs a third of the tokens.
    Threads that spin on between tokens take the cores from who brings work, and older versions know no bound."""
    if tuple(map(int, version.split(".")[:2])) < SPIN_BOUND_SINCE:
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        return
    options.add_session_config_entry("session.intra_op.allow_spinning", "1")
    options.add_session_config_entry("session.intra_op.spin_duration_us", str(SPIN_US))


def _bind(bind: Any, name: str, array: Any) -> None:
    bind(name, "cpu", 0, array.dtype.type, array.shape, array.ctypes.data)


def _decoder_of(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """Its section of the configuration. Unsuitable where that says more than we run."""
    model, search = config["model"], config.get("search", {})
    parts = sorted(name for name, part in model.items() if isinstance(part, Mapping) and part.get("filename"))
    decoder = model.get("decoder", {})
    if parts != ["decoder"]:
        raise Unsuitable(f"it has the parts {', '.join(parts)}")
    if not search.get("past_present_share_buffer"):
        raise Unsuitable("its caches grow with each token")
    if search.get("num_beams", 1) != 1 or search.get("min_length") or search.get("no_repeat_ngram_size"):
        raise Unsuitable("its search has rules of its own")
    more = sorted(set(decoder.get("inputs", {})) - _INPUTS | set(decoder.get("outputs", {})) - _OUTPUTS)
    if more or decoder.get("sliding_window") or decoder.get("pipeline"):
        raise Unsuitable("its decoder is made of more than one graph with one cache")
    if decoder.get("session_options", {}).get("provider_options"):
        raise Unsuitable("it is for another device than the CPU")
    return dict(decoder)
