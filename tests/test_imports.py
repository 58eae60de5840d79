"""No two modules of the package need each other, not even when a function runs; the version needs none of them."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src"


def _modules(source: Path) -> dict[str, Path]:
    """Return the file of every module of the package."""
    found = {}
    for path in sorted((source / "wilks").rglob("*.py")):
        parts = path.relative_to(source).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def _statements(tree: ast.AST) -> Iterator[ast.Import | ast.ImportFrom | ast.Dict]:
    """Return the imports at every depth but those for annotations alone, and the tables that name modules."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import | ast.ImportFrom | ast.Dict):
            yield node
        yield from _statements(node)


def _imported(module: str, modules: Mapping[str, Path]) -> set[str]:
    """Return the modules of the package that a module imports, at once or when one of its functions runs."""
    found: set[str] = set()
    for node in _statements(ast.parse(modules[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: relative imports are not understood here"
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in modules else str(node.module) for name in names}
        elif module == "wilks":  # its table of names says which module each is imported from
            found |= {value.value for value in node.values if isinstance(value, ast.Constant)}
    return (found & modules.keys()) - {module}


def _circle(source: Path) -> list[str]:
    """Return modules that import each other in a circle, the first once more at the end; nothing without any."""
    modules = _modules(source)
    try:
        TopologicalSorter({module: _imported(module, modules) for module in modules}).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_circle_of_imports() -> None:
    assert len(_modules(SOURCE)) > 300
    assert _circle(SOURCE) == []


@pytest.mark.parametrize("upwards", ["import wilks.b", "from wilks import b", "def f():\n    from wilks.b import g"])
def test_a_circle_is_seen(tmp_path: Path, upwards: str) -> None:
    package = tmp_path / "wilks"
    package.mkdir()
    (package / "__init__.py").write_text('_HOME = {"f": "wilks.a"}\n')
    (package / "a.py").write_text("if TYPE_CHECKING:\n    from wilks.b import g\n")
    (package / "b.py").write_text("from wilks.a import f\n")
    assert _circle(tmp_path) == []
    (package / "a.py").write_text(upwards + "\n")
    assert set(_circle(tmp_path)) == {"wilks.a", "wilks.b"}


def test_the_lazy_names_of_the_package_count(tmp_path: Path) -> None:
    package = tmp_path / "wilks"
    package.mkdir()
    (package / "__init__.py").write_text('_HOME = {"f": "wilks.a"}\n')
    (package / "a.py").write_text("import wilks\n")
    assert set(_circle(tmp_path)) == {"wilks", "wilks.a"}


def test_the_package_costs_nothing() -> None:
    """`import wilks` and the version bring along no module but two, and none from elsewhere that takes time."""
    code = "import sys, wilks; wilks.__version__; print(*sorted(m for m in sys.modules if m.split('.')[0] in %r))"
    heavy = ("wilks", "numpy", "scipy", "msgspec", "click")
    ran = subprocess.run([sys.executable, "-c", code % (heavy,)], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["wilks", "wilks._version"]
