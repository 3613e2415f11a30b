"""OpenLineage: events that other programs send, as attempts and edges."""
