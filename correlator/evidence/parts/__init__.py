"""The ten parts of a packet, each made from a finding and what is known around it."""
