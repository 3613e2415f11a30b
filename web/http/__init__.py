"""What holds for every request and answer: headers, origins, conditions, arguments."""
