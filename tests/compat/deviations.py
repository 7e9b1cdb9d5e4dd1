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
ARCHIVE_WITHOUT_STAGE = Deviation(
    reason="MLflow fails on archiving the versions of a stage that has no such thing", mlflow=(500, "INTERNAL_ERROR")
)
TAG_IS_NULL = Deviation(reason="MLflow fails on asking for models without a tag", mlflow=(500, ""))
NAME_IS_NULL = Deviation(reason="MLflow fails on asking for models without a name", mlflow=(500, ""))
TOKEN_NO_OBJECT = Deviation(reason="MLflow's registry fails on a page token that is no object", mlflow=(500, ""))
NO_RESULTS_ASKED_FOR = Deviation(
    reason="MLflow answers an empty page and a token that leads to it again", mlflow=(200, "")
)
FILE_OF_A_HOST = Deviation(reason="MLflow fails on a file: address with a host", mlflow=(500, "INTERNAL_ERROR"))
UNKNOWN_SOURCE_MODEL = Deviation(
    reason="MLflow fails on a logged model that isn't there",
    mlflow=(500, "INTERNAL_ERROR"),
    headrace=(404, "RESOURCE_DOES_NOT_EXIST"),
)
SOURCE_NAMES_ITS_OWNER = Deviation(
    reason="MLflow wants the run or logged model that an address names to be named once more beside it",
    mlflow=INVALID,
    headrace=(200, ""),
)
SOURCE_IN_ANOTHER_REGISTRY = Deviation(
    reason="MLflow takes an address in another registry for a malformed one",
    mlflow=INVALID,
    headrace=(501, "NOT_IMPLEMENTED"),
)
LONG_MODEL_NAME = Deviation(
    reason="MLflow leaves the length of names to the database, and SQLite takes any", mlflow=(200, "")
)
FLAG_AS_TEXT = Deviation(
    reason="MLflow refuses a flag that comes as text, as its own R client sends it", mlflow=INVALID, headrace=(200, "")
)
