from __future__ import annotations

import os
from pathlib import Path

import pytest

from headrace.environments import pip_settings


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [*os.environ]:
        if name.startswith(("PIP_", "UV_")) or name == "SSL_CERT_FILE":
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path / "shared"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    path = tmp_path / "chosen.conf"
    path.write_text("")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(path))
    return path


def test_uv_looks_where_pip_is_told_to(config: Path) -> None:
    config.write_text(
        "[global]\nindex-url = https://mirror.example/simple\nextra-index-url =\n  https://a.example\n  https://b.example\n"
        "timeout = 3\n[install]\nfind-links = /wheels /more\n[freeze]\nno-index = true\n"
    )
    found = pip_settings.for_uv()
    assert found["UV_DEFAULT_INDEX"] == "https://mirror.example/simple"
    assert found["UV_INDEX"] == "https://a.example https://b.example"
    assert found["UV_INDEX_STRATEGY"] == "unsafe-best-match"
    assert found["UV_FIND_LINKS"] == "/wheels,/more"
    assert "UV_NO_INDEX" not in found


def test_variables_win_over_files_and_files_of_the_user_over_shared_ones(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder, index in (("shared", "https://shared.example"), ("home", "https://mine.example")):
        (tmp_path / folder / "pip").mkdir(parents=True)
        (tmp_path / folder / "pip" / "pip.conf").write_text(f"[global]\nindex-url = {index}\n")
    assert pip_settings.for_uv()["UV_DEFAULT_INDEX"] == "https://mine.example"
    config.write_text("[global]\nindex-url = https://chosen.example\n")
    assert pip_settings.for_uv()["UV_DEFAULT_INDEX"] == "https://chosen.example"
    monkeypatch.setenv("PIP_INDEX_URL", "https://variable.example")
    assert pip_settings.for_uv()["UV_DEFAULT_INDEX"] == "https://variable.example"


@pytest.mark.parametrize("name", ["UV_DEFAULT_INDEX", "UV_INDEX_URL"])
def test_what_is_set_for_uv_wins(config: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    config.write_text("[global]\nindex-url = https://mirror.example/simple\n")
    monkeypatch.setenv(name, "https://own.example")
    assert "UV_DEFAULT_INDEX" not in pip_settings.for_uv()


def test_a_broken_file_is_left_to_pip(config: Path) -> None:
    config.write_text("what is this\n")
    assert "UV_DEFAULT_INDEX" not in pip_settings.for_uv()


def test_wheels_in_a_folder_of_pips_are_found_by_uv(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from headrace.environments import Spec, prepare
    from tests.environments.wheels import wheel

    wheels = tmp_path / "wheels"
    wheels.mkdir()
    wheel(wheels, "only_here", "1.0+cpu")
    config.write_text(f"[global]\nno-index = true\nfind-links = {wheels}\n")
    environment = prepare(Spec(lines=("only-here==1.0",), folder=tmp_path))
    done = environment.run(["-c", "import only_here; print(only_here.version)"], capture_output=True, text=True)
    assert done.stdout == "1.0+cpu\n"
