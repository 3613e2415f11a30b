"""One incident on one clock: jobs, events, metrics, words; as known now or at an earlier moment."""
