"""What happens to accounts, told to the apps above this one."""

from django.dispatch import Signal

account_opened = Signal()
"""`account`; sent on the transaction that opens it."""
