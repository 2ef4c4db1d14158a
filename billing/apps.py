from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "billing"

    def ready(self) -> None:
        from accounts.seats import limit_seats_by
        from billing.seats import seats_by_plan

        limit_seats_by(seats_by_plan)
