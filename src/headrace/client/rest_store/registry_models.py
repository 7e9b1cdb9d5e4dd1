from __future__ import annotations

from collections.abc import Sequence

from headrace.client.rest_store.registry_session import RegistrySession, caller
from headrace.entities import Act, ModelPolicy, ModelVersion, Page, RegisteredModel, RegisteredModelTag
from headrace.stores.registry import NOBODY, RegisteredModelStore
from headrace.wire.convert.model_versions import model_version
from headrace.wire.convert.registered_models import registered_model, registered_model_tag_fields
from headrace.wire.convert.registry_extras import model_policy, policy_fields
from headrace.wire.messages import registered_models as m
from headrace.wire.messages.registry_extras import ModelName, SetPolicy
from headrace.wire.table import registered_models as t
from headrace.wire.table import registry_extras as own


class RestRegisteredModels(RegistrySession, RegisteredModelStore):
    def create_registered_model(
        self,
        name: str,
        tags: Sequence[RegisteredModelTag] = (),
        description: str | None = None,
        *,
        act: Act = NOBODY,
    ) -> RegisteredModel:
        request = m.CreateRegisteredModel(
            name=name, tags=registered_model_tag_fields(tags), description=description, comment=act.comment
        )
        return registered_model(self._session.call(t.CREATE_REGISTERED_MODEL, request, caller(act)).registered_model)

    def get_registered_model(self, name: str) -> RegisteredModel:
        request = m.GetRegisteredModel(name=name)
        return registered_model(self._session.call(t.GET_REGISTERED_MODEL, request).registered_model)

    def update_registered_model(self, name: str, description: str | None, *, act: Act = NOBODY) -> RegisteredModel:
        request = m.UpdateRegisteredModel(name=name, description=description, comment=act.comment)
        return registered_model(self._session.call(t.UPDATE_REGISTERED_MODEL, request, caller(act)).registered_model)

    def rename_registered_model(self, name: str, new_name: str, *, act: Act = NOBODY) -> RegisteredModel:
        request = m.RenameRegisteredModel(name=name, new_name=new_name, comment=act.comment)
        return registered_model(self._session.call(t.RENAME_REGISTERED_MODEL, request, caller(act)).registered_model)

    def delete_registered_model(self, name: str, *, act: Act = NOBODY) -> None:
        request = m.DeleteRegisteredModel(name=name, comment=act.comment)
        self._session.call(t.DELETE_REGISTERED_MODEL, request, caller(act))

    def search_registered_models(
        self,
        filter_string: str | None = None,
        max_results: int = 100,
        order_by: Sequence[str] = (),
        page_token: str | None = None,
    ) -> Page[RegisteredModel]:
        request = m.SearchRegisteredModels(
            filter=filter_string, max_results=max_results, order_by=list(order_by), page_token=page_token
        )
        answer = self._session.call(t.SEARCH_REGISTERED_MODELS, request)
        return Page(map(registered_model, answer.registered_models), answer.next_page_token)

    def set_registered_model_tag(self, name: str, tag: RegisteredModelTag, *, act: Act = NOBODY) -> None:
        request = m.SetRegisteredModelTag(name=name, key=tag.key, value=tag.value, comment=act.comment)
        self._session.call(t.SET_REGISTERED_MODEL_TAG, request, caller(act))

    def delete_registered_model_tag(self, name: str, key: str, *, act: Act = NOBODY) -> None:
        request = m.DeleteRegisteredModelTag(name=name, key=key, comment=act.comment)
        self._session.call(t.DELETE_REGISTERED_MODEL_TAG, request, caller(act))

    def set_registered_model_alias(
        self, name: str, alias: str, version: str, *, act: Act = NOBODY, if_revision: int | None = None
    ) -> None:
        if if_revision is not None:
            self._compares_revisions(name)
        request = m.SetRegisteredModelAlias(
            name=name, alias=alias, version=version, if_revision=if_revision, comment=act.comment
        )
        self._session.call(t.SET_REGISTERED_MODEL_ALIAS, request, caller(act))

    def delete_registered_model_alias(self, name: str, alias: str, *, act: Act = NOBODY) -> None:
        request = m.DeleteRegisteredModelAlias(name=name, alias=alias, comment=act.comment)
        self._session.call(t.DELETE_REGISTERED_MODEL_ALIAS, request, caller(act))

    def get_model_version_by_alias(self, name: str, alias: str) -> ModelVersion:
        request = m.GetModelVersionByAlias(name=name, alias=alias)
        return model_version(self._session.call(t.GET_MODEL_VERSION_BY_ALIAS, request).model_version)

    def get_latest_versions(self, name: str, stages: Sequence[str] = ()) -> list[ModelVersion]:
        request = m.GetLatestVersions(name=name, stages=list(stages))
        answer = self._session.call(t.GET_LATEST_VERSIONS, request)
        return [model_version(version) for version in answer.model_versions]

    def get_policy(self, name: str) -> ModelPolicy:
        return model_policy(self._own(own.GET_POLICY, ModelName(name=name), "policies of models").policy)

    def set_policy(self, name: str, policy: ModelPolicy, *, act: Act = NOBODY) -> None:
        request = SetPolicy(name=name, policy=policy_fields(policy), comment=act.comment)
        self._own(own.SET_POLICY, request, "policies of models", act)
