from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any


class AbstractBackend:
    """What a plugin of MLflow's derives its backend from: it fetches the project and makes the run itself."""

    @abstractmethod
    def run(
        self,
        project_uri: str,
        entry_point: str,
        params: Mapping[str, Any],
        version: str | None,
        backend_config: Mapping[str, Any],
        tracking_uri: str,
        experiment_id: str,
    ) -> Any:
        """Returns what has `run_id`, `wait`, `get_status` and `cancel`, without waiting."""
