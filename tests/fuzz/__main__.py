"""`python -m tests.fuzz`: a campaign; with a kind and a number, one of its trials again."""

from __future__ import annotations

import argparse
import sys
import time

from tests.fuzz.campaign import TRIALS, Summary, campaign, run_trial


def main() -> int:
    """Return the exit code: 1 if something is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("kind", nargs="?", choices=[*TRIALS], help="kind of one trial to repeat")
    parser.add_argument("number", nargs="?", type=int, help="its number")
    parser.add_argument("--seed", type=int, default=1, help="seed of the campaign (default 1)")
    parser.add_argument("--minutes", type=float, default=60.0, help="how long (default 60)")
    parser.add_argument("--trials", type=int, help="how many trials at most")
    parser.add_argument("--jobs", type=int, default=1, help="processes (default 1)")
    asked = parser.parse_args()
    if asked.kind is not None:
        if asked.number is None:
            parser.error("which trial? Give its number, too")
        summary = Summary()
        summary.add(asked.kind, asked.number, run_trial(asked.kind, asked.number))
    else:
        summary = campaign(
            asked.seed, seconds=60 * asked.minutes, trials=asked.trials, jobs=asked.jobs, tell=Progress()
        )
    print(summary)
    return int(summary.failed)


class Progress:
    """Tells on standard error every half minute how far a campaign is."""

    def __init__(self) -> None:
        self.told = time.monotonic()

    def __call__(self, summary: Summary) -> None:
        """Tell, if it is time."""
        if time.monotonic() - self.told > 30:
            self.told = time.monotonic()
            trials, faults = sum(summary.trials.values()), sum(map(len, summary.examples.values()))
            print(f"{trials} trials, {faults} faults", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
