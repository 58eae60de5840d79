"""Scripts, notebooks, test suites and modules that import pyhf by themselves, each in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import sys
import pyhf
from pyhf.infer import hypotest

model = pyhf.simplemodels.uncorrelated_background([12.0, 11.0], [50.0, 52.0], [3.0, 7.0])
data = [51, 48] + model.config.auxdata
print(sys.argv[1:], float(hypotest(1.0, data, model)), pyhf.__name__, __name__)
"""
WARNINGS = ("-W", "ignore")
ROOT = Path(__file__).parents[2]


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *WARNINGS, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_a_script_runs_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)
    plain = run("script.py", "a", "--b", folder=tmp_path)
    served = run("-m", "wilks.compat", "script.py", "a", "--b", folder=tmp_path)
    assert served.returncode == plain.returncode == 0
    before, after = (found.stdout.split() for found in (plain, served))
    assert before[:2] + before[3:] == after[:2] + after[3:]
    assert float(after[2]) == pytest.approx(float(before[2]), rel=1e-4)
    lines = [line.split()[:3] for line in served.stderr.splitlines()]
    assert ["5", "fits"] in [line[:2] for line in lines]
    assert ["1", "hypothesis", "tests"] in lines


def test_modules_beside_a_script_are_found_and_its_exit_status_is_kept(tmp_path: Path) -> None:
    folder = tmp_path / "analysis"
    folder.mkdir()
    (folder / "beside.py").write_text("import pyhf\nname = pyhf.pdf.Model.__new__.__module__\n")
    (folder / "script.py").write_text("import sys\nimport beside\nprint(beside.name)\nsys.exit(3)\n")
    found = run("-m", "wilks.compat", "analysis/script.py", folder=tmp_path)
    assert found.stdout.strip() == "wilks.compat._pyhf.layer"
    assert found.returncode == 3
    assert "served by wilks" in found.stderr


def test_a_module_runs_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "tool.py").write_text(SCRIPT)
    found = run("-m", "wilks.compat", "-m", "tool", "x", folder=tmp_path)
    assert found.returncode == 0
    assert found.stdout.startswith("['x'] 0.0525")


def test_mistakes_are_told_in_a_line(tmp_path: Path) -> None:
    for arguments in ([], ["nothing.py"], ["-m"]):
        found = run("-m", "wilks.compat", *arguments, folder=tmp_path)
        assert found.returncode == 2
        assert "usage" in found.stderr
        assert "Traceback" not in found.stderr
    help_ = run("-m", "wilks.compat", "--help", folder=tmp_path)
    assert help_.returncode == 0
    assert "usage" in help_.stdout


def test_a_notebook_starts_with_one_line_before_or_after_pyhf(tmp_path: Path) -> None:
    before = f"from wilks.compat import accelerate, report; accelerate(); accelerate()\n{SCRIPT}\nprint(report())"
    after = f"import pyhf\nfrom pyhf import Model\nfrom wilks.compat import accelerate, report; accelerate()\n{SCRIPT}"
    after += "\nprint(type(Model(model.spec)).__module__)\nprint(report())"
    for code in (before, after):
        found = run("-c", code, folder=tmp_path)
        assert found.returncode == 0, found.stderr
        assert "5 fits" in found.stdout
    assert "wilks.compat._pyhf.model" in found.stdout


def test_a_test_suite_runs_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(f"{SCRIPT}\ndef test_it():\n    assert hypotest(1.0, data, model) > 0.05\n")
    found = run("-m", "pytest", "-p", "wilks.compat.plugin", "-q", "test_it.py", folder=tmp_path)
    assert found.returncode == 0, found.stdout
    assert "hypothesis tests" in found.stdout


CABINETRY = """
import cabinetry
from tests.compat.workspaces import document

cabinetry.set_logging()
model, data = cabinetry.model_utils.model_and_data(document())
best = cabinetry.fit.fit(model, data)
ranked = cabinetry.fit.ranking(model, data, fit_results=best)
print(float(best.bestfit[best.labels.index("mu")]), len(ranked.labels))
"""


def test_a_script_that_uses_cabinetry_runs_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{CABINETRY}")
    plain = run("script.py", folder=tmp_path)
    served = run("-m", "wilks.compat", "script.py", folder=tmp_path)
    assert served.returncode == plain.returncode == 0, served.stderr
    (value, *rest), (other, *same) = (found.stdout.split() for found in (plain, served))
    assert float(other) == pytest.approx(float(value), abs=1e-3)
    assert rest == same
    for found in (plain, served):
        assert "INFO - cabinetry.fit - performing maximum likelihood fit" in found.stderr
    assert ["31", "fits"] in [line.split()[:2] for line in served.stderr.splitlines()]


def test_a_notebook_may_ask_for_figures(tmp_path: Path) -> None:
    lines = ["import matplotlib", "matplotlib.use('agg')"]
    lines += [f"import sys; sys.path.insert(0, {str(ROOT)!r})"]
    shown = "print(type(cabinetry.visualize.pulls(best, save_figure=False)).__module__)"
    before = ["from wilks.compat import accelerate; accelerate(figures=True)", CABINETRY, shown]
    after = ["import cabinetry", *before, "accelerate()", shown]
    for code, expected in ((before, ["wilks"]), (after, ["wilks", "matplotlib"])):
        found = run("-c", "\n".join([*lines, *code]), folder=tmp_path)
        assert found.returncode == 0, found.stderr
        assert [line.split(".")[0] for line in found.stdout.splitlines()[1:]] == expected


def test_wilks_itself_never_imports_pyhf(tmp_path: Path) -> None:
    code = (
        "import sys, wilks; [getattr(wilks, name) for name in wilks.__all__]; import wilks.cli; import wilks.compat\n"
    )
    found = run(
        "-c", f"{code}print([name for name in sys.modules if name.startswith(('pyhf', 'cabinetry'))])", folder=tmp_path
    )
    assert found.stdout.strip() == "[]"


def test_a_version_that_is_not_known_runs_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "pyhf.py").write_text("name = 'another'\n")
    code = "from wilks.compat import accelerate; accelerate(); import pyhf; print(pyhf.name)"
    found = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert found.stdout.strip() == "another"
    assert "this version of pyhf is not known" in found.stderr
