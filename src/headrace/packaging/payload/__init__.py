"""Requests and answers of a model as bytes: what a scoring server receives and what batch files hold.

`decode` brings JSON (dataframe_split, dataframe_records, instances, inputs, or a bare LLM request), CSV and Parquet to
what `PyFuncModel.predict` takes; `encode` turns predictions into MLflow's JSON.
"""

from headrace.packaging.payload.answer import as_rows, encode, jsonable
from headrace.packaging.payload.columns import BadCell, cast_frame
from headrace.packaging.payload.errors import BadPayload, UnknownContentType
from headrace.packaging.payload.request import Request, decode, frame_of

__all__ = [
    "BadCell",
    "BadPayload",
    "Request",
    "UnknownContentType",
    "as_rows",
    "cast_frame",
    "decode",
    "encode",
    "frame_of",
    "jsonable",
]
