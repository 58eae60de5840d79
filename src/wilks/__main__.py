"""`python -m wilks`: the command line."""

from wilks.cli import main

main(prog_name="wilks")
