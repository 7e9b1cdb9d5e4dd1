"""Files of runs and logged models, by address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headrace import lazy

__all__ = ["download_artifacts", "list_artifacts", "load_dict", "load_image", "load_text"]

if TYPE_CHECKING:
    from headrace.client.artifacts import download_artifacts, list_artifacts, load_dict, load_image, load_text
else:
    __getattr__, __dir__ = lazy.door(
        __name__,
        {
            "download_artifacts": "headrace.client.artifacts:download_artifacts",
            "list_artifacts": "headrace.client.artifacts:list_artifacts",
            "load_dict": "headrace.client.artifacts:load_dict",
            "load_image": "headrace.client.artifacts:load_image",
            "load_text": "headrace.client.artifacts:load_text",
        },
        otherwise="headrace.client.absent:lookup",
    )
