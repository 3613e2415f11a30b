"""What the owner of the trouble needs on first read: the packet, its pictures, and the bundle that can be verified."""
