"""pytest plugin: tests marked `outside("swaks")` need a program that we did not write.

On a bare machine such a test is skipped with the program's name; where REQUIRE_OUTSIDE is set (CI) it fails instead.
Node packages are looked for in OUTSIDE_NODE_DIR (`.ci/outside` by default).
"""

import importlib.util
import os
import shutil
from pathlib import Path

import pytest

from mailtrap_site.embedded.install import has_wheels

NODE_DIR = Path(os.environ.get("OUTSIDE_NODE_DIR", Path(__file__).parents[2] / ".ci" / "outside"))
NODE_PACKAGES = ("mailauth", "mailparser", "nodemailer", "mailtrap-node", "oidc-provider", "samlp")
PYTHON_PACKAGES = {
    "mailtrap-python": "mailtrap",
    "anymail-python": "anymail",
    "schemathesis-python": "schemathesis",
    "saml-python": "onelogin",
}
"""With the module of each."""
WITH_WHEELS = ("saml-python",)
"""What `make requirements-dev` leaves out on machines for which nobody built it."""
LIBRARIES = {
    "symfony-mailer": ("php", "/usr/share/php/Symfony/Component/Mailer/autoload.php"),
    "phpmailer": ("php", "/usr/share/php/libphp-phpmailer/autoload.php"),
    "ruby-mail": ("ruby", "/usr/lib/ruby/vendor_ruby/mail.rb"),
}
"""With the program that runs them, and where Debian puts them."""


def is_present(what: str) -> bool:
    """Whether the program or package `what` is here."""
    if what in PYTHON_PACKAGES:
        return importlib.util.find_spec(PYTHON_PACKAGES[what]) is not None
    if what in NODE_PACKAGES:
        package = what.removesuffix("-node")
        return shutil.which("node") is not None and (NODE_DIR / "node_modules" / package).is_dir()
    if what in LIBRARIES:
        program, file = LIBRARIES[what]
        return shutil.which(program) is not None and Path(file).exists()
    return shutil.which(what, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/bin") is not None


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skips or fails a test whose outside program is missing."""
    for marker in item.iter_markers("outside"):
        for what in marker.args:
            if is_present(what):
                continue
            reason = f"{what} is not installed"
            if os.environ.get("REQUIRE_OUTSIDE") and (what not in WITH_WHEELS or has_wheels()):
                pytest.fail(f"{reason}, and REQUIRE_OUTSIDE is set", pytrace=False)
            pytest.skip(reason)
