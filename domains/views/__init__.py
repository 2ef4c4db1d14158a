"""The pages of sending domains, one subject a file."""
