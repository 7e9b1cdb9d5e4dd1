from __future__ import annotations

from functools import partial

from starlette.responses import Response

from headrace.blobs.paths import file_path
from headrace.entities import ModelVersionTag
from headrace.errors import MissingValue
from headrace.server.act import act_of
from headrace.server.exchange import Exchange, Routes
from headrace.server.routes.artifacts import served
from headrace.server.transfer import download
from headrace.wire.convert.model_versions import model_version_message, model_version_tags
from headrace.wire.convert.version_files import version_manifest, version_signature
from headrace.wire.messages import model_versions as m
from headrace.wire.messages.fields import Done
from headrace.wire.table import model_versions as table

routes = Routes()


@routes.serves(table.CREATE_MODEL_VERSION)
async def create_model_version(exchange: Exchange[m.CreateModelVersion]) -> m.ModelVersionAnswer:
    backend, request = exchange.backend, exchange.message
    act = act_of(exchange)
    version = await backend.call(
        backend.registry.create_model_version,
        request.name,
        request.source,
        request.run_id or None,
        model_version_tags(request.tags),
        request.run_link or None,
        request.description,
        request.model_id or None,
        storage_location=request.storage_location or None,
        manifest=None if request.manifest is None else version_manifest(request.manifest),
        signatures=[version_signature(signature) for signature in request.signatures],
        user_id=act.who,
        act=act,
    )
    return m.ModelVersionAnswer(model_version=model_version_message(version))


@routes.serves(table.GET_MODEL_VERSION)
async def get_model_version(exchange: Exchange[m.GetModelVersion]) -> m.ModelVersionAnswer:
    backend, request = exchange.backend, exchange.message
    version = await backend.look_up(backend.registry.get_model_version, request.name, request.version)
    return m.ModelVersionAnswer(model_version=model_version_message(version))


@routes.serves(table.UPDATE_MODEL_VERSION)
async def update_model_version(exchange: Exchange[m.UpdateModelVersion]) -> m.ModelVersionAnswer:
    backend, request = exchange.backend, exchange.message
    version = await backend.call(
        backend.registry.update_model_version,
        request.name,
        request.version,
        request.description,
        act=act_of(exchange),
    )
    return m.ModelVersionAnswer(model_version=model_version_message(version))


@routes.serves(table.TRANSITION_MODEL_VERSION_STAGE)
async def transition_model_version_stage(
    exchange: Exchange[m.TransitionModelVersionStage],
) -> m.ModelVersionAnswer:
    backend, request = exchange.backend, exchange.message
    version = await backend.call(
        backend.registry.transition_model_version_stage,
        request.name,
        request.version,
        request.stage,
        request.archive_existing_versions,
        act=act_of(exchange),
        if_revision=request.if_revision,
    )
    return m.ModelVersionAnswer(model_version=model_version_message(version))


@routes.serves(table.DELETE_MODEL_VERSION)
async def delete_model_version(exchange: Exchange[m.DeleteModelVersion]) -> Done:
    backend, request = exchange.backend, exchange.message
    await backend.call(backend.registry.delete_model_version, request.name, request.version, act=act_of(exchange))
    return Done()


@routes.serves(table.SEARCH_MODEL_VERSIONS)
async def search_model_versions(exchange: Exchange[m.SearchModelVersions]) -> m.SearchModelVersionsAnswer:
    backend, request = exchange.backend, exchange.message
    page = await backend.call(
        backend.registry.search_model_versions,
        request.filter,
        request.max_results,
        request.order_by,
        request.page_token or None,
    )
    return m.SearchModelVersionsAnswer(
        model_versions=[model_version_message(version) for version in page], next_page_token=page.token
    )


@routes.serves(table.GET_DOWNLOAD_URI)
async def get_download_uri(exchange: Exchange[m.GetModelVersion]) -> m.DownloadUriAnswer:
    backend, request = exchange.backend, exchange.message
    uri = await backend.look_up(backend.registry.get_model_version_download_uri, request.name, request.version)
    return m.DownloadUriAnswer(artifact_uri=uri)


@routes.serves(table.SET_MODEL_VERSION_TAG)
async def set_model_version_tag(exchange: Exchange[m.SetModelVersionTag]) -> Done:
    backend, request = exchange.backend, exchange.message
    tag = ModelVersionTag(request.key, request.value)
    await backend.call(backend.registry.set_model_version_tag, request.name, request.version, tag, act=act_of(exchange))
    return Done()


@routes.serves(table.DELETE_MODEL_VERSION_TAG)
async def delete_model_version_tag(exchange: Exchange[m.DeleteModelVersionTag]) -> Done:
    backend, request = exchange.backend, exchange.message
    await backend.call(
        backend.registry.delete_model_version_tag,
        request.name,
        request.version,
        request.key,
        act=act_of(exchange),
    )
    return Done()


@routes.serves(table.GET_VERSION_ARTIFACT)
async def get_version_artifact(exchange: Exchange[m.GetVersionArtifact]) -> Response:
    backend, request = exchange.backend, exchange.message
    if not request.path:
        raise MissingValue("path")
    path = file_path(request.path)
    artifacts, held = served(backend), backend.held_files
    location = await backend.call(backend.registry.get_model_version_download_uri, request.name, request.version)
    promised = None if held is None else partial(held.promise_of, request.name, request.version, path)
    return await download(artifacts, artifacts.open(location), path, exchange, promised)
