"""The rules in force, what they would have said, and what they wait for."""
