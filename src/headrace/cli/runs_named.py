"""How commands name runs."""

from __future__ import annotations

import click

run_id_option = click.option("--run-id", required=True, metavar="RUN", help="The run.")
run_ids_option = click.option(
    "--run-id", "run_ids", required=True, multiple=True, metavar="RUN", help="The run; repeat for several."
)
