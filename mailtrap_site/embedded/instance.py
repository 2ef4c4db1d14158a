"""What belongs to one instance and is made once: its secrets, its addresses, and the file `var/instance.env` that tells
all processes of them."""

import base64
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from mailtrap_site import environment, payment_settings
from mailtrap_site.embedded import whole_file
from mailtrap_site.embedded.postgres import Cluster

POSTGRES_PORT = 15430
"""Below the ports that the kernel gives to outgoing connections, one of which would be in the way by chance."""


@dataclass(frozen=True, slots=True)
class Instance:
    """`cluster` is None when the operator named a database by DATABASE_URL."""

    var_dir: Path
    cluster: Cluster | None
    database_url: str
    broker_url: str

    @property
    def demo_file(self) -> Path:
        return self.var_dir / "demo.env"


def var_dir() -> Path:
    """The folder that holds everything; made when missing, closed to other accounts."""
    folder = environment.var_dir()
    if not folder.exists():
        folder.mkdir(mode=0o700, parents=True)
    return folder


def load(folder: Path) -> Instance:
    """Reads or makes the instance in `folder` and writes `instance.env`. Raises ValueError with a sentence."""
    database_url = os.environ.get("DATABASE_URL", "")
    cluster = None if database_url else _cluster(folder / "postgres")
    if cluster:
        database_url, broker_url = cluster.url("mail"), cluster.url("broker", scheme="pgmq")
    else:
        # Its own database could not be made with certainty; the queue's tables have a schema of their own.
        broker_url = urlsplit(database_url)._replace(scheme="pgmq", query="").geturl()
    broker_url = os.environ.get("CELERY_BROKER_URL") or broker_url
    kept = _read(folder / "instance.env")
    _write(
        folder / "instance.env",
        _payments(kept)
        | {
            "EMBEDDED": "true",
            "SECRET_KEY": kept.get("SECRET_KEY") or secrets.token_urlsafe(48),
            "SEALING_KEY": kept.get("SEALING_KEY") or base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "DATABASE_URL": database_url,
            "CELERY_BROKER_URL": broker_url,
        },
    )
    return Instance(folder, cluster, database_url, broker_url)


def _payments(kept: dict[str, str]) -> dict[str, str]:
    """On the development route, without a key of the operator's: those of the stand-in for Stripe."""
    port = os.environ.get("FAKE_STRIPE_PORT", str(payment_settings.FAKE_STRIPE_PORT))
    wanted = os.environ.get("ROUTE", "development") == "development" and port != "0"
    if not wanted or os.environ.get("STRIPE_SECRET_KEY"):
        return {}
    kept_secret = kept.get("STRIPE_WEBHOOK_SECRET", "")
    return {
        "STRIPE_SECRET_KEY": payment_settings.STAND_IN_KEY,
        "STRIPE_WEBHOOK_SECRET": kept_secret or f"whsec_{secrets.token_urlsafe(24)}",
        "STRIPE_API_BASE": f"http://127.0.0.1:{port}",
    }


def _cluster(folder: Path) -> Cluster:
    port = os.environ.get("POSTGRES_PORT", str(POSTGRES_PORT))
    if not port.isdigit():
        raise ValueError(f"POSTGRES_PORT is {port!r}; it must be a port number.")
    folder.mkdir(mode=0o700, exist_ok=True)
    file = folder / "password"
    if not file.exists():
        whole_file.write(file, secrets.token_urlsafe(24))
    return Cluster(folder, int(port), file.read_text().strip())


def _read(file: Path) -> dict[str, str]:
    """The KEY=VALUE lines of a file that we wrote; empty when there is none."""
    if not file.exists():
        return {}
    pairs = (line.partition("=") for line in file.read_text().splitlines() if "=" in line and not line.startswith("#"))
    return {name: value for name, _, value in pairs}


def _write(file: Path, values: dict[str, str]) -> None:
    note = (
        "# Written by `make run`; settings in .env and in the environment are stronger.\n"
        "# Keep it with the data: without SEALING_KEY the sealed secrets in the database are lost.\n"
    )
    whole_file.write(file, note + "".join(f"{name}={value}\n" for name, value in values.items()))
