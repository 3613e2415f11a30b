"""One file a page: what it shows is put together here, how it looks stands in templates/."""
