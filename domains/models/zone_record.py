"""The demo zone of the embedded name server."""

from typing import ClassVar

from django.db import models


class ZoneRecord(models.Model):
    """A record of the demo zone, which the embedded name server answers."""

    name = models.CharField(max_length=253)
    """Fully qualified, lower case, without the last dot."""
    type = models.CharField(max_length=8)
    value = models.TextField()
    ttl = models.PositiveIntegerField(default=60)

    objects: ClassVar[models.Manager["ZoneRecord"]] = models.Manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "type", "value"], name="a_zone_record_once")]

    def __str__(self) -> str:
        return f"{self.name} {self.ttl} {self.type} {self.value}"
