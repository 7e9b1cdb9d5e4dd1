from __future__ import annotations

from headrace.registry.lineage import Lineage, lineage_of, versions_from
from headrace.server.exchange import Exchange, Routes
from headrace.wire.convert.model_versions import model_version_message
from headrace.wire.convert.numbers import double_out
from headrace.wire.messages import lineage as m
from headrace.wire.messages.model_versions import ModelVersionsAnswer
from headrace.wire.messages.registry_extras import VersionAddress
from headrace.wire.table import registry_extras as table

routes = Routes()


@routes.serves(table.GET_LINEAGE)
async def get_lineage(exchange: Exchange[VersionAddress]) -> m.LineageAnswer:
    backend, request = exchange.backend, exchange.message
    return _answer(await backend.call(lineage_of, backend.registry, backend.store, request.name, request.version))


@routes.serves(table.FIND_VERSIONS_FROM)
async def find_versions_from(exchange: Exchange[m.VersionsFrom]) -> ModelVersionsAnswer:
    backend, request = exchange.backend, exchange.message
    versions = await backend.call(
        versions_from,
        backend.registry,
        backend.store,
        run_id=request.run_id,
        dataset_digest=request.dataset_digest,
        git_commit=request.git_commit,
        digest=request.digest,
    )
    return ModelVersionsAnswer(model_versions=[model_version_message(version) for version in versions])


def _answer(found: Lineage) -> m.LineageAnswer:
    git, environment = found.git, found.environment
    return m.LineageAnswer(
        model_version=model_version_message(found.version),
        location=found.location,
        run_id=found.run_id,
        run_name=found.run_name,
        run_status=found.run_status,
        experiment_id=found.experiment_id,
        model_id=found.model_id,
        params=found.params,
        metrics={key: double_out(value) for key, value in found.metrics.items()},
        datasets=[
            m.DatasetUseMessage(name=each.name, digest=each.digest, context=each.context) for each in found.datasets
        ],
        git=None
        if git is None
        else m.CommitMessage(commit=git.commit, branch=git.branch, repo_url=git.repo_url, dirty=git.dirty),
        environment=None
        if environment is None
        else m.EnvironmentFileMessage(
            path=environment[0], size_bytes=environment[1].size_bytes, sha256=environment[1].sha256
        ),
        copied_from=None if found.copied_from is None else "/".join(found.copied_from),
    )
