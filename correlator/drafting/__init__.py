"""Drafts made of a finding that is over: facts filled in, and the rest marked for a person."""
