"""The sockets under an SMTP server: the same shell carries the submission server and the mx."""

from sending.listener.connection import Connection, Handler, Verdict
from sending.listener.crowd import Limits
from sending.listener.listener import Listener, Port, run, tls_context

__all__ = ["Connection", "Handler", "Limits", "Listener", "Port", "Verdict", "run", "tls_context"]
