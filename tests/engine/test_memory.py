"""The engine gives back what it takes, and gives way to Ctrl-C; seen in processes of their own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import textwrap
from typing import Any

import pytest

pytest.importorskip("resource", reason="no memory usage on this platform")

MODEL = """
import json, resource, signal, sys, threading, time
import numpy as np
from wilks import compile_model, fit, load_workspace
from wilks.fitting.problem import FitOptions

def workspace(systematics, bins, events):
    rng = np.random.default_rng(1)
    nominal = rng.uniform(0.5, 1.5, bins) * events
    def varied():
        return (nominal * rng.normal(1.0, 0.05, bins)).clip(0.5 * nominal).tolist()
    modifiers = [
        {"name": f"s{i}", "type": "histosys", "data": {"lo_data": varied(), "hi_data": varied()}}
        for i in range(systematics)
    ]
    modifiers.append({"name": "stat", "type": "staterror", "data": (0.1 * nominal).tolist()})
    mu = {"name": "mu", "type": "normfactor", "data": None}
    samples = [
        {"name": "b", "data": nominal.tolist(), "modifiers": modifiers},
        {"name": "s", "data": (0.1 * nominal).tolist(), "modifiers": [mu]},
    ]
    return load_workspace({
        "channels": [{"name": "SR", "samples": samples}],
        "observations": [{"name": "SR", "data": rng.poisson(2.0 * nominal).tolist()}],
        "measurements": [{"name": "m", "config": {"poi": "mu", "parameters": []}}],
        "version": "1.0.0",
    })
"""


def run(code: str) -> Any:
    """Run Python in a new process and return what it prints, as JSON."""
    command = [sys.executable, "-c", MODEL + textwrap.dedent(code)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_compiling_and_fitting_again_and_again_takes_no_memory() -> None:
    """A model here has 12 kB of templates, a covariance 17 kB: 2100 times either is more than 25 MB."""
    peaks = run(
        """
        unit = 1 if sys.platform == "darwin" else 1024
        def cycles(number):
            for i in range(number):
                model = compile_model(document)
                result = fit(model, fixed={"mu": 1.0} if i % 3 else None, options=alone if i % 20 else FitOptions())
                model.hessian(result.values), model.jacobian(result.values, 0), model.expected(result.values)
                fit(model, start={"mu": 0.0, "s0": 4.0}, options=alone)
                try:
                    model.engine.expected(np.ones(1))
                except ValueError:
                    pass
            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
        document, alone = workspace(15, 30, 100.0), FitOptions(search="none")
        print(json.dumps([cycles(n) for n in (300, 700, 700, 700)]))
        """
    )
    assert peaks[-1] - peaks[0] < 2e6, peaks


def test_control_c_stops_a_fit_and_leaves_the_process_usable() -> None:
    """The signal comes after a tenth of the processor time of the same fit; it is stopped long before its end."""
    outcome = run(
        """
        def interrupt(delay):
            timer = threading.Timer(delay, signal.raise_signal, [signal.SIGINT])
            timer.start()
            return timer

        model = compile_model(workspace(400, 600, 30.0))
        begin = time.process_time()
        first = fit(model)
        whole = time.process_time() - begin
        stopped = []
        for _ in range(3):  # one of them may be late
            begin = time.process_time()
            timer = interrupt(0.1 * whole)
            try:
                fit(model)
            except KeyboardInterrupt:
                stopped.append(time.process_time() - begin)
            timer.join()
        small = compile_model(workspace(3, 4, 100.0))
        again = fit(model)
        print(json.dumps({
            "whole": whole, "stopped": stopped, "converged": first.converged, "small": fit(small).converged,
            "same": bool((again.values == first.values).all() and (again.covariance == first.covariance).all()),
        }))
        """
    )
    assert outcome["converged"]
    assert outcome["stopped"], outcome
    assert min(outcome["stopped"]) < 0.7 * outcome["whole"], outcome
    assert outcome["small"]
    assert outcome["same"]


def test_control_c_from_the_keyboard() -> None:
    """A signal from outside, as the terminal sends it, ends a process that fits without end as Python ends."""
    code = (
        MODEL + "model = compile_model(workspace(200, 200, 50.0))\nprint('fitting', flush=True)\nwhile True: fit(model)"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "fitting\n"
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.5)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate()
    assert process.returncode == -signal.SIGINT
    assert "KeyboardInterrupt" in errors
