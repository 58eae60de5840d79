"""Doors of the workspace: other formats that are read into it and written from it."""
