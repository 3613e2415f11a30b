"""Facts fetched from sources into the store: what is asked for, page by page, and how long it is kept."""
