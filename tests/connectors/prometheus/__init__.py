"""The Prometheus source, against the real server and against scripted answers."""
