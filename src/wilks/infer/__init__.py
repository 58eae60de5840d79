"""What follows from a fitted model."""
