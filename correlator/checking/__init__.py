"""Is what somebody asks about systemic? Names of runs and jobs in, one answer a job out."""
