"""Our own events and those of libraries end as lines of one shape on standard output."""

import io
import logging
import logging.config

import pytest
import structlog
from django.conf import settings

from mailtrap_site.logs import logging_settings


@pytest.fixture(autouse=True)
def own_logging():
    logging.config.dictConfig(logging_settings("INFO"))
    yield
    logging.config.dictConfig(logging_settings(settings.ENVIRONMENT.log_level))


def test_an_event_is_one_line_of_pairs(capsys):
    structlog.get_logger("sending.example").info("accepted", account=7, reply='say "hello"\nagain')
    [line] = capsys.readouterr().out.splitlines()
    assert line.startswith("timestamp=")
    assert r'level=info logger=sending.example event=accepted account=7 reply="say \"hello\"\nagain"' in line


def test_what_is_below_the_level_is_left_out(capsys):
    structlog.get_logger("sending.example").debug("noise")
    logging.getLogger("library").debug("noise")
    assert capsys.readouterr().out == ""


def test_a_traceback_stays_on_its_line(capsys):
    try:
        raise ValueError("broken")
    except ValueError:
        structlog.get_logger("sending.example").exception("failed")
    [line] = capsys.readouterr().out.splitlines()
    assert "event=failed" in line
    assert "ValueError: broken" in line


def test_libraries_write_the_same_shape():
    record = logging.makeLogRecord(
        {"name": "library", "levelno": logging.WARNING, "levelname": "WARNING", "msg": "odd"}
    )
    handler = next(one for one in logging.getLogger().handlers if type(one) is logging.StreamHandler)
    assert "level=warning logger=library event=odd" in handler.format(record)


class Broken(io.TextIOWrapper):
    """An output whose reader is gone."""

    def flush(self):
        raise BrokenPipeError


def closed():
    output = io.StringIO()
    output.close()
    return output


@pytest.mark.parametrize("output", [Broken(io.BytesIO()), closed()])
def test_a_line_that_cannot_be_written_is_no_fault_of_who_logs(monkeypatch, output):
    monkeypatch.setattr("sys.stdout", output)
    structlog.get_logger("sending.example").info("accepted")


def test_a_line_beyond_the_outputs_character_set_is_written_escaped(monkeypatch):
    output = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr("sys.stdout", output)
    structlog.get_logger("sending.example").info("accepted", domain="mü\ud800ller.test")
    assert rb"m\xfc\ud800ller.test" in output.buffer.getvalue()
