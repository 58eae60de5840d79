"""Aliases for the array types used throughout."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.float64]
IntArray: TypeAlias = npt.NDArray[np.int32]
BoolArray: TypeAlias = npt.NDArray[np.bool_]
Positions: TypeAlias = npt.NDArray[np.signedinteger[Any]]
JSONDict: TypeAlias = dict[str, Any]
