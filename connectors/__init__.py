"""How facts come in and evidence goes out: one folder a system, with the same file names in each."""
