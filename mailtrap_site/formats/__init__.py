"""How the support desk and plain templates write dates, in place of Django's own ways."""
