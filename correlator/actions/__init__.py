"""What may be done about a known error: proposed by a rule, allowed by a person or earned trust, done once, checked."""
