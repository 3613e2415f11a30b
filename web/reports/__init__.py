"""A report as its address asks for it, and as plain lines."""
