"""What becomes of a finding after it is said: who confirmed it, what was asked of whom, and whether the fix held."""
