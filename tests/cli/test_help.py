from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest

from headrace.cli import ALIASES, NOUNS, main
from headrace.cli.group import Command
from tests.cli.conftest import Headrace

# Options of MLflow 3.17's commands, as scripts and MLflow's Java and R clients write them.
MLFLOW_OPTIONS = {
    "experiments create": "--experiment-name -n --artifact-location -l",
    "experiments search": "--view -v --max-results",
    "experiments get": "--experiment-id -x --experiment-name -n --output",
    "experiments rename": "--experiment-id -x --new-name",
    "experiments delete": "--experiment-id -x",
    "experiments restore": "--experiment-id -x",
    "experiments csv": "--experiment-id -x --filename -o",
    "runs list": "--experiment-id --view -v",
    "runs describe": "--run-id",
    "runs create": "--experiment-id --experiment-name --run-name --description --tags -t --status --parent-run-id",
    "runs delete": "--run-id",
    "runs restore": "--run-id",
    "artifacts log-artifact": "--local-file -l --run-id -r --artifact-path -a",
    "artifacts log-artifacts": "--local-dir -l --run-id -r --artifact-path -a",
    "artifacts list": "--run-id -r --artifact-path -a",
    "artifacts download": "--run-id -r --artifact-path -a --artifact-uri -u --dst-path -d",
    "models serve": "-m --port -p --host -h --timeout -t --workers -w --env-manager --no-conda --install-mlflow",
    "models build-docker": "-m --name -n --env-manager --mlflow-home --install-java",
    "models generate-dockerfile": "-m --output-directory -d --env-manager --mlflow-home --install-java",
    "deployments create": "--target -t --name --model-uri -m --flavor -f --config -C --endpoint",
    "deployments update": "--target -t --name --model-uri -m --flavor -f --config -C --endpoint",
    "deployments delete": "--target -t --name --config -C --endpoint",
    "deployments list": "--target -t --endpoint",
    "deployments get": "--target -t --name --endpoint",
    "deployments predict": "--target -t --name --endpoint --input-path -I --output-path -O",
    "deployments run-local": "--target -t --name --model-uri -m --flavor -f --config -C",
    "deployments help": "--target -t",
    "doctor": "--mask-envs",
}
SERVERS = ("server", "serve", "models serve")
WRITE_FILES = ("runs export", "experiments csv", "models predict", "deployments predict", "deployments logs")
UNNEEDED_FOR_HELP = {"sqlalchemy", "numpy", "urllib3", "rich", "starlette", "sqlite3", "msgspec", "asyncio"}


def leaves(group: click.Group = main, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    with click.Context(group) as context:
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command is not None
            if isinstance(command, click.Group):
                yield from leaves(command, (*path, name))
            else:
                yield " ".join((*path, name)), command


LEAVES = dict(leaves())


def test_help_loads_no_command_and_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['headrace', '--help']\n"
        "from headrace.cli import main\n"
        "try: main()\n"
        "except SystemExit: print(*sys.modules, file=sys.stderr)"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stderr.split()
    assert "headrace.cli" in loaded
    assert not UNNEEDED_FOR_HELP & {name.partition(".")[0] for name in loaded}
    assert not {place.help and place.place.partition(":")[0] for place in NOUNS.values()} & set(loaded)


def test_list_of_nouns_says_what_each_says_of_itself() -> None:
    with click.Context(main) as context:
        for name, noun in NOUNS.items():
            command = main.get_command(context, name)
            assert command is not None
            assert (command.help or "").splitlines()[0] == noun.help, name
        assert main.get_command(context, "ui") is main.get_command(context, ALIASES["ui"])


@pytest.mark.parametrize("path", LEAVES)
def test_every_command_has_examples_that_parse(path: str) -> None:
    command = LEAVES[path]
    assert isinstance(command, Command)
    assert command.examples
    for example in command.examples:
        words = shlex.split(example.replace("$(", " ; ").replace(")", " ;").replace("|", " ; "))
        start = words.index("headrace") + 1
        ours = words[start:]
        for stop in (";", "&", ">", "2>&1"):
            if stop in ours:
                ours = ours[: ours.index(stop)]
        at: click.Command = main
        while isinstance(at, click.Group):
            with click.Context(at) as context:
                at = at.get_command(context, ours.pop(0)) or pytest.fail(example)
        assert at is command, example
        parser = command.make_parser(click.Context(command))
        _, rest, _ = parser.parse_args(ours)
        assert not rest, example


@pytest.mark.parametrize("path", MLFLOW_OPTIONS)
def test_takes_the_options_of_mlflow(path: str) -> None:
    taken = {name for option in LEAVES[path].params for name in option.opts}
    assert set(MLFLOW_OPTIONS[path].split()) <= taken


@pytest.mark.parametrize("path", LEAVES)
def test_json_is_everywhere_but_where_the_output_is_a_file_or_a_server(path: str) -> None:
    has = "--json" in {name for option in LEAVES[path].params for name in option.opts}
    assert has != (path in (*SERVERS, *WRITE_FILES))


def test_near_misses_are_named(headrace: Headrace) -> None:
    assert "Did you mean runs?" in headrace("rnus", status=2).err
    assert "Did you mean search?" in headrace("experiments", "serch", status=2).err
    assert "'--filter'" in headrace("runs", "list", "--filtr", "x", status=2).err


def test_version(headrace: Headrace) -> None:
    from headrace import __version__

    assert headrace("--version").out == f"headrace, version {__version__}\n"
