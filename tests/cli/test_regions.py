"""`--channels`, `--blind`, `--signal`, `--blind-poi`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from tests.cli.conftest import Call
from tests.small_analysis import BACKGROUND, DATA, SIGNAL

import wilks
from wilks.cli.regions import Regions


def test_places_and_ratios(workspace: Path) -> None:
    loaded = wilks.load_workspace(workspace)
    ratio = {name: np.array(SIGNAL[name]) / np.array(BACKGROUND[name]) for name in SIGNAL}
    limit = float(np.median(np.concatenate(list(ratio.values()))))
    expected = {name: tuple(np.flatnonzero(r > limit).tolist()) for name, r in ratio.items() if (r > limit).any()}
    for text in (f"S/B>{limit}", f" S / B > {limit} "):
        assert Regions((), (text,), ()).bins(loaded, None, None) == expected
        assert Regions((), (text,), ("Sig*",)).bins(loaded, None, "") == expected
    both = Regions((), (f"S/B>{limit}", "SR[0]"), ()).bins(loaded, None, None)
    assert set(both["SR"]) == {0, *expected.get("SR", ())}
    assert Regions((), (), ()).restricted(loaded, None, None) is loaded


def test_a_fit_of_some_channels_and_bins(call: Call, workspace: Path) -> None:
    loaded = wilks.load_workspace(workspace)
    assert call("fit", workspace, "--channels", "SR", "-o", "sr.json").exit_code == 0
    expected = wilks.fit(wilks.compile_model(wilks.select_channels(loaded, "SR")))
    assert wilks.load_result("sr.json")["strength"].value == expected["strength"].value
    assert call("fit", workspace, "--blind", "SR[0]", "-o", "blind.json").exit_code == 0
    expected = wilks.fit(wilks.compile_model(wilks.mask_bins(loaded, {"SR": [0]})))
    assert wilks.load_result("blind.json")["strength"].value == expected["strength"].value
    result = call("yields", workspace, "--fit", "sr.json")
    assert "sr.json is a fit of another workspace" in result.stderr
    assert "Yields, post-fit" in result.stdout
    assert "is not a number" in call("fit", workspace, "--blind", "S/B > x").stderr
    assert 'no channel "SSR"' in call("fit", workspace, "--channels", "SSR").stderr
    assert 'no sample "nope"' in call("fit", workspace, "--blind", "S/B>1", "--signal", "nope").stderr


def test_blinded_data_are_not_shown(call: Call, workspace: Path) -> None:
    shown = call("yields", workspace, "--blind", "SR").stdout
    assert "blinded" in shown
    assert f"{sum(DATA['SR']):g}" not in shown.splitlines()[-1]
    rows = call("yields", workspace, "--blind", "SR[1]", "--per-bin").stdout.splitlines()
    assert sum("blinded" in row for row in rows) == 1
    assert call("data-mc", workspace, "--blind", "SR[0]").exit_code == 0


def test_a_hidden_parameter_of_interest(call: Call, workspace: Path, fit_file: Path) -> None:
    value = wilks.load_result(fit_file)["strength"].value
    result = call("fit", workspace, "--blind-poi", "-o", "hidden.json")
    assert result.exit_code == 0
    assert "fit result for strength: hidden ± " in result.stdout
    text = Path("hidden.json").read_text()
    for digits in range(3, 12):
        assert f"{value:.{digits}f}" not in text + result.stdout
    assert np.isnan(wilks.load_result("hidden.json")["strength"].value)
    assert call("pulls", "hidden.json").exit_code == 0
    assert 'does not tell the value of "strength"' in call("yields", workspace, "--fit", "hidden.json").stderr
    assert (
        "--blind-poi: the model has no parameter of interest"
        in call("fit", workspace, "--poi", "", "--blind-poi").stderr
    )
