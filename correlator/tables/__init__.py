"""The tables contract: a history as five typed frames, read from and written to folders."""
