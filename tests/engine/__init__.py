"""The engine, from grouping attempts into runs to the verdict: laws over generated histories, examples by hand."""
