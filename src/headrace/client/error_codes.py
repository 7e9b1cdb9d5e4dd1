"""MLflow's error codes by name, as its protobuf module offers them: each code is its own name."""

from __future__ import annotations

from headrace.errors import HTTP_STATUS


class ErrorCode:
    @staticmethod
    def Name(code: str) -> str:  # noqa: N802 — protobuf's spelling
        return code

    @staticmethod
    def Value(name: str) -> str:  # noqa: N802 — protobuf's spelling
        if name not in HTTP_STATUS:
            raise ValueError(f"no error code {name!r}")
        return name


def __getattr__(name: str) -> str:
    if name in HTTP_STATUS:
        return name
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
