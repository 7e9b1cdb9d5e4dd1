from __future__ import annotations

from headrace.server.exchange import Exchange, Routes
from headrace.wire.convert.logged_models import (
    dataset_filters,
    logged_model_message,
    model_orders,
    model_params,
    model_tags,
    status,
)
from headrace.wire.messages import logged_models as m
from headrace.wire.messages.fields import Done
from headrace.wire.table import logged_models as table

routes = Routes()


@routes.serves(table.CREATE_LOGGED_MODEL)
async def create_logged_model(exchange: Exchange[m.CreateLoggedModel]) -> m.LoggedModelAnswer:
    backend, request = exchange.backend, exchange.message
    model = await backend.write(
        backend.store.create_logged_model,
        request.experiment_id,
        request.name or None,
        request.source_run_id or None,
        model_tags(request.tags),
        model_params(request.params),
        request.model_type or None,
    )
    return m.LoggedModelAnswer(model=logged_model_message(model))


@routes.serves(table.SEARCH_LOGGED_MODELS)
async def search_logged_models(exchange: Exchange[m.SearchLoggedModels]) -> m.SearchLoggedModelsAnswer:
    backend, request = exchange.backend, exchange.message
    page = await backend.call(
        backend.store.search_logged_models,
        request.experiment_ids,
        request.filter,
        dataset_filters(request.datasets),
        request.max_results,
        model_orders(request.order_by),
        request.page_token or None,
    )
    return m.SearchLoggedModelsAnswer(
        models=[logged_model_message(model) for model in page], next_page_token=page.token
    )


@routes.serves(table.GET_LOGGED_MODEL)
async def get_logged_model(exchange: Exchange[m.GetLoggedModel]) -> m.LoggedModelAnswer:
    backend, request = exchange.backend, exchange.message
    model = await backend.call(backend.store.get_logged_model, request.model_id, request.allow_deleted)
    return m.LoggedModelAnswer(model=logged_model_message(model))


@routes.serves(table.FINALIZE_LOGGED_MODEL)
async def finalize_logged_model(exchange: Exchange[m.FinalizeLoggedModel]) -> m.LoggedModelAnswer:
    backend, request = exchange.backend, exchange.message
    model = await backend.write(backend.store.finalize_logged_model, request.model_id, status(request.status))
    return m.LoggedModelAnswer(model=logged_model_message(model))


@routes.serves(table.DELETE_LOGGED_MODEL)
async def delete_logged_model(exchange: Exchange[m.DeleteLoggedModel]) -> Done:
    await exchange.backend.write(exchange.backend.store.delete_logged_model, exchange.message.model_id)
    return Done()


@routes.serves(table.LOG_LOGGED_MODEL_PARAMS)
async def log_logged_model_params(exchange: Exchange[m.LogLoggedModelParams]) -> Done:
    backend, request = exchange.backend, exchange.message
    await backend.write(backend.store.log_logged_model_params, request.model_id, model_params(request.params))
    return Done()


@routes.serves(table.SET_LOGGED_MODEL_TAGS)
async def set_logged_model_tags(exchange: Exchange[m.SetLoggedModelTags]) -> Done:
    backend, request = exchange.backend, exchange.message
    await backend.write(backend.store.set_logged_model_tags, request.model_id, model_tags(request.tags))
    return Done()


@routes.serves(table.DELETE_LOGGED_MODEL_TAG)
async def delete_logged_model_tag(exchange: Exchange[m.DeleteLoggedModelTag]) -> Done:
    backend, request = exchange.backend, exchange.message
    await backend.write(backend.store.delete_logged_model_tag, request.model_id, request.tag_key)
    return Done()
