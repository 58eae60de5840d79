"""What is written is read back exactly, digests tell all that answers depend on, and files can't make anything run."""

from __future__ import annotations

import io
import pickle
from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import wilks
from wilks.elsewhere.coding import decoded, encoded, fingerprint
from wilks.infer.study import study
from wilks.infer.toy_p_values import Sample
from wilks.results.conditions import Condition
from wilks.results.encoding import encode_result
from wilks.results.findings import Severity


def test_things_come_back_as_they_were() -> None:
    thing = (
        None,
        True,
        -0.0,
        float("nan"),
        5e-324,
        2**70,
        "µ\n",
        [np.float64(0.1), np.int32(3), np.bool_(True)],
        {("a", 1): np.arange(6.0).reshape(2, 3).T, 2.0: {}},
        Counter({"converged": 3}),
        np.array(["x", None], object),
        Sample(np.array([1.0, np.nan]), 2, "why"),
    )
    found = decoded(encoded(thing))
    assert encoded(found) == encoded(thing)
    assert pickle.dumps(found[:7]) == pickle.dumps(thing[:7])
    assert [type(each) for each in found[7]] == [np.float64, np.int32, np.bool_]
    array = found[8]["a", 1]
    assert array.flags.f_contiguous
    assert array.flags.writeable
    assert isinstance(found[11], Sample)
    assert found[11].q.tobytes() == thing[11].q.tobytes()


def test_results_come_back_to_the_last_bit() -> None:
    limit = wilks.limit(wilks.compile_model(wilks.examples.search()))
    odd = Condition("few-events", Severity.WARNING, "few", "there are few", numbers={"events": 3.0})
    for result in (limit, replace(limit, origin=limit.origin.also(odd))):
        found = decoded(encoded(result))
        assert encode_result(found) == encode_result(result)
        assert found.origin.conditions == result.origin.conditions


def test_fingerprints_do_not_depend_on_what_was_computed_before() -> None:
    asked = study(wilks.compile_model(wilks.examples.search()))
    before = fingerprint(asked)
    assert asked.best.converged
    assert asked.model.bounds
    assert fingerprint(asked) == before == fingerprint(study(wilks.compile_model(wilks.examples.search())))
    sent = asked.sendable()
    assert fingerprint(pickle.loads(pickle.dumps(sent))) == fingerprint(sent) != before


def test_fingerprints_tell_what_answers_depend_on() -> None:
    workspace = wilks.examples.search()
    model = wilks.compile_model(workspace)
    asked = study(model)
    spec: Any = workspace.spec
    spec["observations"][0]["data"][0] += 1
    shifted = asked.data.values.copy()
    shifted[-1] = np.nextafter(shifted[-1], 2.0)
    others = [
        asked,
        study(model, shifted),
        study(model, fixed={model.parameter_names[-1]: 0.5}),
        study(model, bounds={"mu": (0.0, 5.0)}),
        study(wilks.compile_model(wilks.load_workspace(spec))),
        study(wilks.compile_model(workspace, normsys="code1")),
        replace(asked, given=asked.best),
        replace(asked, poi=1),
    ]
    assert len({fingerprint(each) for each in others}) == len(others)
    with pytest.raises(TypeError, match="a function can't be told"):
        fingerprint({"a": lambda: 0})


class Harm:
    def __reduce__(self) -> tuple[Any, ...]:
        return eval, ("1/0",)


def test_files_with_anything_else_are_refused() -> None:
    buffer = io.BytesIO()
    np.savez(buffer, tree=np.array([Harm()], object))
    written = encoded(Sample(np.zeros(3), 3))
    for content in (
        buffer.getvalue(),
        pickle.dumps(Harm()),
        b"",
        written[:-7],
        written.replace(b"wilks.infer.toy_p_values:Sample", b"wilks.infer.toy_p_values:Simple"),
        _with_tree(b'{"of": "subprocess:Popen", "has": []}'),
        _with_tree(b'{"of": "wilks.elsewhere.pool:Pool", "has": []}'),
        _with_tree(b'{"of": "wilks.elsewhere.coding:np.ndarray", "has": []}'),
        _with_tree(b'{"of": "wilks.results.findings:Severity", "has": []}'),
        _with_tree(b'{"of": "wilks.results.findings:Severity", "is": "HARM"}'),
        _with_tree(b'{"array": 3}'),
        _with_tree(b'{"what": 3}'),
        _with_tree(b"{}"),
    ):
        with pytest.raises(ValueError):
            decoded(content)


def _with_tree(tree: bytes) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, tree=np.frombuffer(tree, np.uint8))
    return buffer.getvalue()
