"""HEPData submissions: what was found, as tables that other people can read."""

from wilks.export.hepdata.submission import Submission, submission

__all__ = ["Submission", "submission"]
