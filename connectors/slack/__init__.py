"""Findings as messages in a Slack channel."""
