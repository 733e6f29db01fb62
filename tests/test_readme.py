"""The README says what is there."""

import re
from pathlib import Path

from app.cli import cli
from app.settings import PROJECT_DIR
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
