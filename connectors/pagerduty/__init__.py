"""PagerDuty: incidents with their alerts and log entries, services; and one note an incident."""
