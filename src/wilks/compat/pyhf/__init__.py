"""pyhf, with models, likelihood and fits of wilks."""
