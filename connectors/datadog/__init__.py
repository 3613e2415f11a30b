"""Datadog: job runs from spans, metrics from timeseries queries, changes from events."""
