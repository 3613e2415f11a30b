"""Steps in the life of findings, out of forms and JSON documents."""
