"""When things happen: each job in a process of its own, on time, one scheduler at a time, cut when it hangs."""
