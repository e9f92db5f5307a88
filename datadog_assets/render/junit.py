"""Rehearsals as JUnit XML, which build servers show.

There is no standard; this is what Jenkins, GitLab and GitHub's report actions read alike:
https://github.com/testmoapp/junitxml
"""

import re
from collections.abc import Collection, Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from datadog_assets.rehearse.outcome import Outcome
from datadog_assets.render.hiding import hider
from datadog_assets.render.rehearsals import headline

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML cannot hold: https://www.w3.org/TR/xml/#charsets"""


def as_junit(outcomes: Sequence[Outcome], secrets: Collection[str] = frozenset()) -> str:
    """Give a test case for each rehearsal; a failure with its faults, and then with what was told to whom.

    Args:
        outcomes: in order.
        secrets: never shown.
    """
    hide = hider(secrets)
    failed = sum(1 for outcome in outcomes if outcome.faults)
    totals = {"tests": str(len(outcomes)), "failures": str(failed)}
    suites = Element("testsuites", totals)
    suite = SubElement(suites, "testsuite", {"name": "datadog-assets rehearse", **totals})
    for outcome in outcomes:
        place = {"file": _fit(outcome.mark.file), "line": str(outcome.mark.line)}
        name = _fit(hide(outcome.name))
        case = SubElement(suite, "testcase", {"name": name, "classname": "rehearsals", **place})
        if outcome.faults:
            told = [f"told: {headline(one)}" for one in outcome.notifications]
            lines = [_fit(hide(line)) for line in (*outcome.faults, *outcome.hints, *told)]
            SubElement(case, "failure", {"message": lines[0]}).text = "\n".join(lines)
    indent(suites)
    return tostring(suites, encoding="unicode", xml_declaration=True)


def _fit(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)
