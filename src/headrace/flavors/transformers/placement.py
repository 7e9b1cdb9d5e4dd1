"""Device and precision of a model that is being loaded, in the words of the installed version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from headrace import settings
from headrace.errors import InvalidValue


@dataclass(frozen=True, kw_only=True)
class Placement:
    """device: a number, "cuda:1", "cpu" …; None: the first GPU, or the CPU where there is none."""

    device: Any = None
    device_map: Any = None
    dtype: Any = None

    def model_arguments(self) -> dict[str, Any]:
        found: dict[str, Any] = {dtype_name(): self.dtype, "device_map": self.device_map}
        if not _is_5() and not settings.HUGGINGFACE_DISABLE_ACCELERATE_FEATURES.get() and _has_accelerate():
            found["low_cpu_mem_usage"] = settings.HUGGINGFACE_USE_LOW_CPU_MEM_USAGE.get()  # 5 knows no other way
        return {name: value for name, value in found.items() if value is not None}

    def pipeline_arguments(self) -> dict[str, Any]:
        if self.device_map is not None:
            return {}
        if self.device is not None:
            return {"device": self.device}
        import torch

        return {"device": 0 if torch.cuda.is_available() else -1}


def version() -> tuple[int, int]:
    import transformers

    major, minor = transformers.__version__.split(".")[:2]
    return int(major), int(minor)


def dtype_name() -> str:
    return "dtype" if version() >= (4, 56) else "torch_dtype"


def dtype_argument(value: Any) -> Any:
    """torch's dtype, from one or its name; "auto" and None as they are."""
    import torch

    if value is None or value == "auto" or isinstance(value, torch.dtype):
        return value
    found = getattr(torch, str(value).removeprefix("torch."), None)
    if not isinstance(found, torch.dtype):
        raise InvalidValue("dtype", value, "a torch.dtype or its name, like 'bfloat16' or 'torch.float16'.")
    return found


def _is_5() -> bool:
    return version() >= (5, 0)


def _has_accelerate() -> bool:
    from transformers.utils import is_accelerate_available

    return bool(is_accelerate_available())
