from __future__ import annotations

from headrace.registry.gates import CheckResult
from headrace.registry.standing import standing_of
from headrace.server.act import act_of
from headrace.server.exchange import Exchange, Routes
from headrace.wire.convert.model_versions import model_version_message
from headrace.wire.convert.registry_extras import event_message, model_policy, policy_fields
from headrace.wire.convert.version_files import (
    manifest_fields,
    signature_fields,
    version_manifest,
    version_signature,
)
from headrace.wire.messages import registry_extras as m
from headrace.wire.messages.fields import Done
from headrace.wire.messages.model_versions import ModelVersionAnswer
from headrace.wire.table import registry_extras as table

routes = Routes()


@routes.serves(table.SEARCH_HISTORY)
async def search_history(exchange: Exchange[m.SearchHistory]) -> m.HistoryAnswer:
    backend, request = exchange.backend, exchange.message
    page = await backend.call(
        backend.registry.search_history,
        request.name,
        version=request.version,
        kinds=request.kinds,
        key=request.key,
        since_ms=request.since_ms,
        until_ms=request.until_ms,
        max_results=request.max_results,
        page_token=request.page_token or None,
    )
    return m.HistoryAnswer(events=[event_message(event) for event in page], next_page_token=page.token)


@routes.serves(table.GET_ALIAS_AT)
async def get_alias_at(exchange: Exchange[m.GetAliasAt]) -> m.AliasAtAnswer:
    backend, request = exchange.backend, exchange.message
    event = await backend.call(backend.registry.get_alias_at, request.name, request.alias, request.at_ms)
    return m.AliasAtAnswer(event=None if event is None else event_message(event))


@routes.serves(table.GET_STAGE_AT)
async def get_stage_at(exchange: Exchange[m.GetStageAt]) -> m.EventsAnswer:
    backend, request = exchange.backend, exchange.message
    events = await backend.call(backend.registry.get_stage_at, request.name, request.stage, request.at_ms)
    return m.EventsAnswer(events=[event_message(event) for event in events])


@routes.serves(table.VERIFY_HISTORY)
async def verify_history(exchange: Exchange[m.ModelName]) -> m.EventsAnswer:
    backend = exchange.backend
    events = await backend.call(backend.registry.verify_history, exchange.message.name)
    return m.EventsAnswer(events=[event_message(event) for event in events])


@routes.serves(table.IMPORT_HISTORY)
async def import_history(exchange: Exchange[m.ImportHistory]) -> Done:
    backend, request = exchange.backend, exchange.message
    await backend.call(backend.registry.import_history, request.name, request.events, act=act_of(exchange))
    return Done()


@routes.serves(table.GET_POLICY)
async def get_policy(exchange: Exchange[m.ModelName]) -> m.PolicyAnswer:
    backend = exchange.backend
    policy = await backend.call(backend.registry.get_policy, exchange.message.name)
    return m.PolicyAnswer(policy=policy_fields(policy))


@routes.serves(table.SET_POLICY)
async def set_policy(exchange: Exchange[m.SetPolicy]) -> Done:
    backend, request = exchange.backend, exchange.message
    await backend.call(backend.registry.set_policy, request.name, model_policy(request.policy), act=act_of(exchange))
    return Done()


@routes.serves(table.CHECK_VERSION)
async def check_version(exchange: Exchange[m.CheckVersion]) -> m.CheckAnswer:
    backend, request = exchange.backend, exchange.message
    found = await backend.call(standing_of, backend.registry, request.name, request.version, request.alias)
    return m.CheckAnswer(
        targets=[
            m.TargetMessage(alias=alias, checks=[_check_message(result) for result in results])
            for alias, results in found.checks.items()
        ],
        signer=found.signer,
        unproven=found.why or None,
    )


@routes.serves(table.GET_MANIFEST)
async def get_manifest(exchange: Exchange[m.VersionAddress]) -> m.VersionManifestAnswer:
    backend, request = exchange.backend, exchange.message
    manifest = await backend.call(backend.registry.get_version_manifest, request.name, request.version)
    if manifest is None:
        return m.VersionManifestAnswer()
    return m.VersionManifestAnswer(manifest=manifest_fields(manifest), digest=manifest.digest)


@routes.serves(table.AMEND_MANIFEST)
async def amend_manifest(exchange: Exchange[m.AmendManifest]) -> ModelVersionAnswer:
    backend, request = exchange.backend, exchange.message
    version = await backend.call(
        backend.registry.amend_version_manifest,
        request.name,
        request.version,
        version_manifest(request.manifest),
        act=act_of(exchange),
        if_digest=request.if_digest,
    )
    return ModelVersionAnswer(model_version=model_version_message(version))


@routes.serves(table.GET_SIGNATURES)
async def get_signatures(exchange: Exchange[m.VersionAddress]) -> m.SignaturesAnswer:
    backend, request = exchange.backend, exchange.message
    signatures = await backend.call(backend.registry.get_version_signatures, request.name, request.version)
    return m.SignaturesAnswer(signatures=[signature_fields(signature) for signature in signatures])


@routes.serves(table.ADD_SIGNATURE)
async def add_signature(exchange: Exchange[m.AddSignature]) -> Done:
    backend, request = exchange.backend, exchange.message
    await backend.call(
        backend.registry.add_version_signature,
        request.name,
        request.version,
        version_signature(request.signature),
        act=act_of(exchange),
    )
    return Done()


def _check_message(result: CheckResult) -> m.CheckResultMessage:
    return m.CheckResultMessage(
        check=result.check,
        subject=result.subject,
        passed=result.passed,
        found=result.found,
        needed=result.needed,
        gate=result.gate,
    )
