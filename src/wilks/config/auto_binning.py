"""The block `AutoBinning` of a region: bins that are merged until each has its share of signal and background."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from wilks.config.block import Block
from wilks.config.values import Names, NotNegative


class AutoBinning(Block):
    """How many bins the signal, and the background, are worth."""

    method: Literal["TransfoD", "TransfoF"] = Field(
        description="TransfoD: each bin has a share of signal and background; TransfoF: of the separation of both"
    )
    signal: NotNegative = Field(description="Number of bins that the signal alone would be divided into (TransfoD)")
    background: NotNegative = Field(description="Number of bins that the background alone would be divided into")
    samples: Names = Field(default=(), description="Samples that are the signal; left out, those that the POI scales")
