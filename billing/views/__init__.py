"""The pages of plans and usage."""
