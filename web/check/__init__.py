"""Pasted text in, one answer a job out."""
