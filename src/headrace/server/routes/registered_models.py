from __future__ import annotations

from headrace.entities import RegisteredModelTag
from headrace.server.act import act_of
from headrace.server.exchange import Exchange, Routes
from headrace.wire.convert.model_versions import model_version_message
from headrace.wire.convert.registered_models import registered_model_message, registered_model_tags
from headrace.wire.messages import registered_models as m
from headrace.wire.messages.fields import Done
from headrace.wire.messages.model_versions import ModelVersionAnswer, ModelVersionsAnswer
from headrace.wire.table import registered_models as table

routes = Routes()


@routes.serves(table.CREATE_REGISTERED_MODEL)
async def create_registered_model(exchange: Exchange[m.CreateRegisteredModel]) -> m.RegisteredModelAnswer:
    backend, request = exchange.backend, exchange.message
    model = await backend.call(
        backend.registry.create_registered_model,
        request.name,
        registered_model_tags(request.tags),
        request.description,
        act=act_of(exchange),
    )
    return m.RegisteredModelAnswer(registered_model=registered_model_message(model))


@routes.serves(table.GET_REGISTERED_MODEL)
async def get_registered_model(exchange: Exchange[m.GetRegisteredModel]) -> m.RegisteredModelAnswer:
    backend = exchange.backend
    model = await backend.look_up(backend.registry.get_registered_model, exchange.message.name)
    return m.RegisteredModelAnswer(registered_model=registered_model_message(model))


@routes.serves(table.UPDATE_REGISTERED_MODEL)
async def update_registered_model(exchange: Exchange[m.UpdateRegisteredModel]) -> m.RegisteredModelAnswer:
    backend, request = exchange.backend, exchange.message
    model = await backend.call(
        backend.registry.update_registered_model, request.name, request.description, act=act_of(exchange)
    )
    return m.RegisteredModelAnswer(registered_model=registered_model_message(model))


@routes.serves(table.RENAME_REGISTERED_MODEL)
async def rename_registered_model(exchange: Exchange[m.RenameRegisteredModel]) -> m.RegisteredModelAnswer:
    backend, request = exchange.backend, exchange.message
    model = await backend.call(
        backend.registry.rename_registered_model, request.name, request.new_name, act=act_of(exchange)
    )
    return m.RegisteredModelAnswer(registered_model=registered_model_message(model))


@routes.serves(table.DELETE_REGISTERED_MODEL)
async def delete_registered_model(exchange: Exchange[m.DeleteRegisteredModel]) -> Done:
    backend = exchange.backend
    await backend.call(backend.registry.delete_registered_model, exchange.message.name, act=act_of(exchange))
    return Done()


@routes.serves(table.SEARCH_REGISTERED_MODELS)
async def search_registered_models(
    exchange: Exchange[m.SearchRegisteredModels],
) -> m.SearchRegisteredModelsAnswer:
    backend, request = exchange.backend, exchange.message
    page = await backend.call(
        backend.registry.search_registered_models,
        request.filter,
        request.max_results,
        request.order_by,
        request.page_token or None,
    )
    return m.SearchRegisteredModelsAnswer(
        registered_models=[registered_model_message(model) for model in page], next_page_token=page.token
    )


@routes.serves(table.GET_LATEST_VERSIONS)
async def get_latest_versions(exchange: Exchange[m.GetLatestVersions]) -> ModelVersionsAnswer:
    backend, request = exchange.backend, exchange.message
    versions = await backend.call(backend.registry.get_latest_versions, request.name, request.stages)
    return ModelVersionsAnswer(model_versions=[model_version_message(version) for version in versions])


@routes.serves(table.SET_REGISTERED_MODEL_TAG)
async def set_registered_model_tag(exchange: Exchange[m.SetRegisteredModelTag]) -> Done:
    backend, request = exchange.backend, exchange.message
    tag = RegisteredModelTag(request.key, request.value)
    await backend.call(backend.registry.set_registered_model_tag, request.name, tag, act=act_of(exchange))
    return Done()


@routes.serves(table.DELETE_REGISTERED_MODEL_TAG)
async def delete_registered_model_tag(exchange: Exchange[m.DeleteRegisteredModelTag]) -> Done:
    backend, request = exchange.backend, exchange.message
    await backend.call(backend.registry.delete_registered_model_tag, request.name, request.key, act=act_of(exchange))
    return Done()


@routes.serves(table.SET_REGISTERED_MODEL_ALIAS)
async def set_registered_model_alias(exchange: Exchange[m.SetRegisteredModelAlias]) -> Done:
    backend, request = exchange.backend, exchange.message
    await backend.call(
        backend.registry.set_registered_model_alias,
        request.name,
        request.alias,
        request.version,
        act=act_of(exchange),
        if_revision=request.if_revision,
    )
    return Done()


@routes.serves(table.DELETE_REGISTERED_MODEL_ALIAS)
async def delete_registered_model_alias(exchange: Exchange[m.DeleteRegisteredModelAlias]) -> Done:
    backend, request = exchange.backend, exchange.message
    await backend.call(
        backend.registry.delete_registered_model_alias, request.name, request.alias, act=act_of(exchange)
    )
    return Done()


@routes.serves(table.GET_MODEL_VERSION_BY_ALIAS)
async def get_model_version_by_alias(exchange: Exchange[m.GetModelVersionByAlias]) -> ModelVersionAnswer:
    backend, request = exchange.backend, exchange.message
    version = await backend.look_up(backend.registry.get_model_version_by_alias, request.name, request.alias)
    return ModelVersionAnswer(model_version=model_version_message(version))
