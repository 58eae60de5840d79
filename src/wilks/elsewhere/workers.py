"""What a user hands in as `executor`, and the pool that is made of it. Imports nothing before it is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from wilks.elsewhere.pieces import PieceFolder
    from wilks.elsewhere.pool import Cluster, Pool

Workers: TypeAlias = "Executor | Cluster | Pool | PieceFolder"


def pool_of(workers: Workers | None) -> Pool | PieceFolder | None:
    """Return the pool of an executor, None without one. Raises KindError for what is no executor."""
    if workers is None:
        return None
    from wilks.elsewhere.pieces import PieceFolder
    from wilks.elsewhere.pool import Pool

    return workers if isinstance(workers, Pool | PieceFolder) else Pool(workers)
