"""Types of the compiled engine."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from wilks._types import FloatArray, IntArray

def philox(counter: Sequence[int], key: Sequence[int]) -> list[int]: ...
def sample(mean: FloatArray, sigma: FloatArray, *, seed: int, stream: int, first: int, count: int) -> FloatArray: ...

Positions = npt.NDArray[np.int64]

class Dataset:
    @property
    def values(self) -> FloatArray: ...
    @property
    def constants(self) -> float: ...

class Model:
    def __init__(
        self,
        *,
        parameters: int,
        channel_bins: IntArray,
        block_channel: IntArray,
        nominal: FloatArray,
        factor_start: IntArray,
        factor_parameter: IntArray,
        factor_code: IntArray,
        factor_lo: FloatArray,
        factor_hi: FloatArray,
        shape_start: IntArray,
        shape_parameter: IntArray,
        shape_code: IntArray,
        shape_lo: FloatArray,
        shape_hi: FloatArray,
        bin_start: IntArray,
        bin_parameter: IntArray,
        constraint_kind: IntArray,
        constraint_parameter: IntArray,
        constraint_scale: FloatArray,
        function_operation: IntArray = ...,
        function_first: IntArray = ...,
        function_second: IntArray = ...,
        function_number: FloatArray = ...,
        function_result: IntArray = ...,
        function_penalty: IntArray = ...,
        block_form: IntArray = ...,
        error_start: IntArray = ...,
        error_block: IntArray = ...,
        error_parameter: IntArray = ...,
        errors: FloatArray = ...,
        block_floor: FloatArray = ...,
        block_total: FloatArray = ...,
        constraint_lower: FloatArray = ...,
        coupling_first: IntArray = ...,
        coupling_second: IntArray = ...,
        coupling: FloatArray = ...,
        coupling_constant: FloatArray = ...,
    ) -> None: ...
    @property
    def shared_parameters(self) -> list[int]: ...
    def dataset(self, values: FloatArray) -> Dataset: ...
    def block_rates(self, theta: FloatArray) -> FloatArray: ...
    def bends(self, theta: FloatArray) -> FloatArray: ...
    def expected(self, theta: FloatArray) -> FloatArray: ...
    def jacobian(self, theta: FloatArray, block: int) -> FloatArray: ...
    def value(self, theta: FloatArray, data: Dataset) -> float: ...
    def value_and_gradient(self, theta: FloatArray, data: Dataset) -> tuple[float, FloatArray]: ...
    def hessian(self, theta: FloatArray, data: Dataset) -> FloatArray: ...
    def expected_rows(self, theta: FloatArray) -> FloatArray: ...
    def value_rows(
        self, theta: FloatArray, theta_row: Positions, values: FloatArray, values_row: Positions
    ) -> FloatArray: ...
    def value_and_gradient_rows(
        self, theta: FloatArray, theta_row: Positions, values: FloatArray, values_row: Positions
    ) -> tuple[FloatArray, FloatArray]: ...
    def hessian_rows(
        self, theta: FloatArray, theta_row: Positions, values: FloatArray, values_row: Positions
    ) -> FloatArray: ...
    def __getstate__(self) -> dict[str, Any]: ...
    def __setstate__(self, state: dict[str, Any]) -> None: ...
    def fit(
        self,
        data: Dataset,
        start: FloatArray,
        lower: FloatArray,
        upper: FloatArray,
        fixed: npt.NDArray[np.uint8],
        tolerance: float,
        max_iterations: int,
        covariance: bool = True,
        polish: bool = True,
        scoring: bool = False,
    ) -> dict[str, Any]: ...
    def fit_many(
        self,
        fits: int,
        values: FloatArray,
        start: FloatArray,
        lower: FloatArray,
        upper: FloatArray,
        fixed: npt.NDArray[np.uint8],
        tolerance: float,
        max_iterations: int,
        threads: int,
        variances: bool,
        share_hessian: bool,
        starts: int,
        anchor: FloatArray,
        progress: Callable[[int, int], object] | None = None,
    ) -> dict[str, FloatArray]: ...
