"""A watched folder of tables: what somebody else writes there is pulled as it comes."""
