"""What receiving servers say, read: replies and reports become verdicts by rules kept as data."""
