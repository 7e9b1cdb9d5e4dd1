from __future__ import annotations

from typing import Any

from starlette.responses import HTMLResponse, Response

from headrace.errors import NotFound
from headrace.server.exchange import Exchange, Routes
from headrace.server.landing import landing_page
from headrace.server.pages import POLICY, PageFile, page, page_files
from headrace.wire.endpoint import Endpoint
from headrace.wire.messages.pages import PagePath
from headrace.wire.table import pages as table
from headrace.wire.table.service import LANDING

routes = Routes()


async def _page(exchange: Exchange[Any]) -> Response:
    backend = exchange.backend
    found = page(backend.options.static_prefix)
    if found is None:
        shown = None if backend.options.auth != "none" else backend.store
        return HTMLResponse(await backend.call(landing_page, shown, backend.options.static_prefix))
    answer = _answer(exchange, found)
    answer.headers["content-security-policy"] = POLICY
    return answer


def _answer(exchange: Exchange[Any], file: PageFile) -> Response:
    headers = {"cache-control": file.cache, "vary": "accept-encoding"}
    if file.packed is not None and "gzip" in (exchange.header("accept-encoding") or ""):
        return Response(file.packed, media_type=file.media_type, headers={**headers, "content-encoding": "gzip"})
    return Response(file.content, media_type=file.media_type, headers=headers)


PAGES: tuple[Endpoint[Any, Any], ...] = (LANDING, table.EXPERIMENT_PAGE, table.MODELS_PAGE, table.MODEL_PAGE)
for endpoint in PAGES:
    routes.serves(endpoint)(_page)


@routes.serves(table.PAGE_FILE)
async def page_file(exchange: Exchange[PagePath]) -> Response:
    name = f"assets/{exchange.message.path}"
    found = page_files().get(name)
    if found is None:
        raise NotFound("file of the web pages", name, by="path", hint="Reload the page: the server has other ones now.")
    return _answer(exchange, found)


@routes.serves(table.PAGE_ICON)
async def page_icon(exchange: Exchange[PagePath]) -> Response:
    found = page_files().get("icon.svg")
    if found is None:
        raise NotFound("file of the web pages", "icon.svg", by="path")
    return _answer(exchange, found)
