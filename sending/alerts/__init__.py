"""Tells the people of a domain how its mail fares: at once when it turns critical, and once a week."""
