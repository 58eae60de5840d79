"""Dice: random choices that mean the same in every version of Python, so that a seed can be kept for years."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

Thing = TypeVar("Thing")


class Dice:
    """Choices that take nothing but `random.Random.random`, whose sequence Python promises to keep."""

    def __init__(self, *seeds: int | str) -> None:
        self._random = random.Random(":".join(map(str, seeds))).random

    def chance(self, probability: float) -> bool:
        """Return True with this probability."""
        return self._random() < probability

    def number(self, low: float, high: float) -> float:
        """Return a legible number between two others."""
        return float(f"{low + (high - low) * self._random():.4g}")

    def magnitude(self, low: float, high: float) -> float:
        """Return a positive number, all orders of magnitude being equally likely."""
        return float(f"{low * (high / low) ** self._random():.4g}")

    def integer(self, low: int, high: int) -> int:
        """Return a whole number, both ends included."""
        return low + int(self._random() * (high - low + 1))

    def choice(self, things: Sequence[Thing]) -> Thing:
        """Return one of the things."""
        return things[self.integer(0, len(things) - 1)]

    def shuffled(self, things: Sequence[Thing]) -> list[Thing]:
        """Return the things in any order."""
        rest = list(things)
        return [rest.pop(self.integer(0, len(rest) - 1)) for _ in things]

    def subset(self, things: Sequence[Thing], least: int = 1) -> list[Thing]:
        """Return at least `least` of the things, in any order."""
        return self.shuffled(things)[: self.integer(least, len(things))]

    def normal(self) -> float:
        """Return a number with mean 0 and variance 1: twelve uniform ones less 6."""
        return sum(self._random() for _ in range(12)) - 6.0
