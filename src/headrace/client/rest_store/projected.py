"""A projection done on this side, for servers that send everything."""

from __future__ import annotations

from headrace.entities import Projection, Run, RunData, RunInputs, RunOutputs


def projected(run: Run, projection: Projection) -> Run:
    metrics, data = projection.metrics, run.data
    return Run(
        run.info,
        RunData(
            data.latest if metrics is None else [one for one in data.latest if one.key in metrics],
            _kept(data.params, projection.params),
            _kept(data.tags, projection.tags),
        ),
        run.inputs if projection.inputs else RunInputs(),
        run.outputs if projection.inputs else RunOutputs(),
    )


def _kept(values: dict[str, str], keys: list[str] | None) -> dict[str, str]:
    return values if keys is None else {key: value for key, value in values.items() if key in keys}
