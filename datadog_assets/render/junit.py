"""Rehearsals as JUnit XML, which build servers show.

There is no standard; this is what Jenkins, GitLab and GitHub's report actions read alike:
https://github.com/testmoapp/junitxml
"""

import re
from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from datadog_assets.rehearse.run import Outcome

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML cannot hold: https://www.w3.org/TR/xml/#charsets"""


def as_junit(outcomes: Sequence[Outcome]) -> str:
    """Give a test case for each rehearsal."""
    failed = sum(1 for outcome in outcomes if outcome.faults)
    totals = {"tests": str(len(outcomes)), "failures": str(failed)}
    suites = Element("testsuites", totals)
    suite = SubElement(suites, "testsuite", {"name": "datadog-assets rehearse", **totals})
    for outcome in outcomes:
        place = {"file": _fit(outcome.mark.file), "line": str(outcome.mark.line)}
        case = SubElement(suite, "testcase", {"name": _fit(outcome.name), "classname": "rehearsals", **place})
        if outcome.faults:
            faults = [_fit(fault) for fault in outcome.faults]
            SubElement(case, "failure", {"message": faults[0]}).text = "\n".join(faults)
    indent(suites)
    return tostring(suites, encoding="unicode", xml_declaration=True)


def _fit(text: str) -> str:
    return _NO_XML.sub("�", text)
