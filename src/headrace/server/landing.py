"""The page at /: what answers here. One string, no scripts."""

from __future__ import annotations

from html import escape

from headrace.entities import ViewType
from headrace.server.options import MLFLOW_VERSION
from headrace.server.release import RELEASE
from headrace.stores.base import TrackingStore

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Headrace</title>
<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:46em;margin:3em auto;padding:0 1em}}
code{{background:#eee;padding:0 .3em}}</style>
<h1>Headrace {release}</h1>
<p>{content}</p>
<p>This is a tracking server for MLflow clients (it speaks MLflow's API, version {mlflow}). Point yours at it:</p>
<p><code>export MLFLOW_TRACKING_URI=<i>the address of this page</i></code></p>
<ul>
<li>API: <code>{prefix}/api/2.0/mlflow</code>, <code>{prefix}/api/1.0/headrace</code>,
described in <a href="{prefix}/openapi.json">openapi.json</a></li>
<li>Health: <a href="{prefix}/health">health</a>, version: <a href="{prefix}/version">version</a></li>
</ul>
</html>
"""
_COUNTED_EXPERIMENTS = 1000  # a page to look at needs no more


def landing_page(store: TrackingStore | None, prefix: str) -> str:
    """store: None where not everybody may know what is in it."""
    return _PAGE.format(
        release=escape(RELEASE),
        mlflow=escape(MLFLOW_VERSION),
        prefix=escape(prefix),
        content="It asks who is calling." if store is None else _counted(store),
    )


def _counted(store: TrackingStore) -> str:
    experiments = store.search_experiments(ViewType.ACTIVE_ONLY, _COUNTED_EXPERIMENTS)
    runs = store.count_runs([experiment.experiment_id for experiment in experiments])
    more = " or more" if experiments.token else ""
    return f"{len(experiments):,}{more} experiments with {runs:,}{more} active runs."
