"""Is this steering file, workspace or fit believable? One rule per function, `Findings` out."""
