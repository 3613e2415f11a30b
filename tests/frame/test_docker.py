"""The image and the compose file, read as a container engine would read them."""

from __future__ import annotations

import re
import shlex
from typing import Any

import pytest
import yaml

from correlator.cli import COMMANDS
from correlator.settings.secrets import SECRETS
from correlator.settings.table import SETTINGS
from tests.frame.tree import PACKAGES, ROOT

DOCKERFILE = (ROOT / "docker" / "Dockerfile").read_text(encoding="utf-8")
VARIABLES = {"CORRELATOR_" + setting.name.upper().replace(".", "_") for setting in SETTINGS}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docker" / "compose.yaml").read_text(encoding="utf-8"))
    return loaded


def _instructions(name: str) -> list[str]:
    return re.findall(rf"^{name} (.+)$", DOCKERFILE.replace("\\\n", " "), re.MULTILINE)


def test_what_is_copied_is_there_and_is_all_that_the_wheel_needs() -> None:
    copied = [part for line in _instructions("COPY") if "--from" not in line for part in shlex.split(line)[:-1]]
    assert all((ROOT / part).exists() for part in copied)
    assert {*PACKAGES, "pyproject.toml", "README.md", "LICENSE", "requirements/run.txt"} <= set(copied)


def test_what_is_copied_is_not_ignored() -> None:
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert kept == {*PACKAGES, "pyproject.toml", "README.md", "LICENSE", "requirements"}


def test_it_installs_what_is_locked_and_runs_as_nobody_special() -> None:
    installs = [line for line in _instructions("RUN") if "pip install" in line]
    assert ["--require-hashes" in line or "--no-deps" in line for line in installs] == [True, True]
    assert _instructions("USER") == ["correlator"]
    assert _instructions("FROM")[-1].endswith("-slim")


def test_it_starts_a_command_and_says_whether_it_is_well() -> None:
    assert _instructions("ENTRYPOINT") == ['["correlator"]']
    assert re.findall(r"\w+", _instructions("CMD")[-1])[0] in COMMANDS
    assert "/healthz" in _instructions("HEALTHCHECK")[0]


def test_the_check_of_health_asks_the_port_that_the_image_sets() -> None:
    check = _instructions("HEALTHCHECK")[0]
    (port,) = re.findall(r"os\.environ\['(\w+)'\]", check)
    assert re.search(rf"^\s+{port}=\d+$", DOCKERFILE, re.MULTILINE)
    compile(re.findall(r'"-c", "([^"]+)"', check)[0], "HEALTHCHECK", "exec")


def test_its_variables_are_settings() -> None:
    assert set(re.findall(r"CORRELATOR_[A-Z_]+", DOCKERFILE)) <= VARIABLES


def test_the_services_are_built_here_and_run_our_commands(compose: dict[str, Any]) -> None:
    ours = {name: service for name, service in compose["services"].items() if "build" in service}
    assert set(ours) == {"web", "scheduler"}
    for service in ours.values():
        assert service["command"][0] in COMMANDS
        context = (ROOT / "docker" / service["build"]["context"]).resolve()
        assert context == ROOT
        assert (context / service["build"]["dockerfile"]).is_file()
        assert set(service["depends_on"]) <= set(compose["services"])


def test_secrets_come_from_files_alone(compose: dict[str, Any]) -> None:
    known = {secret.variable for secret in SECRETS}
    for name, service in compose["services"].items():
        variables = service["environment"]
        files = {variable: value for variable, value in variables.items() if variable.endswith("_FILE")}
        assert set(service["secrets"]) == {value.removeprefix("/run/secrets/") for value in files.values()}, name
        assert set(service["secrets"]) <= set(compose["secrets"])
        if "build" in service:
            assert {variable.removesuffix("_FILE") for variable in files} <= known
            assert set(variables) - set(files) <= VARIABLES


def test_nothing_is_open_to_the_network(compose: dict[str, Any]) -> None:
    ports = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)
    assert not any("CORRELATOR_WEB_HOST" in service["environment"] for service in compose["services"].values())
