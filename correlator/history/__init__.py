"""A history as columns: attempts grouped into runs, aligned along edges, as far as known at one moment. Pure."""
