"""For those who run the program: probes and measures."""
