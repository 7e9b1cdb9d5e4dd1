from __future__ import annotations

from headrace.entities import ViewType
from headrace.errors import InvalidValue, NotFound
from headrace.server.exchange import Exchange, Routes
from headrace.wire.convert.experiments import dataset_summary_message, experiment_message, experiment_tags
from headrace.wire.messages import experiments as m
from headrace.wire.messages.fields import Done
from headrace.wire.table import experiments as table

MAX_DATASET_EXPERIMENTS = 20

routes = Routes()


@routes.serves(table.CREATE_EXPERIMENT)
async def create_experiment(exchange: Exchange[m.CreateExperiment]) -> m.CreateExperimentAnswer:
    backend, request = exchange.backend, exchange.message
    experiment_id = await backend.write(
        backend.store.create_experiment, request.name, request.artifact_location or None, experiment_tags(request.tags)
    )
    return m.CreateExperimentAnswer(experiment_id=experiment_id)


@routes.serves(table.ENSURE_EXPERIMENT)
async def ensure_experiment(exchange: Exchange[m.EnsureExperiment]) -> m.ExperimentAnswer:
    backend = exchange.backend
    experiment = await backend.write(backend.store.ensure_experiment, exchange.message.name)
    return m.ExperimentAnswer(experiment=experiment_message(experiment))


@routes.serves(table.GET_EXPERIMENT)
async def get_experiment(exchange: Exchange[m.GetExperiment]) -> m.ExperimentAnswer:
    backend = exchange.backend
    experiment = await backend.quick(backend.store.get_experiment, exchange.message.experiment_id)
    return m.ExperimentAnswer(experiment=experiment_message(experiment))


@routes.serves(table.GET_EXPERIMENT_BY_NAME)
async def get_experiment_by_name(exchange: Exchange[m.GetExperimentByName]) -> m.ExperimentAnswer:
    backend, name = exchange.backend, exchange.message.experiment_name
    experiment = await backend.quick(backend.store.get_experiment_by_name, name)
    if experiment is None:
        raise NotFound("experiment", name, by="name")
    return m.ExperimentAnswer(experiment=experiment_message(experiment))


@routes.serves(table.SEARCH_EXPERIMENTS)
async def search_experiments(exchange: Exchange[m.SearchExperiments]) -> m.SearchExperimentsAnswer:
    backend, request = exchange.backend, exchange.message
    page = await backend.call(
        backend.store.search_experiments,
        ViewType[request.view_type or "ACTIVE_ONLY"],
        request.max_results,
        request.filter,
        request.order_by,
        request.page_token or None,
    )
    return m.SearchExperimentsAnswer(
        experiments=[experiment_message(experiment) for experiment in page], next_page_token=page.token
    )


@routes.serves(table.UPDATE_EXPERIMENT)
async def update_experiment(exchange: Exchange[m.UpdateExperiment]) -> Done:
    backend, request = exchange.backend, exchange.message
    await backend.write(backend.store.rename_experiment, request.experiment_id, request.new_name)
    return Done()


@routes.serves(table.DELETE_EXPERIMENT)
async def delete_experiment(exchange: Exchange[m.DeleteExperiment]) -> Done:
    backend = exchange.backend
    await backend.write(backend.store.delete_experiment, exchange.message.experiment_id)
    return Done()


@routes.serves(table.RESTORE_EXPERIMENT)
async def restore_experiment(exchange: Exchange[m.RestoreExperiment]) -> Done:
    backend = exchange.backend
    await backend.write(backend.store.restore_experiment, exchange.message.experiment_id)
    return Done()


@routes.serves(table.SET_EXPERIMENT_TAG)
async def set_experiment_tag(exchange: Exchange[m.SetExperimentTag]) -> Done:
    backend, request = exchange.backend, exchange.message
    await backend.write(backend.store.set_experiment_tag, request.experiment_id, request.key, request.value)
    return Done()


@routes.serves(table.DELETE_EXPERIMENT_TAG)
async def delete_experiment_tag(exchange: Exchange[m.DeleteExperimentTag]) -> Done:
    backend, request = exchange.backend, exchange.message
    await backend.write(backend.store.delete_experiment_tag, request.experiment_id, request.key)
    return Done()


@routes.serves(table.SEARCH_DATASETS)
async def search_datasets(exchange: Exchange[m.SearchDatasets]) -> m.SearchDatasetsAnswer:
    backend, ids = exchange.backend, exchange.message.experiment_ids
    if not 1 <= len(ids) <= MAX_DATASET_EXPERIMENTS:
        raise InvalidValue(
            "experiment_ids", ids, f"between 1 and {MAX_DATASET_EXPERIMENTS} experiment ids are needed, not {len(ids)}."
        )
    summaries = await backend.call(backend.store.search_datasets, ids)
    return m.SearchDatasetsAnswer(dataset_summaries=[dataset_summary_message(summary) for summary in summaries])
