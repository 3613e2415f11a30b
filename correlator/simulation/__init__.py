"""Simulated platforms: histories in the tables contract whose every failure has a known cause."""
