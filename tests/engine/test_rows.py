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

def made(bins, *more):
    normsys = {"type": "normsys", "data": {"lo": 0.95, "hi": 1.04}}
    modifiers = [{**normsys, "name": f"n{i}"} for i in range(20)] + [*more]
    return compile_model(load_workspace({
        "channels": [{"name": "SR", "samples": [
            {"name": "b", "data": [100.0] * bins, "modifiers": modifiers},
            {"name": "s", "data": [9.0] * bins, "modifiers": [{"name": "mu", "type": "normfactor", "data": None}]},
        ]}],
        "observations": [{"name": "SR", "data": [111.0] * bins}],
        "measurements": [{"name": "m", "config": {"poi": "mu", "parameters": []}}],
        "version": "1.0.0",
    }))

model = made(50, {"name": "stat", "type": "staterror", "data": [3.0] * 50})
long = made(400)  # much work for each of the numbers of a Hessian

def took(call, rows):
    begin = time.process_time()
    call(rows)
    return time.process_time() - begin

def interrupted(call, rows, delay):
    timer = threading.Timer(delay, signal.raise_signal, [signal.SIGINT])
    timer.start()
    begin = time.process_time()
    try:
        call(rows)
    except KeyboardInterrupt:
        return time.process_time() - begin
    return None
"""


@pytest.mark.parametrize(
    ("call", "rows"),
    [
        ("model.nll(np.broadcast_to(model.initial, (rows, model.n_parameters)), model.observed())", 1_000_000),
        ("model.nll(model.initial, np.broadcast_to(model.observed(), (rows, model.observed().size)))", 1_000_000),
        ("long.hessian(np.broadcast_to(long.initial, (rows, long.n_parameters)))", 20_000),
        ("fit_many(model, start=np.tile(model.initial, (rows, 1)), threads=1)", 15_000),
        ("fit_many(model, start=np.tile(model.initial, (rows, 1)), threads=3, progress=print)", 15_000),
    ],
)
def test_control_c_ends_a_batch(call: str, rows: int) -> None:
    """The signal comes after a tenth of the processor time that all rows took before, and the others are left then."""
    code = INTERRUPTED + textwrap.dedent(
        f"""
        call, rows = lambda rows: {call}, {rows}
        before = fit(model)
        whole = took(call, rows)
        used = interrupted(call, rows, 0.1 * whole)
        print(json.dumps([used, whole, bool((fit(model).values == before.values).all())]))
        """
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    used, whole, usable = json.loads(done.stdout.splitlines()[-1])
    assert used is not None, "it ran to its end"
    assert used < 0.7 * whole
    assert usable
