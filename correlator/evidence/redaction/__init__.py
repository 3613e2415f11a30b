"""A bundle made fit for other eyes: names replaced by stable pseudonyms, other tenants left out, the verdict kept."""
