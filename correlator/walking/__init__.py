"""Where did it start? Ranking of origins on a dependency graph from metrics."""
