"""Measurements: what is claimed of speed, scale and error rates, each with the command that measures it."""
