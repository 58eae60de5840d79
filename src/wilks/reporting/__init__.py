"""The report: results, a workspace and its model as one HTML page that needs nothing else."""
