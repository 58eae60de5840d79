"""`wilks.examples` is what its generator makes, and what the search example has; pyhf agrees with what they give."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pyhf
import pytest

import wilks
import wilks.examples
from wilks.errors import WorkspaceError
from wilks.results.findings import Severity

ROOT = Path(__file__).parents[2]
PACKAGE = Path(wilks.examples.__file__).parent


@pytest.fixture(scope="module")
def generator() -> Iterator[ModuleType]:
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        yield importlib.import_module("packaged_examples")
    finally:
        sys.path.remove(str(ROOT / "tools"))
        for name in ("packaged_examples", "analysis", "generate"):
            sys.modules.pop(name, None)


def _equal(found: object, said: object) -> bool:
    """Return whether JSON data are equal, numbers to their last rounded digit."""
    if isinstance(said, dict):
        return isinstance(found, dict) and found.keys() == said.keys() and all(_equal(found[k], said[k]) for k in said)
    if isinstance(said, list):
        return isinstance(found, list) and len(found) == len(said) and all(map(_equal, found, said))
    return found == pytest.approx(said, rel=2e-5) if isinstance(said, float) else found == said


def test_the_files_are_what_the_generator_makes(generator: ModuleType, tmp_path: Path) -> None:
    generator.make_measurement(tmp_path)
    generator.make_search(tmp_path)
    made = {path.name: json.loads(path.read_text()) for path in tmp_path.glob("*.json")}
    kept = {path.name: json.loads(path.read_text()) for path in PACKAGE.glob("*.json")}
    assert made.keys() == kept.keys()
    for document in (*made.values(), *kept.values()):  # digests are of every digit
        document.pop("workspace_digest", None)
        document.get("metadata", {}).pop("digests", None)
    assert {name for name in kept if not _equal(made[name], kept[name])} == set()


def test_they_are_small() -> None:
    files = [path for path in PACKAGE.iterdir() if path.suffix in (".json", ".yml")]
    assert sum(path.stat().st_size for path in files) < 40e3


def test_nothing_is_wrong_with_them() -> None:
    for workspace in (wilks.examples.search(), wilks.examples.measurement()):
        assert list(wilks.check(workspace).at_least(Severity.WARNING)) == []
        assert set(workspace.axes) == set(workspace.channel_names)
        assert wilks.goodness_of_fit(wilks.compile_model(workspace)).p_value > 0.05


def test_the_signals_belong_to_the_background_and_a_mass_without_one_is_said() -> None:
    background, signals = wilks.examples.search_grid()
    signals.verify(background)
    assert wilks.examples.search(600).digest == signals.apply(background, "X_600").digest
    with pytest.raises(WorkspaceError, match='there is no patch "X_650"'):
        wilks.examples.search(650)


@pytest.mark.filterwarnings("ignore:jsonschema.RefResolver:DeprecationWarning")  # pyhf's
@pytest.mark.parametrize("name", ["measurement", "search"])
def test_pyhf_has_the_same_likelihood_and_no_lower_one(name: str) -> None:
    pyhf.set_backend("numpy")
    workspace = getattr(wilks.examples, name)()
    model = pyhf.Workspace(workspace.spec).model()
    data = pyhf.Workspace(workspace.spec).data(model)
    compiled = wilks.compile_model(workspace)
    best = wilks.fit(compiled)
    assert tuple(model.config.par_names) == best.names
    for value in (best["mu"].value, 0.0, 1.2):
        found = wilks.fit(compiled, fixed={"mu": value})
        said = -2 * float(model.logpdf(found.values, data)[0])
        assert found.twice_nll == pytest.approx(said, abs=1e-8)
        rng = np.random.default_rng(1)
        for scale in (0.02, 0.2):
            near = found.values + scale * rng.normal(size=found.values.size) * np.nan_to_num(best.uncertainties)
            near[compiled.index("mu")] = value
            assert -2 * float(model.logpdf(near, data)[0]) > said


def test_the_search_excludes_light_signals_and_has_an_excess() -> None:
    background, signals = wilks.examples.search_grid()
    found = wilks.grid(background, signals)
    assert found.excluded.tolist() == [True, True, False, True, False, False, False]
    np.testing.assert_array_equal(found.coordinates.ravel(), [400, 500, 600, 700, 800, 1000, 1200])
    assert 2.5 < wilks.significance(wilks.compile_model(wilks.examples.search())).significance < 3.5


def test_the_measurement_is_what_its_steering_file_makes() -> None:
    config = wilks.load_config(wilks.examples.steering_file())
    workspace = wilks.build_workspace(wilks.process_templates(wilks.build_templates(config), config), config)
    found = wilks.fit(wilks.compile_model(workspace))["mu"]
    said = wilks.fit(wilks.compile_model(wilks.examples.measurement()))["mu"]
    assert found.value == pytest.approx(said.value, rel=1e-4)
    assert found.uncertainty == pytest.approx(said.uncertainty, rel=1e-3)


def test_the_script_of_the_search_runs_from_any_folder(tmp_path: Path) -> None:
    command = [sys.executable, ROOT / "examples" / "search" / "analysis.py", "--output", "out", "--workspaces"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "the products are in out" in done.stdout
    workspace = wilks.load_workspace(tmp_path / "out" / "workspace.json")
    found = wilks.limit(wilks.compile_model(workspace)).observed
    said = wilks.limit(wilks.compile_model(wilks.examples.search())).observed
    assert found == pytest.approx(said, rel=1e-3)
