"""(Templates, Config) -> Workspace: what cabinetry builds from the same steering file and histograms."""
