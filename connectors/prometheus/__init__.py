"""Prometheus, and what answers like it: metrics of the jobs that matter, by range queries."""
