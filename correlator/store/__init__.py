"""The store: SQLAlchemy Core on SQLite or PostgreSQL. Importing it brings in no numerical library."""
