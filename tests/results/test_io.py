import io
import json
import os
import re
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.figures.records import make_fit, make_prediction
from tests.results.test_hypotest import make_limit, make_test

import wilks
from wilks.errors import ResultError
from wilks.histogram import Axis
from wilks.results.findings import Finding, Findings, Severity
from wilks.results.fit import FitResult
from wilks.results.io import decode_result, encode_result, load_result, save_result
from wilks.results.prediction import Prediction

FINDINGS = Findings((Finding("rule", Severity.WARNING, "Luminosity", "both sides are 1.03.", "Look."),))


def equal(first: Any, second: Any) -> bool:
    """Return whether two records are the same, every bit of every number."""
    if isinstance(first, np.ndarray):
        same = isinstance(second, np.ndarray) and first.dtype == second.dtype and first.shape == second.shape
        return same and (np.array_equal(first, second) if first.dtype == bool else first.tobytes() == second.tobytes())
    if isinstance(first, float):
        return type(second) is float and (first == second or (first != first and second != second))
    if isinstance(first, tuple):
        return type(second) is tuple and len(first) == len(second) and all(map(equal, first, second))
    if hasattr(first, "__dataclass_fields__") and not isinstance(first, Axis):
        return type(first) is type(second) and all(
            equal(getattr(first, field.name), getattr(second, field.name)) for field in fields(first)
        )
    return bool(first == second)


def failed_fit() -> FitResult:
    fit = make_fit()
    uncertainties = fit.uncertainties.copy()
    uncertainties[2:5] = np.nan
    return replace(
        fit,
        uncertainties=uncertainties,
        edm=float("inf"),
        smallest_eigenvalue=float("nan"),
        converged=False,
        poi=None,
        fixed=np.arange(len(fit)) == 3,
        values=np.where(np.arange(len(fit)) == 7, -0.0, fit.values),
    )


