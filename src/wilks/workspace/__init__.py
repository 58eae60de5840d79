"""The waist of the package: the pyhf workspace document, and the bin edges and labels that travel beside it."""
