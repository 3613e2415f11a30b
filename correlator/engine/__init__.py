"""History in, findings out: pure, no clock, no network, no randomness."""

from correlator.engine.analysis import analyze

__all__ = ["analyze"]
