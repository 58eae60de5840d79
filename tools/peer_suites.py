"""Run the test suite of pyhf or cabinetry as it is and with wilks under it, and print what passes.

python tools/peer_suites.py PATH_OF_CHECKOUT [PART_OF_A_TEST'S_NAME]

The checkout is a clone of scikit-hep/pyhf or scikit-hep/cabinetry at the release that is installed; nothing in it is
changed: its tests are copied to a temporary folder. Both runs use the installed package. Array libraries that are not
installed are left out where tests go through all of them. Needed beside wilks[pyhf,cabinetry,test], for pyhf only:
pytest-mock, requests-mock, pytest-console-scripts, pytest-mpl, pytest-socket, IPython.

The exit status is 1 if a test passes without wilks and not with it, and is not in the list of those that are known to.
Where the reason is that wilks ends lower, this is shown: such tests run once more, each of their fits is made by both,
and both points are evaluated with pyhf's own logpdf (`peer_witness.py`). It is 1, too, where that shows otherwise.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path

# The beginning of a test's name: why it may fail with wilks. The first that fits counts.
PRECISION = "precision: the reference carries what pyhf's minimiser left, and wilks ends lower by pyhf's own logpdf"
HIGHER = 1e-8  # what rounding makes of two values of 2NLL
PRIVATE = "a private part of pyhf's optimizers is replaced or watched, which a served fit does not use"
REPLACED = "cabinetry's private function for one fit is replaced, and fits that are made at once do not go through it"
KNOWN = {
    "test_validation::test_validation[2bin_2channel_coupledhistosys_mu1]": (
        "a lower minimum: with mu = 1 pyhf's fit to the data ends at 2NLL 31.375, the lowest is 30.872"
    ),
    "test_validation::test_validation[": PRECISION,
    "test_infer::test_upper_limit": PRECISION,
    "test_infer::test_toy_calculator": f"{PRECISION} (of 1e-7 in the statistic of toys)",
    "test_optim::test_minimize[": PRECISION,
    "test_optim::test_optim_uncerts[": "precision: Minuit's uncertainty is 5e-4 from that of the exact Hessian",
    "test_optim::test_minuit_strategy_": PRIVATE,
    "test_optim::test_minuit_failed_optimization[": PRIVATE,
    "test_optim::test_minuit_set_options": PRIVATE,
    "test_pdf::test_pdf_clipping[numpy_minuit]": "a fit that must fail without clipping finds its minimum",
    "fit.test_fit::test__fit_model_pyhf": "precision: Minuit's uncertainty is 2e-3 from that of the exact Hessian",
    "fit.test_fit::test__fit_model": REPLACED,
    "fit.test_fit::test_ranking": REPLACED,
    "fit.test_fit::test_scan": REPLACED,
    "fit.test_fit::test_limit": "the search needs no bracket: it tests other values, and a bracket is never wrong",
    "fit.test_fit::test_significance": f"{PRECISION} (p-values by 1e-4)",
    "test_integration::test_histogram_reading": f"{PRECISION} (parameters by 7e-4 standard deviations)",
    "test_integration::test_integration": f"{PRECISION} (parameters by 7e-4 standard deviations)",
    "test_model_utils::test_yield_stdev": "cabinetry's private memory of results is read, which is not needed",
}

# Not run: they need the network, a Jupyter kernel, or only measure time.
LEFT_OUT = ("test_notebooks.py", "test_regression.py", "benchmarks")
PLUGIN = ["-p", "wilks.compat.plugin"]
# What the tests read beside their own folder.
FOLDERS, FILES = ("tests", "docs", "validation", "utils"), ("config_example.yml",)
LIBRARIES = {"pytorch": "torch", "tensorflow": "tensorflow", "jax": "jax"}
INI = "[pytest]\nxfail_strict = false\nmarkers =\n{markers}\n"


def copied(checkout, folder):
    """Copy the tests of a checkout to a folder, without array libraries that are not installed."""
    for name in FOLDERS:
        if (checkout / name).is_dir():
            shutil.copytree(checkout / name, folder / name, ignore=shutil.ignore_patterns("*.ipynb", "_build"))
    for name in FILES:
        if (checkout / name).is_file():
            shutil.copy(checkout / name, folder / name)
    missing = [name for name, module in LIBRARIES.items() if importlib.util.find_spec(module) is None]
    for path in (folder / "tests").glob("*.py"):
        path.write_text(reduced(path.read_text(), missing))
    text = (folder / "tests" / "conftest.py").read_text()
    marks = [f"{verb}_{name}" for verb in ("fail", "only", "skip") for name in backends(text)] + ["no_cover"]
    (folder / "pytest.ini").write_text(INI.format(markers="\n".join(f"    {mark}" for mark in sorted(marks))))


def reduced(text, missing):
    """Return a test file without entries of lists that stand for array libraries that are not installed."""
    names = "|".join(missing) or "(?!)"
    entry = rf"^ *\(?pyhf\.tensor\.({names})_backend(\([^()]*\))?(, None\))?,\n"
    without, removed = re.subn(entry, "", text, flags=re.MULTILINE)
    if not removed:
        return text
    return re.sub(r"ids=\[[^]]*\]", lambda ids: re.sub(rf"'({names})(64)?',? ?", "", ids[0]), without)


def backends(text):
    """Return the names of all array libraries that tests may be marked with."""
    names = ("numpy", "numpy_minuit", "pytorch", "pytorch64", "tensorflow", "jax")
    return [*names, *(name for name in re.findall(r"'(\w+_minuit)'", text) if name not in names)]


def outcomes(folder, options, chosen):
    """Run the tests in a folder, return the outcome of each by its name: passed, failed, skipped."""
    report = folder / "report.xml"
    command = [sys.executable, "-m", "pytest", *options, "tests", "-q", f"--junitxml={report}"]
    command += ["-p", "no:cacheprovider", "-p", "no:randomly", *(["-k", chosen] if chosen else [])]
    command += ["--continue-on-collection-errors"]
    command += [f"--ignore=tests/{name}" for name in LEFT_OUT]
    subprocess.run(command, cwd=folder, check=False, stdout=subprocess.DEVNULL)
    found = {}
    for case in ElementTree.parse(report).iter("testcase"):
        verdicts = [child.tag for child in case if child.tag in ("failure", "error", "skipped")]
        name = f"{case.get('classname', '').removeprefix('tests.')}::{case.get('name')}"
        found[name] = (
            {"failure": "failed", "error": "failed", "skipped": "skipped"}[verdicts[0]] if verdicts else "passed"
        )
    return found


def witnessed(folder, names, options):
    """Run tests again with all fits made by both; return for each how many there were, and how wilks' 2NLL differs."""
    if not names:
        return {}
    written = folder / "witness.txt"
    written.touch()
    environment = os.environ | {
        "PEER_WITNESS": str(written),
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]),
    }
    files = sorted({f"tests/{name.split('::')[0].replace('.', '/')}.py" for name in names})
    command = [sys.executable, "-m", "pytest", *options, "-p", "peer_witness", *files, "-q", "-p", "no:cacheprovider"]
    command += ["-k", " or ".join(sorted({re.split(r"::|\[", name)[1] for name in names}))]
    subprocess.run(command, cwd=folder, env=environment, check=False, stdout=subprocess.DEVNULL)
    found = {}
    for line in written.read_text().splitlines():
        node, fits, lower, higher = line.split("\t")
        path, _, name = node.partition(".py::")
        found[f"{path.removeprefix('tests/').replace('/', '.')}::{name}"] = int(fits), float(lower), float(higher)
    return found


