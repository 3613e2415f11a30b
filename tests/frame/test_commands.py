"""Every command has help with an example, stands in the docs, and each example there can be read."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from correlator.cli import COMMANDS, correlator
from tests.frame.tree import ROOT, tracked

RUNNER = CliRunner()
COMMANDS_PAGE = ROOT / "docs" / "commands.md"
_FENCE = re.compile(r"^```(?:sh|console|bash|text)?\n(.*?)^```", re.MULTILINE | re.DOTALL)


def _leaves(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """The commands that do something: groups are gone through."""
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from _leaves(inner, (*path, name))
    else:
        yield path, command


@pytest.fixture(scope="module")
def leaves() -> dict[tuple[str, ...], click.Command]:
    return dict(_leaves(correlator, ()))


@pytest.mark.parametrize("name", COMMANDS)
def test_its_help_has_an_example(name: str) -> None:
    result = RUNNER.invoke(correlator, [name, "--help"])
    assert result.exit_code == 0
    assert re.search(r"Examples?:", result.output), result.output
    assert f"correlator {name}" in result.output


def test_every_command_takes_a_settings_file(leaves: dict[tuple[str, ...], click.Command]) -> None:
    without = [path for path, command in leaves.items() if not any("--config" in p.opts for p in command.params)]
    assert without == []


def test_the_overview_names_each_command_once() -> None:
    result = RUNNER.invoke(correlator, ["--help"])
    listed = re.findall(r"^  ([a-z]+)  +[A-Z]", result.output, re.MULTILINE)
    assert sorted(listed) == sorted(COMMANDS)


def test_a_mistyped_command_is_answered_with_the_one_that_was_meant() -> None:
    refused = RUNNER.invoke(correlator, ["analyse", "history"])
    assert refused.exit_code == 2
    assert "Did you mean 'analyze'?" in refused.output


def test_no_group_cuts_what_its_commands_do() -> None:
    for name in COMMANDS:
        listed = RUNNER.invoke(correlator, [name, "--help"]).output.partition("Commands:")[2].partition("Example")[0]
        assert "..." not in listed, listed


def test_each_command_and_option_stands_in_the_docs(leaves: dict[tuple[str, ...], click.Command]) -> None:
    page = COMMANDS_PAGE.read_text(encoding="utf-8")
    missing = []
    for path, command in leaves.items():
        heading = f"## `correlator {path[0]}`"
        assert heading in page, heading
        section = page.split(heading, 1)[1].split("\n## ", 1)[0]
        if f"correlator {' '.join(path)}" not in heading + section:
            missing.append(f"correlator {' '.join(path)}")
        missing += [
            f"{' '.join(path)} {option}"
            for parameter in command.params
            if isinstance(parameter, click.Option) and not parameter.hidden
            for option in parameter.opts
            if option.startswith("--") and option not in ("--config", "--help") and option not in section
        ]
    assert missing == []


def _examples() -> list[str]:
    """The lines of fenced blocks, in the docs and the README, that call `correlator`."""
    found = []
    for path in (*tracked("docs/*.md"), ROOT / "README.md"):
        for block in _FENCE.findall(path.read_text(encoding="utf-8")):
            joined = block.replace("\\\n", " ")
            found += [line.strip().removeprefix("$ ") for line in joined.splitlines()]
    return sorted({line for line in found if line.startswith("correlator ")})


def test_there_are_examples() -> None:
    assert len(_examples()) > 10


@pytest.mark.parametrize("example", _examples())
def test_an_example_in_the_docs_can_be_read(example: str) -> None:
    """Parsed by the command itself, up to the point where it would start to work."""
    words = shlex.split(example.split(" | ")[0].split(" > ")[0], comments=True)[1:]
    command: click.Command = correlator
    context = click.Context(correlator, info_name="correlator")
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        inner = command.get_command(context, words[0])
        assert inner is not None, f"there is no command {words[0]}: {example}"
        context, command, words = click.Context(inner, info_name=words[0], parent=context), inner, words[1:]
    if words and words[-1] in ("--help", "--version"):
        return
    assert _complaint(command, context.info_name, words) in ("", "does not exist"), example


def _complaint(command: click.Command, name: str | None, words: list[str]) -> str:
    """What click says about this call; a file of the example need not exist here."""
    try:
        command.make_context(name, words)
    except click.ClickException as error:
        return "does not exist" if "does not exist" in error.format_message() else error.format_message()
    return ""
