"""HEPData's own validator, offline."""

from __future__ import annotations

import warnings
from typing import Any

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # the validator's use of jsonschema
    from hepdata_validator.full_submission_validator import FullSubmissionValidator


def complaints(**where: Any) -> list[str]:
    """Return what the validator has to say about a `directory` or an `archive`; nothing if it takes it."""
    validator = FullSubmissionValidator()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # it leaves files open
        valid = validator.validate(**{key: str(path) for key, path in where.items()})
    found = [message.message for messages in validator.get_messages().values() for message in messages]
    assert valid == (not found)
    return found
