from __future__ import annotations

from starlette.responses import PlainTextResponse, Response

from headrace.server.exchange import Exchange, Routes
from headrace.server.openapi import openapi_document
from headrace.server.options import MLFLOW_VERSION
from headrace.server.release import RELEASE
from headrace.wire.messages.fields import Nothing
from headrace.wire.messages.service import ServerInfoAnswer, WhoAmIAnswer
from headrace.wire.table import service as table

routes = Routes()


@routes.serves(table.HEALTH)
async def health(_: Exchange[Nothing]) -> Response:
    return PlainTextResponse("OK")


@routes.serves(table.VERSION)
async def version(_: Exchange[Nothing]) -> Response:
    return PlainTextResponse(MLFLOW_VERSION, headers={"X-Headrace-Version": RELEASE})


@routes.serves(table.SERVER_INFO)
async def server_info(_: Exchange[Nothing]) -> ServerInfoAnswer:
    return ServerInfoAnswer(
        store_type="SqlStore",
        workspaces_enabled=False,
        trace_archival_enabled=False,
        multipart_uploads_enabled=False,
        multipart_downloads_enabled=False,
        presigned_upload_run_id_supported=False,
        presigned_upload_model_id_supported=False,
        features_enabled={"gateway": False},
    )


@routes.serves(table.WHO_AM_I)
async def who_am_i(exchange: Exchange[Nothing]) -> WhoAmIAnswer:
    return WhoAmIAnswer(user=exchange.user)


@routes.serves(table.OPENAPI)
async def openapi(exchange: Exchange[Nothing]) -> Response:
    document = await exchange.backend.call(openapi_document, exchange.backend.options.static_prefix)
    return Response(document, media_type="application/vnd.oai.openapi+json")
