"""What other systems post to us: lineage events and webhooks."""
