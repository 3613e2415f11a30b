"""`python -m correlator` is the command line."""

from correlator.cli import main

main()
