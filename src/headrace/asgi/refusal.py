from __future__ import annotations

from collections.abc import Sequence

Headers = list[tuple[bytes, bytes]]


class Refusal(Exception):
    """A request that isn't let in, before any route: answered in plain text, as MLflow's servers do."""

    def __init__(self, status: int, text: str, headers: Sequence[tuple[bytes, bytes]] = ()) -> None:
        super().__init__(text)
        self.status, self.text, self.headers = status, text, headers


def not_found(path: str) -> Refusal:
    return Refusal(404, f"Not found: nothing answers at {path}. /openapi.json lists what does.\n")


def method_not_allowed(method: str, path: str, allowed: Sequence[str]) -> Refusal:
    names = ", ".join(sorted(set(allowed)))
    return Refusal(405, f"Method not allowed: {path} answers {names}, not {method}.\n", [(b"allow", names.encode())])
