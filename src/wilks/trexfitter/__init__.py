"""TRExFitter's configuration files: what they say, as a steering file, commands and a report of what is left."""