@pytest.mark.parametrize("record", [make_fit(), failed_fit(), make_prediction(), FINDINGS, Findings()])
def test_round_trip_is_exact(record: Any, tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "result.json"
    record.save(path)
    assert equal(load_result(path), record)
    assert equal(load_result(io.BytesIO(path.read_bytes())), record)
    assert [entry.name for entry in path.parent.iterdir()] == ["result.json"]


@given(st.lists(st.floats(), min_size=35, max_size=35))
def test_any_number_survives(values: list[float]) -> None:
    # The payload of a NaN is not kept, so there is one NaN.
    array = np.array([np.nan if value != value else value for value in values])
    record = replace(make_fit(), values=array)
    again = decode_result(encode_result(record))
    assert isinstance(again, FitResult)
    assert again.values.tobytes() == array.tobytes()


def test_file_is_standard_json_with_kind_names_and_digest(tmp_path: Path) -> None:
    def refuse(word: str) -> None:
        raise AssertionError(word)

    save_result(failed_fit(), tmp_path / "fit.json")
    document = json.loads((tmp_path / "fit.json").read_text(), parse_constant=refuse)
    assert (document["kind"], document["format"]) == ("fit", 1)
    assert document["names"][0] == "ME variation"
    assert document["workspace_digest"] == "0" * 64
    assert document["uncertainties"][2] is None
    assert document["edm"] == "inf"


def test_public_name(tmp_path: Path) -> None:
    make_prediction().save(tmp_path / "p.json")
    loaded = wilks.load_result(tmp_path / "p.json")
    assert isinstance(loaded, Prediction)
    assert loaded["4j1b CR"].axis == make_prediction()["4j1b CR"].axis


def test_numpy_values_in_settings_are_kept_as_numbers() -> None:
    record = replace(make_fit(), settings={"tolerance": np.float64(1e-8), "bins": (1, 2), "ok": np.True_})
    again = decode_result(encode_result(record))
    assert isinstance(again, FitResult)
    assert again.settings == {"tolerance": 1e-8, "bins": [1, 2], "ok": True}


def changed(record: Any, **entries: Any) -> bytes:
    return json.dumps(json.loads(encode_result(record)) | entries).encode()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not valid JSON"),
        (b"\xff\xfe", "not valid JSON"),
        (b"[1, 2]", '"kind" must be one of "fit", "prediction", "findings", .*, found None'),
        (b'{"channels": [], "version": "1.0.0"}', '"kind" must be'),
        (b'{"kind": ["fit"]}', '"kind" must be'),
        (changed(make_fit(), format=2), '"format" is 2, this version of wilks reads 1'),
        (changed(make_fit(), extra=1), 'unknown entries "extra"'),
        (changed(make_fit(), values=[1.0]), r"values has shape \(1,\), expected \(35,\)"),
        (changed(make_fit(), values="abc"), "damaged"),
        (changed(make_fit(), values=[[1.0], [1.0, 2.0]]), "damaged"),
        (changed(make_fit(), values=["x"] * 35), "expected a number, found 'x'"),
        (changed(make_fit(), fixed=[0] * 35), "true and false"),
        (changed(make_fit(), twice_nll="large"), "twice_nll"),
        (changed(make_fit(), covariance=[[1.0]]), "covariance has shape"),
        (changed(make_prediction(), channels=[{"name": "x"}]), "damaged"),
        (changed(make_prediction(), channels=7), "damaged"),
        (changed(FINDINGS, items=[{"rule": "x", "severity": "fatal"}]), "damaged"),
    ],
)
def test_damaged_and_foreign_files_are_one_sentence(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "fit.json"
    path.write_bytes(content)
    with pytest.raises(ResultError, match=message) as error:
        load_result(path)
    assert len(error.value.problems) == 1
    assert error.value.problems[0].startswith(f"{path}: ")


def test_every_cut_file_is_refused() -> None:
    content = encode_result(make_fit(("a",), 1)).rstrip()
    for end in range(0, len(content), 7):
        with pytest.raises(ResultError):
            decode_result(content[:end])


@pytest.mark.parametrize("entry", [field.name for field in fields(FitResult)][:21])
def test_every_missing_entry_is_named(entry: str) -> None:
    document = json.loads(encode_result(make_fit()))
    del document[entry]
    with pytest.raises(ResultError, match=entry):
        decode_result(json.dumps(document))


def test_wrong_shape_in_a_channel_is_named() -> None:
    document = json.loads(encode_result(make_prediction()))
    document["channels"][1]["data"].pop()
    with pytest.raises(ResultError, match=r"4j2b SR.data has shape \(10,\), expected \(11,\)"):
        decode_result(json.dumps(document))


def test_missing_file_and_wrong_object(tmp_path: Path) -> None:
    with pytest.raises(ResultError, match="No such file"):
        load_result(tmp_path / "none.json")
    with pytest.raises(ResultError, match="found dict"):
        save_result({}, tmp_path / "x.json")  # type: ignore[arg-type]


def test_failed_write_is_one_sentence_and_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "fit.json"
    path.write_text("old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(ResultError, match="can't be written: No space left"):
        make_fit().save(path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_or_a_device_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ResultError, match="can't be written: it is a folder; name a file"):
        make_fit().save(".")
    with pytest.raises(ResultError, match="can't be written: it is no file"):
        make_fit().save("/dev/null")
    assert Path("/dev/null").is_char_device()


LARGE = 10**400


@pytest.mark.parametrize(
    ("record", "path", "value", "words"),
    [
        (make_fit(), ("values", 0), LARGE, "values: a number is beyond 1e308"),
        (make_fit(), ("covariance", 1, 2), -LARGE, "covariance: a number is beyond"),
        (make_fit(), ("twice_nll",), LARGE, "twice_nll: a number is beyond"),
        (make_fit(), ("iterations",), LARGE, "iterations: whole numbers have 64 bits"),
        (make_fit(), ("poi",), "mu_SIG", '"mu_SIG" is not among'),
        (make_fit(), ("names", 1), make_fit().names[0], "more than once"),
        (make_fit(), ("mirrored",), [["nobody", 1.0]], '"nobody" is not among'),
        (make_test(), ("statistic",), "q0~", '"q0~" is not among'),
        (make_test(toys=4), ("counts", "failures"), [0], "failures has shape"),
        (make_test(toys=4), ("counts", "tested"), [[0.0] * 4], "one row of toys"),
        (make_test(), ("expected", "cls", 0, 0), LARGE, "beyond 1e308"),
        (make_limit(), ("level",), 95, "between 0 and 1"),
    ],
)
def test_what_does_not_fit_together_is_one_sentence(record: Any, path: Any, value: Any, words: str) -> None:
    document = json.loads(encode_result(record))
    place = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(ResultError, match=re.escape(words)) as caught:
        decode_result(json.dumps(document))
    assert len(str(caught.value)) < 400


def test_infinite_uncertainties_are_shown() -> None:
    fit = make_fit()
    names = np.arange(len(fit)) == fit.index(str(fit.poi))
    assert "± inf" in repr(replace(fit, uncertainties=np.where(names, np.inf, fit.uncertainties)))


def test_what_is_nested_too_deeply_is_one_sentence() -> None:
    with pytest.raises(ResultError, match="not valid JSON"):
        decode_result("[" * 100_000 + "]" * 100_000)


def test_what_is_flat_survives_and_files_of_before_are_read() -> None:
    fit = make_fit()
    n = len(fit)
    idle, flat = np.zeros(n, np.bool_), np.zeros((2, n))
    idle[1], flat[0, :2], flat[1, 2] = True, (0.6, -0.8), 1.0
    found = decode_result(encode_result(replace(fit, idle=idle, flat=flat)))
    np.testing.assert_array_equal(found.idle, idle)
    np.testing.assert_array_equal(found.flat, flat)
    assert [p.name for p in found if p.flat] == list(fit.names[:3])
    document = json.loads(encode_result(fit))
    assert document["idle"] == [False] * n
    assert document["flat"] == []
    del document["idle"], document["flat"]
    old = decode_result(json.dumps(document))
    assert not old.idle.any()
    assert old.idle.shape == (n,)
    assert old.flat.shape == (0, n)
    with pytest.raises(ResultError, match=r"flat has shape \(1, 2\)"):
        decode_result(json.dumps({**document, "flat": [[1.0, 2.0]]}))
