"""What a served model will call, as objects: the classes of `mlflow.models.resources` and `mlflow.models.auth_policy`.

They are for Databricks, whose serving gives a model access to what it names; elsewhere they are noted in the MLmodel.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Any, ClassVar

from headrace.packaging.resources import resources_of


class ResourceType(Enum):
    UC_CONNECTION = "uc_connection"
    VECTOR_SEARCH_INDEX = "vector_search_index"
    SERVING_ENDPOINT = "serving_endpoint"
    SQL_WAREHOUSE = "sql_warehouse"
    FUNCTION = "function"
    GENIE_SPACE = "genie_space"
    TABLE = "table"
    APP = "app"
    LAKEBASE = "lakebase"
    UC_MODEL_SERVICE = "uc_model_service"


class Resource:
    """type: of what is named; target_uri: the system that has it."""

    type: ClassVar[ResourceType]
    target_uri: ClassVar[str]

    def __init__(self, name: str, on_behalf_of_user: bool | None = None) -> None:
        self.name, self.on_behalf_of_user = name, on_behalf_of_user

    def to_dict(self) -> dict[str, Any]:
        said: dict[str, Any] = {"name": self.name}
        if self.on_behalf_of_user is not None:
            said["on_behalf_of_user"] = self.on_behalf_of_user
        return {self.type.value: [said]}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Resource) and self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash((self.type, self.name, self.on_behalf_of_user))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"


class DatabricksResource(Resource):
    target_uri = "databricks"


class DatabricksUCConnection(DatabricksResource):
    type = ResourceType.UC_CONNECTION

    def __init__(self, connection_name: str, on_behalf_of_user: bool | None = None) -> None:
        super().__init__(connection_name, on_behalf_of_user)


class DatabricksServingEndpoint(DatabricksResource):
    type = ResourceType.SERVING_ENDPOINT

    def __init__(self, endpoint_name: str, on_behalf_of_user: bool | None = None) -> None:
        super().__init__(endpoint_name, on_behalf_of_user)


class DatabricksVectorSearchIndex(DatabricksResource):
    type = ResourceType.VECTOR_SEARCH_INDEX

    def __init__(self, index_name: str, on_behalf_of_user: bool | None = None) -> None:
        super().__init__(index_name, on_behalf_of_user)


class DatabricksSQLWarehouse(DatabricksResource):
    type = ResourceType.SQL_WAREHOUSE

    def __init__(self, warehouse_id: str, on_behalf_of_user: bool | None = None) -> None:
        super().__init__(warehouse_id, on_behalf_of_user)


class DatabricksFunction(DatabricksResource):
    type = ResourceType.FUNCTION

    def __init__(self, function_name: str, on_behalf_of_user: bool | None = None) -> None:
        super().__init__(function_name, on_behalf_of_user)


class DatabricksGenieSpace(DatabricksResource):
    type = ResourceType.GENIE_SPACE

    def __init__(self, genie_space_id: str, on_behalf_of_user: bool | None = None) -> None:
        super().__init__(genie_space_id, on_behalf_of_user)


class DatabricksTable(DatabricksResource):
    type = ResourceType.TABLE

    def __init__(self, table_name: str, on_behalf_of_user: bool | None = None) -> None:
        super().__init__(table_name, on_behalf_of_user)


class DatabricksApp(DatabricksResource):
    type = ResourceType.APP

    def __init__(self, app_name: str, on_behalf_of_user: bool | None = None) -> None:
        super().__init__(app_name, on_behalf_of_user)


class DatabricksLakebase(DatabricksResource):
    type = ResourceType.LAKEBASE

    def __init__(self, database_instance_name: str, on_behalf_of_user: bool | None = None) -> None:
        super().__init__(database_instance_name, on_behalf_of_user)


class DatabricksUCModelService(DatabricksResource):
    type = ResourceType.UC_MODEL_SERVICE

    def __init__(self, model_service_name: str, on_behalf_of_user: bool | None = None) -> None:
        super().__init__(model_service_name, on_behalf_of_user)


class UserAuthPolicy:
    """What the model may do as the user who calls it."""

    def __init__(self, api_scopes: Sequence[str]) -> None:
        self.api_scopes = list(api_scopes)

    def to_dict(self) -> dict[str, Any]:
        return {"api_scopes": self.api_scopes}


class SystemAuthPolicy:
    """What it may do as itself."""

    def __init__(self, resources: Sequence[Resource]) -> None:
        self.resources = list(resources)

    def to_dict(self) -> dict[str, Any]:
        return {"resources": resources_of(self.resources, None)}


class AuthPolicy:
    def __init__(
        self, user_auth_policy: UserAuthPolicy | None = None, system_auth_policy: SystemAuthPolicy | None = None
    ) -> None:
        self.user_auth_policy, self.system_auth_policy = user_auth_policy, system_auth_policy

    def to_dict(self) -> dict[str, Any]:
        return {
            "system_auth_policy": self.system_auth_policy.to_dict() if self.system_auth_policy else {},
            "user_auth_policy": self.user_auth_policy.to_dict() if self.user_auth_policy else {},
        }
