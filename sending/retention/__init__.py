"""How long mail is kept: out of sight when the plan's days are over, deleted by the hour, dropped by the week."""
