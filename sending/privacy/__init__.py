"""What people may ask about data that is kept of them: to see it, to take it along, and to have it erased."""
