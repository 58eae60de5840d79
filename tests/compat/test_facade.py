"""`import wilks.compat.pyhf as pyhf`: every public name, and served models from everything that makes models."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyhf as original
import pytest
from tests.compat.models import counting

import wilks.compat.pyhf as pyhf
from wilks.compat._pyhf import backends
from wilks.compat._pyhf.model import Model
from wilks.compat.ledger import LEDGER, Ledger

pytestmark = pytest.mark.filterwarnings("ignore:jsonschema.RefResolver:DeprecationWarning")


def document() -> dict:
    spec = counting([12.0, 11.0], [50.0, 52.0], [3.0, 7.0])
    measurement = {"name": "one", "config": {"poi": "mu", "parameters": []}}
    observations = [{"name": "SR", "data": [51.0, 48.0]}]
    return {**spec, "observations": observations, "measurements": [measurement], "version": "1.0.0"}


def test_every_public_name_is_there() -> None:
    for name in original.__all__:
        assert getattr(pyhf, name) is not None
    assert set(original.__all__) <= set(dir(pyhf))
    assert pyhf.exceptions is original.exceptions
    with pytest.raises(AttributeError):
        pyhf.nothing  # noqa: B018


def test_modules_are_found_below_the_other_name() -> None:
    import wilks.compat.pyhf.infer.mle
    from wilks.compat.pyhf.cli.rootio import xml2json
    from wilks.compat.pyhf.exceptions import InvalidModel
    from wilks.compat.pyhf.infer import hypotest
    from wilks.compat.pyhf.simplemodels import uncorrelated_background
    from wilks.compat.pyhf.workspace import Workspace

    assert hypotest is original.infer.hypotest
    assert InvalidModel is original.exceptions.InvalidModel
    assert xml2json.name == "xml2json"
    assert wilks.compat.pyhf.infer.mle is original.infer.mle
    assert original.infer.mle.__spec__.name == "pyhf.infer.mle"
    assert Workspace is pyhf.Workspace
    assert isinstance(uncorrelated_background([1.0], [2.0], [0.5]), Model)
    with pytest.raises(ModuleNotFoundError):
        import wilks.compat.pyhf.nothing


def test_models_are_served_whoever_makes_them() -> None:
    workspace = pyhf.Workspace(document())
    made = [
        pyhf.Model(counting([12.0], [50.0], [3.0])),
        workspace.model(),
        workspace.model(measurement_name="one", poi_name=None),
        workspace.prune(measurements=[]).model(),
        workspace.rename(channels={"SR": "CR"}).model(),
        pyhf.Workspace.sorted(workspace).model(),
        pyhf.Workspace.combine(workspace, workspace, join="outer").model(),
        pyhf.simplemodels.uncorrelated_background([12.0], [50.0], [3.0]),
        pyhf.simplemodels.correlated_background([12.0], [50.0], [55.0], [45.0]),
    ]
    model = workspace.model()
    made.append(pyhf.Workspace.build(model, workspace.data(model)).model())
    assert [type(each) for each in made] == [Model] * len(made)
    assert not any(each.unserved for each in made)
    assert isinstance(workspace, original.Workspace)


def test_pyhf_itself_stays_what_it_is() -> None:
    by_name = original.simplemodels.uncorrelated_background([12.0, 11.0], [50.0, 52.0], [3.0, 7.0])
    for made in (original.Workspace(document()).model(), by_name):
        assert type(made) is original.pdf.Model
        assert original.infer.mle.fit([51.0, 48.0, *made.config.auxdata], made).shape == (3,)
    assert not LEDGER.served.total()
    assert not LEDGER.original.total()


def test_workspaces_are_checked_like_pyhfs() -> None:
    broken = document()
    del broken["observations"][0]["data"]
    for made in (pyhf.Workspace, original.Workspace):
        with pytest.raises(original.exceptions.InvalidSpecification):
            made(broken)
        with pytest.raises(original.exceptions.InvalidMeasurement):
            made(document()).model(measurement_name="two")
        with pytest.raises(original.exceptions.InvalidWorkspaceOperation):
            made(document()).prune(samples=["nothing"])
    assert pyhf.Workspace(document()) == original.Workspace(document())


def test_a_schema_of_the_users_own_is_looked_at(tmp_path: Path) -> None:
    folder = tmp_path / "1.0.0"
    folder.mkdir()
    for name in ("workspace.json", "model.json", "measurement.json", "defs.json"):
        schema = {
            "$id": f"https://example.org/{name}",
            "$schema": "http://json-schema.org/draft-06/schema#",
            "type": "object",
            "required": ["nothing"],
        }
        (folder / name).write_text(json.dumps(schema))
    before = original.schema.path
    try:
        pyhf.schema(tmp_path)
        for made in (pyhf.Workspace, original.Workspace):
            with pytest.raises(original.exceptions.InvalidSpecification):
                made(document())
        with pytest.raises(original.exceptions.InvalidSpecification):
            pyhf.Model(counting([12.0], [50.0], [3.0]))
    finally:
        pyhf.schema(before)


@pytest.mark.parametrize("name", ["jax", b"tensorflow"])
def test_an_array_library_that_is_not_installed_is_remembered_by_its_name(name: str | bytes) -> None:
    text = name if isinstance(name, str) else name.decode()
    try:
        getattr(original.tensor, f"{text}_backend")
    except original.exceptions.ImportBackendError:
        pass
    else:
        pytest.skip(f"{text} is installed")
    backends._told.clear()
    model = pyhf.simplemodels.uncorrelated_background([12.0, 11.0], [50.0, 52.0], [3.0, 7.0])
    data = [51, 48, *model.config.auxdata]
    with pytest.warns(UserWarning, match=f"{text} is not installed"):
        pyhf.set_backend(name, "minuit", precision="32b")
    pyhf.set_backend(name, "minuit", precision="32b")  # no second warning
    assert (pyhf.tensorlib.name, pyhf.tensorlib.precision) == (text, "32b")
    assert pyhf.infer.mle.fit(data, model, return_uncertainties=True).shape == (3, 2)
    assert isinstance(model.expected_data([1.0, 1.0, 1.0]), np.ndarray)
    own = original.Model(model.spec)
    pyhf.set_backend(name)
    assert original.infer.mle.fit(data, own).shape == (3,)  # pyhf's own way needs the true name
    assert pyhf.tensorlib.name == text


def test_a_report_tells_what_was_served_and_why_not() -> None:
    ledger = Ledger()
    assert "nothing" in str(ledger)
    for _ in range(3):
        with ledger.serving("fit"):
            pass
    with pytest.raises(ZeroDivisionError), ledger.serving("fit"):
        1 / 0  # noqa: B018
    with ledger.passing("model", "clipping"):
        pass
    text = str(ledger)
    assert "3 fits" in text
    assert "1 x clipping" in text
    assert ledger.original == {"model": 1}
