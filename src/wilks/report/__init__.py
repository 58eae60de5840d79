"""The report: one page that shows an analysis, with the fitted model alive inside it."""
