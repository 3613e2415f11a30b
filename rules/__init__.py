"""What people know, as YAML: asks, owners, runbooks, known errors; the loader and its checks stand beside them."""
