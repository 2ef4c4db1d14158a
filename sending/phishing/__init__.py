"""Looks for links that deceive in mail that has left already, and shows staff what it found."""
