"""A database that no longer answers is noticed in time, although nothing closes the connection."""

import os
import socket

import pytest
from django.db import connection


@pytest.mark.django_db
def test_the_system_gives_a_silent_connection_up():
    connection.ensure_connection()
    with socket.socket(fileno=os.dup(connection.connection.fileno())) as wire:
        assert wire.family == socket.AF_INET
        assert wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 20_000
        assert wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 10
        assert wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT) == 3
