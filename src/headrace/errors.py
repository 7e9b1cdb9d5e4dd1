"""Every error that Headrace raises on purpose.

    HeadraceError                    (MlflowException)
    ├── CallerError                  the caller must change the request; its text may travel to clients
    │   ├── InvalidValue             a field holds what is not allowed                 400
    │   │   ├── MissingValue         a required field is absent                        400
    │   │   ├── ContextExceeded      a prompt is longer than the model reads           400
    │   │   └── InvalidState         the entity's state forbids the operation          400
    │   ├── NotFound                 no such entity                                    404
    │   ├── AlreadyExists            the name is taken                                 400
    │   ├── Conflict                 somebody else was first                           409
    │   ├── GateRefused              a model's policy keeps a version from it          409
    │   ├── IntegrityViolation       a request the database's constraints refuse       400
    │   ├── TooLarge                 the body or file is over its limit                400
    │   ├── Unauthenticated          who are you?                                      401
    │   ├── Forbidden                you may not                                       403
    │   │   └── Unsigned             nobody may, before the version is signed          403
    │   ├── RouteNotFound            no such address                                   404
    │   └── NotSupported             this store or server can't do it                  501
    ├── ServiceError                 the service must be mended, or the call repeated
    │   ├── StoreUnavailable         the database or object store can't answer now     503
    │   ├── TimedOut                 no answer within the deadline                     504
    │   ├── TooBusy                  come back later                                   429
    │   └── Corrupt                  stored data contradict themselves                 500
    └── UserCodeError                model or project code failed

`code` is the name on the wire (MLflow's), `http` the status. Wire table: contract of MLflow's REST API.
Subclasses take fields, not sentences, wherever the sentence is always the same.
"""

from __future__ import annotations

import json
from typing import Any, ClassVar

HTTP_STATUS: dict[str, int] = {
    "INVALID_PARAMETER_VALUE": 400,
    "BAD_REQUEST": 400,
    "RESOURCE_ALREADY_EXISTS": 400,
    "UNAUTHENTICATED": 401,
    "CUSTOMER_UNAUTHORIZED": 401,
    "PERMISSION_DENIED": 403,
    "RESOURCE_DOES_NOT_EXIST": 404,
    "NOT_FOUND": 404,
    "ENDPOINT_NOT_FOUND": 404,
    "ABORTED": 409,
    "RESOURCE_CONFLICT": 409,
    "ALREADY_EXISTS": 409,
    "CANCELLED": 499,
    "REQUEST_LIMIT_EXCEEDED": 429,
    "RESOURCE_EXHAUSTED": 429,
    "INTERNAL_ERROR": 500,
    "INVALID_STATE": 500,
    "DATA_LOSS": 500,
    "NOT_IMPLEMENTED": 501,
    "TEMPORARILY_UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}

_SHOWN_CHARS = 200  # of a refused value: enough to recognise it, short enough for a log line


def shown(value: object) -> str:
    """`repr` of a value, cut where it would flood a log."""
    text = repr(value)
    return text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}… ({len(text)} characters)"


class HeadraceError(Exception):
    """Root of the tree. Built from (message, error_code) as MLflow's `MlflowException` is.

    error_code: a name of `HTTP_STATUS`; an unknown one counts as a server error (500).
    Further keyword arguments travel beside the message in the JSON body.
    """

    code: ClassVar[str] = "INTERNAL_ERROR"

    def __init__(self, message: object, error_code: str | None = None, **json_kwargs: Any) -> None:
        self.message = str(message)
        self.error_code = error_code or self.code
        self.json_kwargs = json_kwargs
        super().__init__(self.message)

    def __reduce__(self) -> tuple[Any, ...]:
        # Subclasses have signatures of their own; an error that crosses a process keeps its sentence and code.
        return (_rebuild, (type(self), self.message, self.error_code, self.json_kwargs))

    @property
    def http(self) -> int:
        return HTTP_STATUS.get(self.error_code, 500)

    def get_http_status_code(self) -> int:
        return self.http

    def serialize_as_json(self) -> str:
        return json.dumps({"error_code": self.error_code, "message": self.message, **self.json_kwargs})

    @classmethod
    def invalid_parameter_value(cls, message: object, **kwargs: Any) -> HeadraceError:
        return HeadraceError(message, "INVALID_PARAMETER_VALUE", **kwargs)


