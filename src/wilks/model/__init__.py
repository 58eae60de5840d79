"""The statistical model: parameters, compiled arrays, likelihood."""
