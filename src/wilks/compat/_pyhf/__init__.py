"""The layer under pyhf: what of it is wilks."""
