"""What one on-call engineer leaves to the next: drafted from the data, edited by a person, acknowledged by name."""
