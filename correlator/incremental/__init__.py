"""Looks that cost in proportion to what is new: rows by tenant are kept, and only tenants that anything new concerns
are judged again. See docs/speed.md."""
