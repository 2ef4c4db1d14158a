from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "billing"

    def ready(self) -> None:
        from accounts.seats import limit_seats_by
        from accounts.signals import account_opened
        from billing import new_accounts
        from billing.seats import seats_by_plan

        limit_seats_by(seats_by_plan)
        account_opened.connect(new_accounts.begin, dispatch_uid="hourly limit of a new account")
