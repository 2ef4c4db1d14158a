"""What one message may carry, whichever door it uses."""

MOST_CATEGORY_CHARACTERS = 255
MOST_VARIABLES_BYTES = 1000
"""Of the custom variables as JSON."""
