"""From the store to findings and back: one look."""
