"""Whether some or all flags of an array are set: what `any` and `all` say, at a fraction of what they cost when the
array is small, as it is in most fits."""

from __future__ import annotations

from wilks._types import BoolArray


def some(flags: BoolArray) -> bool:
    """Return whether a flag is set.

    >>> import numpy as np
    >>> some(np.zeros(3, np.bool_)), some(np.eye(2, dtype=np.bool_))
    (False, True)
    """
    return 1 in flags.tobytes()


def every(flags: BoolArray) -> bool:
    """Return whether all flags are set.

    >>> import numpy as np
    >>> every(np.ones((2, 2), np.bool_)), every(np.eye(2, dtype=np.bool_))
    (True, False)
    """
    return 0 not in flags.tobytes()
