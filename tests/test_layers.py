"""The layers of docs/architecture.md, compared with the imports themselves."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "nlprnn"
LONGEST_FILE = 350
EVERYONES = ("errors", "settings", "config", "files")


def allowed() -> dict[str, set[str]]:
    """layer -> the layers it may import, from the table in docs/architecture.md."""
    table: dict[str, set[str]] = {}
    for line in (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) == 2 and re.fullmatch(r"`[a-z_]+`", cells[0]):
            table[cells[0].strip("`")] = set(re.findall(r"`([a-z_]+)`", cells[1]))
    return table


def layer(module: str) -> str:
    """nlprnn.text.corpus -> text; nlprnn.config.training -> config; nlprnn -> nlprnn."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else parts[0]


def imports(path: Path) -> set[str]:
    """Every module of ours that a file imports, at its top or inside its functions."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in found if name.split(".")[0] == "nlprnn"}


def sources() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def test_every_import_runs_downward_as_the_table_says() -> None:
    table = allowed()
    assert len(table) >= 14
    wrong = []
    for path in sources():
        here = layer("nlprnn." + ".".join(path.relative_to(PACKAGE).with_suffix("").parts))
        if here in ("__init__", "__main__", "cli"):
            continue
        for name in imports(path):
            there = layer(name)
            if there not in table[here] | {here, *EVERYONES}:
                wrong.append(f"{path.relative_to(ROOT)} imports {name}")
    assert not wrong, "\n".join(wrong)


def test_only_the_command_line_knows_click_and_only_reports_draw() -> None:
    homes = {"click": {"cli", "commands"}, "matplotlib": {"reports"}}
    for path in sources():
        here = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                assert here in homes.get(name.split(".")[0], {here}), f"{path} imports {name}"


def test_there_are_no_import_cycles_between_modules() -> None:
    names = {}
    for path in sources():
        parts = ("nlprnn", *path.relative_to(PACKAGE).with_suffix("").parts)
        names[".".join(part for part in parts if part != "__init__")] = path
    graph = {}
    for name, path in names.items():
        targets = {module if module in names else module.rsplit(".", 1)[0] for module in imports(path)}
        graph[name] = targets & set(names) - {name, "nlprnn"}
    done: set[str] = set()
    while ready := {name for name, targets in graph.items() if name not in done and targets <= done}:
        done |= ready
    assert done == set(graph), f"a cycle among {sorted(set(graph) - done)}"


def test_no_file_has_grown_to_be_two() -> None:
    long = {str(path): len(path.read_text(encoding="utf-8").splitlines()) for path in sources()}
    assert not {path: lines for path, lines in long.items() if lines > LONGEST_FILE}
