"""Messages to customers about a finding: drafted from the data, checked, approved by a second person, kept."""
