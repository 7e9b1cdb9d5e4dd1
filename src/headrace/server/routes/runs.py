from __future__ import annotations

from typing import Any

from headrace.entities import LoggedModelInput, LoggedModelOutput, Param, Projection, RunTag, ViewType
from headrace.errors import MissingValue
from headrace.server.exchange import Exchange, Routes
from headrace.server.splice import run_document_message
from headrace.wire.convert.inputs import datasets_of_request
from headrace.wire.convert.metrics import metric_of_request
from headrace.wire.convert.runs import projection, run_info_message, run_message, run_tags
from headrace.wire.messages import runs as m
from headrace.wire.messages.fields import Done
from headrace.wire.messages.inputs import LogInputs, LogOutputs
from headrace.wire.messages.metrics import LogMetric
from headrace.wire.table import runs as table

routes = Routes()


@routes.serves(table.CREATE_RUN)
async def create_run(exchange: Exchange[m.CreateRun]) -> m.RunAnswer:
    backend, request = exchange.backend, exchange.message
    run = await backend.write(
        backend.store.create_run,
        request.experiment_id,
        request.user_id or "",
        request.start_time or 0,
        run_tags(request.tags),
        request.run_name or None,
        request.run_id or None,
    )
    return m.RunAnswer(run=run_message(run))


@routes.serves(table.UPDATE_RUN)
async def update_run(exchange: Exchange[m.UpdateRun]) -> m.RunInfoAnswer:
    backend, request = exchange.backend, exchange.message
    info = await backend.write(
        backend.store.update_run, request.run, request.status, request.end_time, request.run_name or None
    )
    return m.RunInfoAnswer(run_info=run_info_message(info))


@routes.serves(table.DELETE_RUN)
async def delete_run(exchange: Exchange[m.DeleteRun]) -> Done:
    await exchange.backend.write(exchange.backend.store.delete_run, exchange.message.run)
    return Done()


@routes.serves(table.RESTORE_RUN)
async def restore_run(exchange: Exchange[m.RestoreRun]) -> Done:
    await exchange.backend.write(exchange.backend.store.restore_run, exchange.message.run)
    return Done()


@routes.serves(table.GET_RUN)
async def get_run(exchange: Exchange[m.GetRun]) -> m.RunAnswer:
    backend, run_id = exchange.backend, exchange.message.run
    if backend.documents is not None:
        document = await backend.quick(backend.documents.get_run_document, run_id)
        return m.RunAnswer(run=run_document_message(document))
    return m.RunAnswer(run=run_message(await backend.quick(backend.store.get_run, run_id)))


@routes.serves(table.SEARCH_RUNS)
async def search_runs(exchange: Exchange[m.SearchRuns]) -> m.SearchRunsAnswer:
    return await _search(exchange, None)


@routes.serves(table.PROJECT_RUNS)
async def project_runs(exchange: Exchange[m.ProjectRuns]) -> m.SearchRunsAnswer:
    return await _search(exchange, projection(exchange.message))


async def _search(exchange: Exchange[Any], projection: Projection | None) -> m.SearchRunsAnswer:
    backend, request = exchange.backend, exchange.message
    arguments = (
        request.experiment_ids,
        request.filter,
        ViewType[request.run_view_type or "ACTIVE_ONLY"],
        request.max_results,
        request.order_by,
        request.page_token or None,
        projection,
    )
    if backend.documents is not None:
        documents = await backend.call(backend.documents.search_run_documents, *arguments)
        return m.SearchRunsAnswer(
            runs=[run_document_message(document) for document in documents], next_page_token=documents.token
        )
    page = await backend.call(backend.store.search_runs, *arguments)
    return m.SearchRunsAnswer(runs=[run_message(run) for run in page], next_page_token=page.token)


@routes.serves(table.COUNT_RUNS)
async def count_runs(exchange: Exchange[m.CountRuns]) -> m.CountRunsAnswer:
    backend, request = exchange.backend, exchange.message
    view_type = ViewType[request.run_view_type or "ACTIVE_ONLY"]
    count = await backend.call(backend.store.count_runs, request.experiment_ids, request.filter, view_type)
    return m.CountRunsAnswer(count=count)


@routes.serves(table.LOG_METRIC)
async def log_metric(exchange: Exchange[LogMetric]) -> Done:
    backend, request = exchange.backend, exchange.message
    await backend.write(backend.store.log_metric, request.run, metric_of_request(request))
    return Done()


@routes.serves(table.LOG_PARAM)
async def log_param(exchange: Exchange[m.LogParam]) -> Done:
    backend, request = exchange.backend, exchange.message
    await backend.write(backend.store.log_param, request.run, Param(request.key, request.value))
    return Done()


@routes.serves(table.SET_TAG)
async def set_tag(exchange: Exchange[m.SetTag]) -> Done:
    backend, request = exchange.backend, exchange.message
    await backend.write(backend.store.set_tag, request.run, RunTag(request.key, request.value))
    return Done()


@routes.serves(table.DELETE_TAG)
async def delete_tag(exchange: Exchange[m.DeleteTag]) -> Done:
    backend, request = exchange.backend, exchange.message
    await backend.write(backend.store.delete_tag, request.run, request.key)
    return Done()


@routes.serves(table.LOG_BATCH)
async def log_batch(exchange: Exchange[m.LogBatch]) -> Done:
    backend, request = exchange.backend, exchange.message
    await backend.write(backend.store.log_batch, request.run, request.metrics, request.params, request.tags)
    return Done()


@routes.serves(table.RECORD_MODEL)
async def record_model(exchange: Exchange[m.RecordModel]) -> Done:
    backend, request = exchange.backend, exchange.message
    await backend.write(backend.store.record_model, request.run, request.model_json)
    return Done()


@routes.serves(table.LOG_INPUTS)
async def log_inputs(exchange: Exchange[LogInputs]) -> Done:
    backend, request = exchange.backend, exchange.message
    await backend.write(
        backend.store.log_inputs,
        request.run,
        datasets_of_request(request.datasets),
        [LoggedModelInput(model.model_id) for model in request.models],
    )
    return Done()


@routes.serves(table.LOG_OUTPUTS)
async def log_outputs(exchange: Exchange[LogOutputs]) -> Done:
    backend, request = exchange.backend, exchange.message
    if not request.models:
        raise MissingValue("models")
    models = [LoggedModelOutput(model.model_id, model.step) for model in request.models]
    await backend.write(backend.store.log_outputs, request.run, models)
    return Done()
