"""The README says what is there."""

import gzip
import json
import os
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import cli
from app.settings import PROJECT_DIR
from ingest.ledger import Ledger
from ingest.sources import discover

README = (PROJECT_DIR / "README.md").read_text()


def table_after(heading: str) -> list[list[str]]:
    """The cells of the first table below a line that begins with `heading`."""
    lines = README[README.index(heading) :].splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("|"))
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
    return rows


def test_every_source_is_listed() -> None:
    listed = [row[0].strip("`") for row in table_after("## Your own data")]
    assert sorted(listed) == sorted(discover())


EXAMPLES = {row[0].strip("`"): row[2].strip("`") for row in table_after("## Your own data")}
MAPPED = {"id": "c-1", "ts": "2026-10-07T13:46:57", "account": "northwind", "thread": "t-1",
          "tenant": {"id": "n"}, "llm": {"model": "gpt-5", "tokens_in": 5, "tokens_out": 7}}  # fmt: skip


@pytest.mark.parametrize("source", EXAMPLES)
def test_the_example_of_a_source_loads_it(source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command as it stands, with the source's sample where the command looks for a file."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("UNITCOST_HOME", str(tmp_path / "warehouse"))
    monkeypatch.chdir(tmp_path)
    program, *arguments = shlex.split(EXAMPLES[source])
    assert program == "unitcost"
    arguments = [os.path.expanduser(argument) for argument in arguments]  # noqa: PTH111 - as a shell does
    shape = discover()[source].tables[0].shape
    (sample,) = (PROJECT_DIR / "tests" / "ingest" / "sources" / source).glob(f"{shape}.*")
    content = sample.read_bytes()
    if source == "generic":
        content = json.dumps(MAPPED).encode()
        (tmp_path / "ours.toml").write_text(README.split("```toml\n")[1].split("```")[0])
    wanted = Path(arguments[-1].replace("**", "a").replace("*", "b"))
    path = wanted if wanted.suffix else wanted / sample.name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 0, result.output
    with Ledger(tmp_path / "warehouse") as ledger:
        tables = {file["table_name"].partition("__")[0] for file in ledger.active_files()}
    assert tables - {"prices"} == {source}


def test_every_command_is_listed() -> None:
    listed = {re.match(r"`unitcost (\w+)", row[0]).group(1) for row in table_after("| command | does |")}  # type: ignore[union-attr]
    commands = {command.name or command.callback.__name__ for command in cli.registered_commands}  # type: ignore[union-attr]
    assert listed == commands | {group.name for group in cli.registered_groups}


def test_every_mart_is_in_the_bus_matrix() -> None:
    listed = {name for row in table_after("| mart | grain") for name in re.findall(r"`(\w+)`", row[0])}
    marts = {path.stem for path in Path(PROJECT_DIR / "models" / "marts").rglob("*.sql")}
    assert listed == {mart for mart in marts if not mart.startswith("dim_")}


def test_folders_that_the_readme_names_exist() -> None:
    for row in table_after("| folder | what"):
        assert (PROJECT_DIR / row[0].strip("`/")).is_dir()


def test_the_two_commands_are_targets_of_the_makefile() -> None:
    makefile = (PROJECT_DIR / "Makefile").read_text()
    for target in ("demo", "test", "test-spark"):
        assert f"\n{target}:" in makefile


def test_every_library_has_its_reason_in_decisions() -> None:
    import tomllib  # noqa: PLC0415

    project = tomllib.loads((PROJECT_DIR / "pyproject.toml").read_text())["project"]
    required = project["dependencies"] + [r for extra in project["optional-dependencies"].values() for r in extra]
    decisions = (PROJECT_DIR / "DECISIONS.md").read_text()
    for requirement in required:
        name = re.match(r"[\w-]+", requirement).group()  # type: ignore[union-attr]
        assert name in decisions, f"{name}: say in DECISIONS.md why it is there"
