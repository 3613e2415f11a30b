"""The pages and the API: a thin Flask application over the store."""
