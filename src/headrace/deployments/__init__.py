"""Where else models run: MLflow's deployments API, with targets of ours and of plugins; images; edge folders.

`targets` finds what a target's name means; a target is a module with a `BaseDeploymentClient` (`base`), `run_local` and
`target_help`. `images` makes container images, `edge` folders that need no Headrace.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from headrace import lazy

__all__ = [
    "BaseDeploymentClient",
    "PredictionsResponse",
    "get_deploy_client",
    "get_deployments_target",
    "run_local",
    "set_deployments_target",
]

if TYPE_CHECKING:
    from headrace.deployments.base import BaseDeploymentClient
    from headrace.deployments.predictions import PredictionsResponse
    from headrace.deployments.targets import (
        get_deploy_client,
        get_deployments_target,
        run_local,
        set_deployments_target,
    )
else:
    __getattr__, __dir__ = lazy.door(
        __name__,
        {
            "BaseDeploymentClient": "headrace.deployments.base:BaseDeploymentClient",
            "PredictionsResponse": "headrace.deployments.predictions:PredictionsResponse",
            "get_deploy_client": "headrace.deployments.targets:get_deploy_client",
            "get_deployments_target": "headrace.deployments.targets:get_deployments_target",
            "run_local": "headrace.deployments.targets:run_local",
            "set_deployments_target": "headrace.deployments.targets:set_deployments_target",
        },
        otherwise="headrace.client.absent:lookup",
    )
