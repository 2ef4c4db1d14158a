"""The proof that no accepted mail is lost or doubled: `manage.py prove` breaks an instance of its own in every way."""
