"""Findings as internal notes on Zendesk tickets."""
