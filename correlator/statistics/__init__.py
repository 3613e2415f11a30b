"""One method a file: arrays in, a small frozen result out. Nothing here knows of jobs, stores or vendors."""