def shown(evidence):
    """Return whether the fits of a test have ended no higher than pyhf's, and some lower; and that as a sentence."""
    fits, lower, higher = evidence
    if not fits:
        return False, "no fit was seen"
    text = f"in {fits} fits the 2NLL of wilks is lower by up to {lower:.1e} and higher by up to {higher:.1e}"
    return lower > 0 and higher < HIGHER, text


def table(without, with_wilks):
    """Return how many tests of each file pass, as lines of a Markdown table, the sums last."""
    rows = {}
    for name, outcome in without.items():
        if name.startswith("::"):  # a file that could not be read
            continue
        counts = rows.setdefault(name.split("::")[0], Counter())
        counts["tests"] += outcome != "skipped"
        counts["without"] += outcome == "passed"
        counts["with"] += with_wilks.get(name) == "passed"
        counts["lost"] += outcome == "passed" and with_wilks.get(name) != "passed"
    lines = ["| file | tests | pass without | pass with wilks | of these lost |", "|:--|--:|--:|--:|--:|"]
    for name, counts in [*sorted(rows.items()), ("all", sum(rows.values(), Counter()))]:
        lines.append(f"| {name} | {counts['tests']} | {counts['without']} | {counts['with']} | {counts['lost']} |")
    return lines


def main(arguments):
    """Print the table, and every test that is lost with the reason where one is known; return the exit status."""
    if not arguments or not (Path(arguments[0]) / "tests" / "conftest.py").is_file():
        print(__doc__, file=sys.stderr)
        return 2
    chosen = arguments[1] if len(arguments) > 1 else ""
    with tempfile.TemporaryDirectory() as folder:
        copied(Path(arguments[0]), Path(folder))
        without = outcomes(Path(folder), [], chosen)
        with_wilks = outcomes(Path(folder), PLUGIN, chosen)
        lost = [name for name, outcome in without.items() if outcome == "passed" and with_wilks.get(name) != "passed"]
        reasons = {name: next((why for start, why in KNOWN.items() if name.startswith(start)), "") for name in lost}
        precise = [name for name, why in reasons.items() if why.startswith(PRECISION)]
        evidence = witnessed(Path(folder), precise, PLUGIN)
    print("\n".join(table(without, with_wilks)))
    print()
    if left := [name.removeprefix("::tests.") for name in without if name.startswith("::")]:
        print(f"not run, since an array library is missing: {', '.join(left)}")
    good = all(reasons.values())
    for name, reason in reasons.items():
        print(f"{name}: {reason or 'NOT KNOWN'}")
        if name in precise:
            lower, text = shown(evidence.get(name, (0, 0.0, 0.0)))
            good = good and lower
            print(f"    {'shown' if lower else 'NOT SHOWN'}: {text}")
    return int(not good)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
