from __future__ import annotations

import sys
from pathlib import Path

import pytest

import headrace as mlflow
from headrace.deployments import get_deploy_client, get_deployments_target, run_local, set_deployments_target, targets
from headrace.deployments.config import decoded
from headrace.deployments.local import LocalConfig, LocalDeploymentClient
from headrace.errors import InvalidValue, NotSupported

PLUGIN = """
from mlflow.deployments import BaseDeploymentClient
from mlflow.deployments import get_deploy_client

class PlaceClient(BaseDeploymentClient):
    def create_deployment(self, name, model_uri, flavor=None, config=None, endpoint=None):
        return {"name": name, "model_uri": model_uri, "config": config}
    def update_deployment(self, name, model_uri=None, flavor=None, config=None, endpoint=None):
        return {"name": name}
    def delete_deployment(self, name, config=None, endpoint=None):
        return None
    def list_deployments(self, endpoint=None):
        return [{"name": self.target_uri}]
    def get_deployment(self, name, endpoint=None):
        return {"name": name}
    def predict(self, deployment_name=None, inputs=None, endpoint=None):
        return {"predictions": inputs}

def run_local(target, name, model_uri, flavor=None, config=None):
    return {"name": name, "target": target}

def target_help():
    return "somewhere"
"""


@pytest.fixture(autouse=True)
def no_target(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(targets, "_chosen", [])


def install(folder: Path, monkeypatch: pytest.MonkeyPatch, group: str, code: str) -> None:
    """A distribution of its own, with an entry point `place`."""
    (folder / "headrace_test_place.py").write_text(code)
    info = folder / "headrace_test_place-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: headrace-test-place\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{group}]\nplace = headrace_test_place\n")
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, "headrace_test_place", raising=False)


@pytest.mark.parametrize("group", ["headrace.deploy", "mlflow.deployments"])
def test_plugin_of_either_group_is_found(group: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch, group, PLUGIN)
    client = get_deploy_client("place:/here")
    assert client.list_deployments() == [{"name": "place:/here"}]
    assert client.create_deployment("a", "models:/m/1", config={"k": "v"})["config"] == {"k": "v"}
    assert run_local("place", "a", "models:/m/1") == {"name": "a", "target": "place"}
    assert targets.target_help("place") == "somewhere"
    assert "place" in targets.names()
    with pytest.raises(NotSupported, match="can't stream"):
        client.predict_stream("a", {})


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("raise OSError('no key')", "headrace-test-place 1.0, which can't be loaded: OSError"),
        ("def run_local(): ...\ndef target_help(): ...", "exactly one subclass of BaseDeploymentClient"),
        (PLUGIN.replace("def target_help", "def help"), "lacks target_help"),
    ],
)
def test_broken_plugin_is_named(code: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch, "headrace.deploy", code)
    with pytest.raises(targets.TargetBroken, match=why):
        get_deploy_client("place")


def test_unknown_target_names_those_that_there_are() -> None:
    with pytest.raises(InvalidValue, match="azureml, kserve, local, ray, sagemaker"):
        get_deploy_client("elsewhere")


def test_target_is_given_set_or_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidValue, match="HEADRACE_DEPLOYMENTS_TARGET or MLFLOW_DEPLOYMENTS_TARGET"):
        get_deployments_target()
    monkeypatch.setenv("MLFLOW_DEPLOYMENTS_TARGET", "kserve")
    assert get_deployments_target() == "kserve"
    set_deployments_target("local")
    assert isinstance(get_deploy_client(), LocalDeploymentClient)
    with pytest.raises(InvalidValue):
        set_deployments_target("elsewhere")
    assert get_deployments_target() == "local"


def test_every_target_explains_its_configuration() -> None:
    for name in targets.BUILT_IN:
        text = targets.target_help(name)
        assert text.startswith(name)
        assert "-C " in text


@pytest.mark.parametrize(
    ("config", "why"),
    [
        ({"prot": "1"}, "no such key. Did you mean port"),
        ({"nothing": "1"}, "There are: host, port"),
        ({"env-manager": "uv", "env_manager": "local"}, "there twice"),
        ({"port": "many"}, "'port' of the target 'local': expected `int`"),
    ],
)
def test_configuration_that_is_not_understood_is_named(config: dict[str, str], why: str) -> None:
    with pytest.raises(InvalidValue, match=why):
        decoded(LocalConfig, config, "local")


def test_configuration_is_text_from_a_command_line() -> None:
    assert decoded(LocalConfig, {"port": "80", "env-manager": "uv"}, "local") == LocalConfig(port=80, env_manager="uv")


def test_mlflows_path_leads_here() -> None:
    assert mlflow.deployments.get_deploy_client is get_deploy_client
