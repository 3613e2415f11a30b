"""Incident correlator: are retried job failures systemic, transient, or is it too early to say?"""

__version__ = "0.1.0"
