"""Child processes, and the memory of our own."""
