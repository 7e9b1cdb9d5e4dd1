"""Where ours answers other than MLflow on purpose: each one has its reason.

MLflow answers 500 to some mistakes of the caller, which its own client then retries for minutes, and 200 to
others after storing something else than was sent; ours answers 400 with what was wrong.
"""

from dataclasses import dataclass

from rest import INVALID
from servers import TARGET

Answer = tuple[int, str]  # status and error code, as `rest.answered` tells them


@dataclass(frozen=True, kw_only=True)
class Deviation:
    reason: str
    mlflow: Answer
    headrace: Answer = INVALID

    @property
    def expected(self) -> Answer:
        return self.headrace if TARGET == "headrace" else self.mlflow


SAME_ORDER_KEY_TWICE = Deviation(
    reason="MLflow's SQL fails on a key that is ordered by twice", mlflow=(500, "INTERNAL_ERROR")
)
TOKEN_OF_ANOTHER_SHAPE = Deviation(
    reason="MLflow fails on a page token that decodes, but not to an object", mlflow=(500, "INTERNAL_ERROR")
)
TOKEN_NOT_ASCII = Deviation(
    reason="MLflow fails on a page token that base64 can't hold", mlflow=(500, "INTERNAL_ERROR")
)
READ_HALF = Deviation(
    reason="MLflow stops reading a body at the first number out of range and stores zeros for the rest",
    mlflow=(200, ""),
)
ITEM_READ_HALF = Deviation(
    reason="MLflow drops the item of a list that has a value of a wrong type, and all after it",
    mlflow=(200, ""),
)
UNREADABLE = Deviation(reason="MLflow fails on a list where it wants a number or an object", mlflow=(500, ""))
LOGGED_MODEL_ATTRIBUTE = Deviation(
    reason="MLflow fails on a filter by an attribute that logged models don't have",
    mlflow=(500, "INTERNAL_ERROR"),
)
LOGGED_MODEL_NUMBER = Deviation(
    reason="MLflow fails on a quoted number for a numeric attribute of logged models",
    mlflow=(500, "INTERNAL_ERROR"),
)
NESTED_FIELD_MISSING = Deviation(
    reason="MLflow stores empty text for a required field that an item of a list lacks", mlflow=(200, "")
)
NO_OBJECT = Deviation(reason="MLflow fails on a body that is JSON but no object", mlflow=(500, ""))