def _rebuild(kind: type[HeadraceError], message: str, code: str, extra: dict[str, Any]) -> HeadraceError:
    error = kind.__new__(kind)
    HeadraceError.__init__(error, message, code, **extra)
    return error


class CallerError(HeadraceError):
    code = "BAD_REQUEST"


class InvalidValue(CallerError):
    """`InvalidValue("key", "a//b", "letters, digits …")` or, with a finished sentence, `InvalidValue(message=…)`."""

    code = "INVALID_PARAMETER_VALUE"

    def __init__(
        self, field: str | None = None, value: object = None, allowed: str = "", *, message: str | None = None
    ) -> None:
        self.field, self.value, self.allowed = field, value, allowed
        if message is None:
            message = f"Invalid value {shown(value)} for parameter '{field}' supplied"
            message += f": {allowed}" if allowed else "."
        super().__init__(message)


class MissingValue(InvalidValue):
    def __init__(self, field: str) -> None:
        super().__init__(field, message=f"Missing value for required parameter '{field}'.")


class ContextExceeded(InvalidValue):
    def __init__(self, field: str, tokens: int, limit: int) -> None:
        super().__init__(
            field,
            message=f"Parameter {field!r} has {tokens} tokens; "
            f"prompt and answer together may have {limit} in this model.",
        )


class InvalidState(InvalidValue):
    """The entity is there, but deleted (or not): says which state is needed and how to get there."""


class NotFound(CallerError):
    """`NotFound("run", "ab12")` makes: No run with id 'ab12' exists. `hint` is the next step."""

    code = "RESOURCE_DOES_NOT_EXIST"

    def __init__(self, noun: str, name: object, *, by: str = "id", hint: str = "") -> None:
        self.noun, self.name = noun, name
        super().__init__(f"No {noun} with {by} {shown(name)} exists.{' ' + hint if hint else ''}")


class AlreadyExists(CallerError):
    code = "RESOURCE_ALREADY_EXISTS"

    def __init__(self, noun: str, name: object, *, by: str = "name", hint: str = "") -> None:
        self.noun, self.name = noun, name
        super().__init__(f"{noun.capitalize()} with {by} {shown(name)} already exists.{' ' + hint if hint else ''}")


class Conflict(CallerError):
    code = "RESOURCE_CONFLICT"


class GateRefused(CallerError):
    """The request is sound and the caller allowed; the version isn't, until it or its model's policy changes. So it is
    neither InvalidValue nor Forbidden; and no Conflict, after which one tries again."""

    code = "RESOURCE_CONFLICT"


class IntegrityViolation(CallerError):
    code = "BAD_REQUEST"


class TooLarge(CallerError):
    code = "INVALID_PARAMETER_VALUE"

    def __init__(self, what: str, size_bytes: int, limit_bytes: int) -> None:
        super().__init__(f"{what} has {size_bytes} bytes; at most {limit_bytes} are allowed.")


class Unauthenticated(CallerError):
    code = "UNAUTHENTICATED"


class Forbidden(CallerError):
    code = "PERMISSION_DENIED"


class Unsigned(Forbidden):
    """The model's policy lets signed versions load only."""


class RouteNotFound(CallerError):
    code = "ENDPOINT_NOT_FOUND"


class NotSupported(CallerError):
    code = "NOT_IMPLEMENTED"


class ServiceError(HeadraceError):
    pass


class StoreUnavailable(ServiceError):
    code = "TEMPORARILY_UNAVAILABLE"


class TimedOut(ServiceError):
    code = "DEADLINE_EXCEEDED"


class TooBusy(ServiceError):
    code = "REQUEST_LIMIT_EXCEEDED"


class Corrupt(ServiceError):
    code = "DATA_LOSS"


class UserCodeError(HeadraceError):
    """Code of a user's model or project raised; the cause is chained."""
