"""What the engine refuses in batches and in many fits, and how Ctrl-C ends them."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from typing import Any

import numpy as np
import pytest

from wilks import compile_model, load_workspace
from wilks._engine import Model

COUNTING = {
    "channels": [
        {
            "name": "SR",
            "samples": [
                {"name": "s", "data": [5.0], "modifiers": [{"name": "mu", "type": "normfactor", "data": None}]},
                {"name": "b", "data": [9.0], "modifiers": [{"name": "t", "type": "shapesys", "data": [2.0]}]},
            ],
        }
    ],
    "observations": [{"name": "SR", "data": [12.0]}],
    "measurements": [{"name": "m", "config": {"poi": "mu", "parameters": []}}],
    "version": "1.0.0",
}


def engine() -> Model:
    return compile_model(load_workspace(COUNTING)).engine


@pytest.mark.parametrize("call", ["value_rows", "value_and_gradient_rows", "hessian_rows"])
def test_rows_of_a_batch_are_checked(call: str) -> None:
    rows = getattr(engine(), call)
    points, values, two = np.ones((2, 2)), np.ones((3, 2)), np.array([0, 1])
    rows(points, two, values, two)
    with pytest.raises(ValueError, match="theta has the wrong length"):
        rows(np.ones((2, 3)), two, values, two)
    with pytest.raises(ValueError, match="data have the wrong length"):
        rows(points, two, np.ones((3, 1)), two)
    with pytest.raises(ValueError, match="different numbers of rows"):
        rows(points, two, values, np.array([0]))
    for wrong in (np.array([0, 2]), np.array([-1, 0])):
        with pytest.raises(ValueError, match="no such row"):
            rows(points, wrong, values, two)
    with pytest.raises(ValueError, match="no such row"):
        rows(points, two, values, np.array([3, 0]))
    with pytest.raises(ValueError, match="theta has the wrong length"):
        engine().expected_rows(np.ones((2, 3)))


def test_rows_of_many_fits_are_checked() -> None:
    arguments: dict[str, Any] = {
        "values": np.array([[12.0, 20.25]]),
        "start": np.ones((3, 2)),
        "lower": np.zeros((1, 2)),
        "upper": np.full((3, 2), 10.0),
        "fixed": np.zeros((1, 2), np.uint8),
    }
    rest: dict[str, Any] = {"tolerance": 1e-8, "max_iterations": 9, "threads": 1}
    rest |= {"variances": True, "share_hessian": True, "starts": 1, "anchor": np.empty((0, 2))}
    assert (engine().fit_many(fits=3, **arguments, **rest)["status"] == 0).all()
    for name, wrong in (
        ("values", np.ones((1, 3))),
        ("start", np.ones((2, 2))),
        ("lower", np.ones((1, 1))),
        ("upper", np.ones((0, 2))),
        ("fixed", np.zeros((2, 2), np.uint8)),
    ):
        with pytest.raises(ValueError, match=r"(data|start|lower|upper|fixed) ha(s|ve) the wrong shape"):
            engine().fit_many(fits=3, **(arguments | {name: wrong}), **rest)
    with pytest.raises(ValueError, match="every problem needs as many starts"):
        engine().fit_many(fits=3, **arguments, **(rest | {"starts": 2}))
    with pytest.raises(ValueError, match="the anchor has the wrong shape"):
        engine().fit_many(fits=3, **arguments, **(rest | {"anchor": np.ones((1, 3))}))


INTERRUPTED = """
import json, signal, threading, time
import numpy as np
from wilks import compile_model, fit, fit_many, load_workspace

def modifiers():
    return [
        {"name": f"n{i}", "type": "normsys", "data": {"lo": 0.95, "hi": 1.04}} for i in range(20)
    ] + [{"name": "stat", "type": "staterror", "data": [3.0] * 50}]

model = compile_model(load_workspace({
    "channels": [{"name": "SR", "samples": [
        {"name": "b", "data": [100.0] * 50, "modifiers": modifiers()},
        {"name": "s", "data": [9.0] * 50, "modifiers": [{"name": "mu", "type": "normfactor", "data": None}]},
    ]}],
    "observations": [{"name": "SR", "data": [111.0] * 50}],
    "measurements": [{"name": "m", "config": {"poi": "mu", "parameters": []}}],
    "version": "1.0.0",
}))

def delay(call):
    timer = threading.Timer(0.2, signal.raise_signal, [signal.SIGINT])
    timer.start()
    begin = time.perf_counter()
    try:
        call()
    except KeyboardInterrupt:
        return time.perf_counter() - begin - 0.2
    return None
"""


@pytest.mark.parametrize(
    "call",
    [
        "model.nll(np.broadcast_to(model.initial, (20_000_000, model.n_parameters)), model.observed())",
        "model.nll(model.initial, np.broadcast_to(model.observed(), (20_000_000, model.observed().size)))",
        "model.hessian(np.tile(model.initial, (10_000, 1)))",
        "fit_many(model, start=np.tile(model.initial, (300_000, 1)), threads=1)",
        "fit_many(model, start=np.tile(model.initial, (300_000, 1)), threads=3, progress=print)",
    ],
)
def test_control_c_ends_a_batch(call: str) -> None:
    code = INTERRUPTED + textwrap.dedent(
        f"""
        before = fit(model)
        late = delay(lambda: {call})
        print(json.dumps([late, bool((fit(model).values == before.values).all())]))
        """
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    late, usable = json.loads(done.stdout.splitlines()[-1])
    assert late is not None, "it ran to its end"
    assert late < 1.0
    assert usable
