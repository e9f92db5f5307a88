"""The relay's own log."""

import json
import subprocess
import sys

CODE = """
import logging
from relay.logs import log_to_stderr
log_to_stderr({form!r})
log = logging.getLogger("relay.serve")
log.info("Taking %s on\\n%s", "events", "é")
logging.getLogger("some.library").info("not shown")
try:
    1 / 0
except ZeroDivisionError:
    log.exception("A fault.")
"""


def logged(form: str) -> list[str]:
    told = subprocess.run(
        [sys.executable, "-c", CODE.format(form=form)], capture_output=True, text=True, check=True
    )
    assert told.stdout == ""
    return told.stderr.splitlines()


def test_as_json_each_line_is_an_object_with_the_names_that_datadog_reads() -> None:
    first, second = (json.loads(line) for line in logged("json"))
    assert first["message"] == "Taking events on\né"
    assert (first["status"], first["logger.name"]) == ("info", "relay.serve")
    assert first["timestamp"].endswith("+00:00")
    assert second["status"] == "error"
    assert "ZeroDivisionError" in second["error.stack"]


def test_as_text_a_line_begins_with_its_time_and_level() -> None:
    first, *_ = logged("text")
    assert first.split(" ", 2)[2] == "INFO relay.serve: Taking events on"
