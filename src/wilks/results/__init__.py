"""Frozen records of what was computed; they carry names, digests and settings, and go to JSON and back."""
