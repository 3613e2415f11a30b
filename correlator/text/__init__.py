"""Values as people read and write them. Needs no numerical library."""
