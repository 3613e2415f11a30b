"""Each method against brute force, against scipy, and against simulated chance."""
