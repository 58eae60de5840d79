"""Results as files of other programs: what their plotting scripts read."""
