from __future__ import annotations

import json
from pathlib import Path

import hist
import numpy as np
import pytest
import uhi.io.json
import uproot

from wilks.browse.selection import select
from wilks.errors import TemplateError


def test_histograms_come_in_the_order_asked_for(root_file: Path) -> None:
    found = select(root_file, ["folder/inner/deep", "plain", "flat;1"])
    assert [name for name, _ in found] == ["folder/inner/deep", "plain", "flat;1"]
    with uproot.open(root_file) as file:
        for name, histogram in found:
            np.testing.assert_array_equal(histogram.contents, file[name].values())


def test_every_mistake_is_told_at_once(root_file: Path) -> None:
    names = ["plaain", "events", "remark", "folder", "plain", "zzzz"]
    with pytest.raises(TemplateError) as caught:
        select(root_file, names)
    misspelt, events, remark, folder, unknown = caught.value.problems
    assert misspelt.endswith('no object "plaain"; did you mean "plain"?')
    assert 'events" is a TTree, not a histogram; name after it what to draw of it; it has 2 branches: "pt", ' in events
    assert "is a TObjString" in remark
    assert '"folder" is a folder, not a histogram; it holds "folder/inner"' in folder
    assert 'no object "zzzz"; what can be drawn: "plain"' in unknown
    assert all(problem.startswith(str(root_file)) for problem in caught.value.problems)


def test_histograms_of_other_formats_are_drawn_by_name(tmp_path: Path) -> None:
    histogram = hist.Hist.new.Reg(3, 0, 3, name="x").Double().fill([0.5, 1.5, 1.5])
    path = tmp_path / "h.json"
    path.write_text(json.dumps({"h": histogram}, default=uhi.io.json.default))
    ((name, found),) = select(path, ["h"])
    assert name == "h"
    assert found.contents.tolist() == [1, 2, 0]  # type: ignore[union-attr]


def test_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="no such file"):
        select(tmp_path / "none.root", ["h"])
