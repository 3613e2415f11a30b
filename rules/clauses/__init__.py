"""The clauses of `when`: what a rule wants of a finding, and what it saw there."""
