"""Matrices without an answer: not finite, singular."""

from __future__ import annotations

import numpy as np
import pytest

from wilks.matrices import curvatures, solution


def test_eigenvalues_and_vectors_make_the_matrix_again() -> None:
    matrix = np.array([[2.0, 0.5, 0.1], [0.5, 1.0, -0.3], [0.1, -0.3, 3.0]])
    found = curvatures(matrix)
    assert found is not None
    values, vectors = found
    np.testing.assert_allclose(vectors @ np.diag(values) @ vectors.T, matrix, atol=1e-14)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_has_no_eigenvalues_and_no_solution(wrong: float) -> None:
    matrix = np.eye(3)
    matrix[0, 2] = matrix[2, 0] = wrong
    assert curvatures(matrix) is None
    assert np.isnan(solution(matrix, np.ones(3))).all()
    assert np.isnan(solution(np.eye(3), np.array([1.0, wrong, 0.0]))).all()


def test_a_solution_solves() -> None:
    matrix = np.array([[2.0, 0.5], [0.5, 1.0]])
    right = np.array([[1.0, 2.0], [3.0, -1.0]])
    np.testing.assert_allclose(matrix @ solution(matrix, right), right, atol=1e-14)


def test_a_singular_system_is_solved_where_it_can_be() -> None:
    matrix = np.array([[1.0, -1.0], [-1.0, 1.0]])
    np.testing.assert_allclose(solution(matrix, np.array([1.0, -1.0])), [0.5, -0.5], atol=1e-14)
    assert np.isnan(solution(matrix, np.array([1.0, 1.0]))).all()
