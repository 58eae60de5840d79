from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from wilks import load_config
from wilks.config.schema import Config
from wilks.errors import TemplateError
from wilks.templates.cabinetry_folder import load_cabinetry_folder
from wilks.templates.store import TemplateKey

FILES = {
    "Signal-region_All-data": [5.0, 6.0],
    "Signal-region_ttbar": [4.0, 5.0],
    "Signal-region_ttbar_JES_Up": [4.5, 5.5],
}


def analysis(samples: list[str], regions: list[dict[str, Any]]) -> Config:
    return load_config(
        {
            "General": {"Measurement": "m", "InputPath": "f.root:{VariationPath}", "HistogramFolder": "h", "POI": "mu"},
            "Regions": regions,
            "Samples": [{"Name": "All data", "Data": True}, *({"Name": sample} for sample in samples)],
            "NormFactors": [{"Name": "mu"}],
            "Systematics": [
                {
                    "Name": "JES",
                    "Type": "NormPlusShape",
                    "Up": {"VariationPath": "up"},
                    "Down": {"Symmetrize": True},
                    "Samples": samples[0],
                }
            ],
        }
    )


CONFIG = analysis(["ttbar"], [{"Name": "Signal region", "Variable": "H_T"}])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, yields in FILES.items():
        np.savez(tmp_path / f"{name}.npz", yields=yields, stdev=np.sqrt(yields), bins=[0.0, 1.0, 3.0])
    return tmp_path


def test_the_modified_template_is_preferred_and_the_other_kept(folder: Path) -> None:
    name = "Signal-region_ttbar_JES_Up_modified.npz"
    np.savez(folder / name, yields=[4.6, 5.4], stdev=[0.1, 0.2], bins=[0.0, 1.0, 3.0])
    templates = load_cabinetry_folder(folder, CONFIG)
    up = TemplateKey("Signal region", "ttbar", "JES", "Up")
    assert list(templates)[-1] == up
    assert templates[up].contents.tolist() == [4.6, 5.4]
    np.testing.assert_allclose(templates[up].stdev, [0.1, 0.2])
    assert templates.original(up).contents.tolist() == [4.5, 5.5]
    assert templates[up].axis.label == templates.original(up).axis.label == "H_T"
    data = TemplateKey("Signal region", "All data")
    assert templates[data].contents.tolist() == [5.0, 6.0]
    np.testing.assert_allclose(templates[data].sumw2, [5.0, 6.0])


def test_missing_and_broken_files_are_all_listed(folder: Path) -> None:
    (folder / "Signal-region_ttbar.npz").rename(folder / "Signal-region_tbar.npz")
    (folder / "Signal-region_All-data.npz").write_text("nothing")
    np.savez(folder / "Signal-region_ttbar_JES_Up.npz", yields=[1.0], stdev=[1.0, 2.0], bins=[0.0, 1.0])
    with pytest.raises(TemplateError) as caught:
        load_cabinetry_folder(folder, CONFIG)
    problems = "\n".join(caught.value.problems)
    assert 'no file "Signal-region_ttbar.npz"' in problems
    assert 'did you mean "Signal-region_tbar.npz"?' in problems
    assert "Signal-region_All-data.npz: not a histogram saved by cabinetry" in problems
    assert "as many yields and variances" in problems


def test_names_that_two_templates_share_are_refused(folder: Path) -> None:
    # HI-04: nobody can say which of the two cabinetry left in the file.
    config = analysis(["C", "B C"], [{"Name": "A"}, {"Name": "A B"}])
    for name in ("A", "A-B"):
        for sample in ("All-data", "C", "B-C", "C_JES_Up"):
            np.savez(folder / f"{name}_{sample}.npz", yields=[1.0], stdev=[1.0], bins=[0.0, 1.0])
    load_cabinetry_folder(folder, config)
    config = analysis(["C", "B_C"], [{"Name": "A"}, {"Name": "A_B"}])
    with pytest.raises(TemplateError, match=r'"A_B_C\.npz" would hold more than one template'):
        load_cabinetry_folder(folder, config)
