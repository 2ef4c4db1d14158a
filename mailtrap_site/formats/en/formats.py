"""As the rest of the service writes them: no month of a country's own, no noon and midnight."""

DATE_FORMAT = "Y-m-d"
DATETIME_FORMAT = "Y-m-d H:i"
TIME_FORMAT = "H:i"
