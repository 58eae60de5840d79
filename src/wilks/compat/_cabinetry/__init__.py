"""The layer under cabinetry: what of it is wilks."""
