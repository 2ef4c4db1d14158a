"""Requests for hosts that are not ours, which scanners send all day, are refused and leave no traceback in the log."""

import pytest
from django.test import Client


def test_a_strange_host_is_refused_in_silence(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    answer = client.get("/accounts/login/", headers={"host": "evil.test"})
    assert answer.status_code == 400
    assert not [record for record in caplog.records if "evil.test" in record.getMessage()]
