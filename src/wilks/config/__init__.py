"""The steering file: cabinetry's YAML, checked as a whole."""
