"""The version, written in this one place: the build reads it here, and so does whatever puts it into a result."""

__version__ = "0.1.0"
