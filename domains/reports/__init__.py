"""What receivers report about a domain: taken in at the mx, parsed, kept, and turned into figures and advice."""
