"""The image: what it copies exists, what it runs exists, and whoever runs in it can write to nothing of it."""

import re
from fnmatch import fnmatch

import pytest
from fastapi.routing import APIRoute

from app.cli import cli
from app.settings import load_settings
from tests.deploy.compose import PROJECT, read

TEXT = (PROJECT / "Dockerfile").read_text().replace("\\\n", " ")
LINES = [line.strip() for line in TEXT.splitlines() if line.strip() and not line.strip().startswith("#")]
BUILD, FINAL = (part.splitlines() for part in re.split(r"^FROM .*$", "\n".join(LINES), flags=re.MULTILINE)[1:])


def instructions(lines: list[str], name: str) -> list[str]:
    return [line.removeprefix(name).strip() for line in lines if line.startswith(f"{name} ")]


def test_the_base_is_named_by_an_exact_tag_in_one_place() -> None:
    image = re.search(r"^ARG PYTHON_IMAGE=(.+)$", TEXT, re.MULTILINE)
    assert image
    assert re.fullmatch(r"python:3\.11\.\d+-slim-[a-z]+", image[1])
    assert [line for line in LINES if line.startswith("FROM")] == [
        "FROM ${PYTHON_IMAGE} AS build",
        "FROM ${PYTHON_IMAGE}",
    ]
    assert f'base.name="{image[1]}"' in TEXT


def test_everything_that_is_copied_exists_and_is_sent_to_the_engine() -> None:
    sent = [line[1:] for line in (PROJECT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    copies = [each.split() for each in instructions(BUILD + FINAL, "COPY") if "--from" not in each]
    sources = {source for *several, _target in copies for source in several}
    assert sources == set(sent)
    assert {source for source in sources if not (PROJECT / source).exists()} == set()
    assert not any(fnmatch(source, pattern) for source in sources for pattern in ("secrets*", "data*", ".env", ".git"))


def test_the_packages_are_those_of_the_lock_and_nothing_else() -> None:
    steps = " ".join(instructions(BUILD, "RUN"))
    assert "--no-deps --requirement /dev/stdin" in steps
    assert "--no-deps --no-build-isolation ." in steps
    torch = [line for line in (PROJECT / "requirements.lock").read_text().splitlines() if line.startswith("torch==")]
    assert len(torch) == 2, "one for each kind of machine: pip takes the one whose marker fits"


def test_nobody_in_the_container_is_root_and_nothing_that_builds_is_in_it() -> None:
    assert instructions(FINAL, "USER")[-1] == "10001:10001"
    assert not any("chown" in each for each in instructions(FINAL, "COPY"))
    installed = re.findall(r"apt-get install -y --no-install-recommends ([^&]+)", " ".join(instructions(FINAL, "RUN")))
    assert len(installed) == 1
    assert not {"gcc", "g++", "build-essential", "make", "git", "curl", "python3-pip"} & set(installed[0].split())
    assert "pip uninstall" in " ".join(instructions(BUILD, "RUN"))


def test_the_debian_packages_of_the_image_are_known_to_the_tests() -> None:
    installed = set(re.findall(r"(tesseract\S*)", " ".join(instructions(FINAL, "RUN"))))
    known = {
        line.split()[0] for line in (PROJECT / "configs" / "apt-packages.txt").read_text().splitlines() if line.strip()
    }
    assert installed <= known
    assert "tesseract-ocr" in installed


def test_every_command_of_image_and_compose_file_exists() -> None:
    names = {command.name or command.callback.__name__ for command in cli.registered_commands if command.callback}
    assert instructions(FINAL, "CMD") == ['["cloister", "serve"]']
    assert "serve" in names
    commands = [service.get("command") for service in read(PROJECT / "docker-compose.yml")["services"].values()]
    asked = {command[1] for command in commands if command and command[0] == "cloister"}
    assert asked == {"worker"}
    if "worker" not in names:
        pytest.skip("THE WORKER'S COMMAND IS NOT CHECKED: there is none of that name yet")


def test_the_health_check_asks_an_address_that_exists_at_the_port_that_is_opened() -> None:
    from app.web.api.health import router

    check = re.search(r"http://127\.0\.0\.1:(\d+)(/\w+)", " ".join(instructions(FINAL, "HEALTHCHECK")))
    assert check
    assert check[2] in {route.path for route in router.routes if isinstance(route, APIRoute)}
    assert int(check[1]) == load_settings().server.port == int(instructions(FINAL, "EXPOSE")[0])


def test_what_the_image_says_of_settings_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    said = dict(re.findall(r"(CLOISTER_\w+)=(\S+)", " ".join(instructions(FINAL, "ENV"))))
    for variable, value in said.items():
        monkeypatch.setenv(variable, value)
    settings = load_settings()
    assert str(settings.data_dir) in instructions(FINAL, "VOLUME")
    assert settings.server.is_public
