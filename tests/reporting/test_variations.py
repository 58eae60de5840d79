"""Variations of templates as the page unpacks them, read here without the page's code."""

import base64
import gzip
import json
from pathlib import Path

import msgspec
import numpy as np
import pytest

import wilks
from wilks._types import FloatArray
from wilks.reporting.contents import Contents
from wilks.reporting.payload import bulk, payload
from wilks.reporting.variations import packed_variations
from wilks.templates.store import Side, TemplateKey, Templates
from wilks.workspace.packing import pack_workspace


@pytest.fixture(scope="module")
def templates() -> Templates:
    config = wilks.load_config(wilks.examples.steering_file())
    return wilks.process_templates(wilks.build_templates(config), config)


def _unpacked(packed: bytes) -> dict[tuple[str, str, str], dict[str, FloatArray]]:
    length = int.from_bytes(packed[:4], "little")
    assert length % 4 == 0
    header = json.loads(packed[4 : 4 + length])
    numbers = np.frombuffer(packed[4 + length :], dtype="<f4").astype(float)
    at = 0

    def following(bins: int) -> FloatArray:
        nonlocal at
        at += bins
        return numbers[at - bins : at]

    names, found = header["names"], {}
    blocks = [(following(bins), following(bins)) for _, _, bins in header["blocks"]]
    for block, systematic, changed in header["rows"]:
        region, sample, bins = header["blocks"][block]
        key = names["regions"][region], names["samples"][sample], names["systematics"][systematic]
        parts = dict(zip(("nominal", "band"), blocks[block], strict=True), up=following(bins), down=following(bins))
        parts |= {name: following(bins) for bit, name in ((1, "up before"), (2, "down before")) if changed & bit}
        found[key] = parts
    assert at == numbers.size
    return found


def test_every_effect_has_its_variation(templates: Templates) -> None:
    found = _unpacked(packed_variations(templates))
    assert list(found) == [(e.region, e.sample, e.systematic) for e in templates.effects]


@pytest.mark.parametrize(("name", "side"), [("up", "Up"), ("down", "Down")])
def test_changes_are_those_of_the_templates(templates: Templates, name: str, side: Side) -> None:
    compared = 0
    for (region, sample, systematic), parts in _unpacked(packed_variations(templates)).items():
        nominal = templates.nominal(region, sample)
        assert nominal is not None
        np.testing.assert_allclose(parts["nominal"], nominal.contents, rtol=2e-5)
        np.testing.assert_allclose(parts["band"], np.sqrt(nominal.sumw2) / nominal.contents, rtol=2e-5)
        varied = templates.histograms.get(TemplateKey(region, sample, systematic, side))
        if varied is not None:
            np.testing.assert_allclose(parts[name], varied.contents / nominal.contents - 1, rtol=2e-5, atol=1e-12)
            compared += 1
    assert compared


def test_what_processing_changed_is_there_as_it_was() -> None:
    config = wilks.load_config(wilks.examples.steering_file())
    document = config.model_dump(by_alias=True, exclude_none=True, exclude_defaults=True)
    for entry, each in zip(document["Systematics"], config.systematics, strict=True):
        if each.has_templates:
            entry["Smoothing"] = {"Algorithm": "353QH, twice"}
    made = wilks.process_templates(wilks.build_templates(config), wilks.load_config(document))
    found = _unpacked(packed_variations(made))
    assert made.originals
    for key, before in made.originals.items():
        nominal = made.nominal(key.region, key.sample)
        assert nominal is not None
        assert key.systematic is not None
        parts = found[key.region, key.sample, key.systematic]
        name = f"{str(key.side).lower()} before"
        np.testing.assert_allclose(parts[name], before.contents / nominal.contents - 1, rtol=2e-5, atol=1e-12)


def test_a_report_has_templates_only_where_they_are_handed_in(templates: Templates) -> None:
    config = wilks.load_config(wilks.examples.steering_file())
    workspace = wilks.build_workspace(templates, config)
    without, handed = Contents("", workspace), Contents("", workspace, templates=templates)
    assert not payload(without)["processed"]
    assert payload(handed)["processed"]
    assert not {"variations", "effects", "record"} & set(bulk(without))
    packed = bulk(handed)
    record = json.loads(gzip.decompress(base64.b64decode(packed["record"])))
    assert record == templates.record()
    effects = json.loads(gzip.decompress(base64.b64decode(packed["effects"])))
    assert len(effects) == len(templates.effects)


def test_axes_of_the_workspace_can_be_read_again(templates: Templates, tmp_path: Path) -> None:
    config = wilks.load_config(wilks.examples.steering_file())
    workspace = wilks.build_workspace(templates, config)
    packed = bulk(Contents("", workspace))
    without_axes = tmp_path / "w.json"
    without_axes.write_bytes(msgspec.json.encode(workspace.document))
    (tmp_path / "w.axes.json").write_bytes(gzip.decompress(base64.b64decode(packed["axes"])))
    again = wilks.load_workspace(without_axes)
    assert again == workspace
    assert again.digest == workspace.digest
    assert base64.b64decode(packed["numbers"]) == pack_workspace(workspace).numbers
