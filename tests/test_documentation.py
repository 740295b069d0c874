"""What README and docs name exists: commands, make targets, settings and linked files."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from app.cli import cli
from app.settings import ENV_PREFIX, PROFILE_VARIABLE, TEST_PREFIX, Section, Settings

PROJECT = Path(__file__).parents[1]
PAGES = [
    page for page in (PROJECT / "README.md", PROJECT / "ARCHITECTURE.md", PROJECT / "CHANGELOG.md") if page.exists()
]
PAGES += sorted((PROJECT / "docs").rglob("*.md"))
# Split, so that this file does not name them itself.
REGISTRIES = ["files.pythonhosted" + ".org", "pypi" + ".org", "registry.npmjs" + ".org", "deb.debian" + ".org"]
REGISTRIES += ["download.pytorch" + ".org"]

CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
COMMAND = re.compile(r"(?:^|[\s/`(])cloister +([a-z][a-z-]*)(.*)")
TARGET = re.compile(r"(?:^|[\s`;&(])make +([a-z][a-z-]*)")
VARIABLE = re.compile(rf"\b{ENV_PREFIX}[A-Z0-9_]*[A-Z0-9]")
OPTION = re.compile(r"(?<=\s)--[a-z][a-z-]*")
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")


def test_every_command_that_is_named_exists_with_its_options() -> None:
    root: Any = typer.main.get_command(cli)
    unknown = []
    for page, line in _code_lines():
        for name, rest in COMMAND.findall(line):
            command = root.commands.get(name)
            options = {option for parameter in command.params for option in parameter.opts} if command else set()
            if command is None or not set(OPTION.findall(rest)) <= options | {"--help"}:
                unknown.append((page.name, line))
    assert unknown == []


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    named = {(page.name, target) for page, line in _code_lines() for target in TARGET.findall(line)}
    assert {(page, target) for page, target in named if target not in targets} == set()


def test_every_variable_that_is_named_is_a_setting() -> None:
    named = {(page.name, variable) for page in PAGES for variable in VARIABLE.findall(page.read_text())}
    assert {(page, variable) for page, variable in named if not _is_setting(variable)} == set()


def test_every_relative_link_leads_somewhere() -> None:
    links = [(page, link) for page in PAGES for link in LINK.findall(page.read_text()) if "://" not in link]
    links = [(page, link) for page, link in links if not link.startswith("mailto:")]
    assert [(page.name, link) for page, link in links if not (page.parent / link).exists()] == []


def test_every_control_and_every_test_of_the_threat_model_exists() -> None:
    said = (PROJECT / "docs" / "threat-model.md").read_text()
    controls = re.findall(r"`((?:app|ingest|bundle)/[^`\s]*)`", said)
    assert len(controls) > 30
    assert [path for path in controls if not (PROJECT / path).exists()] == []
    tests = re.findall(r"`(tests/[^`\s]+\.py)::(\w+)`", said)
    assert len(tests) > 50
    assert [(file, name) for file, name in tests if f"def {name}(" not in (PROJECT / file).read_text()] == []


def test_no_file_names_a_package_registry() -> None:
    """Whoever builds this says where packages come from; a lock file with addresses would say it for them."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
    ).stdout.split("\0")
    files = [PROJECT / name for name in listed if name and (PROJECT / name).is_file()]
    assert len(files) > 100
    naming = [file.name for file in files if any(host.encode() in file.read_bytes() for host in REGISTRIES)]
    assert naming == []


def _code_lines() -> Iterator[tuple[Path, str]]:
    """Every line of code in the pages, inline code included."""
    for page in PAGES:
        for code in CODE.findall(page.read_text()):
            yield from ((page, line) for line in code.strip("`").splitlines())


def _is_setting(variable: str) -> bool:
    if variable == PROFILE_VARIABLE or variable.startswith(TEST_PREFIX):
        return True
    model: type = Settings
    # A file that holds the value (app/settings/secret_files.py).
    for name in variable.removeprefix(ENV_PREFIX).removesuffix("_FILE").lower().split("__"):
        if not issubclass(model, Settings | Section) or name not in model.model_fields:
            return False
        kind = model.model_fields[name].annotation
        model = kind if isinstance(kind, type) else object
    return True
