"""Findings as signed HTTP requests to an address of your own."""
