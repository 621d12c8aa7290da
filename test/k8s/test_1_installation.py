"""What was installed from nothing is whole: every check of `make validate`, `helm test`, the page in a browser."""
import json
import subprocess

import pytest

from carillon import Api
from installation import script


def report_in(said):
    """The JSON; what else is said goes to the other stream, and may stand behind it."""
    return json.JSONDecoder().raw_decode(said, said.index("{"))[0]


@pytest.mark.timeout(600)
def test_make_validate_passes_to_its_end(installation, row):
    passed, said = script("validate-phase-v.sh", "--json", "--url", installation.url)
    report = report_in(said)
    failures = [c for c in report["checks"] if c["result"] != "ok"]
    assert passed and not failures, failures
    assert {"dapr", "kafka", "carillon", "user"} <= {c["part"] for c in report["checks"]}
    assert report["checks"][-1]["check"] == "the audit log has all of it, in order", "the story went to its end"
    row("make validate", f"{report['passed']} checks passed, {report['failed']} failed")


@pytest.mark.timeout(600)
def test_make_validate_fails_where_something_does():
    passed, said = script("validate-phase-v.sh", "--json", "--url", "http://127.0.0.1:9")
    report = report_in(said)
    failures = [c["check"] for c in report["checks"] if c["result"] != "ok"]
    assert not passed and failures == ["the page loads", "an account is made"] and report["failed"] == 2


@pytest.mark.timeout(180)
def test_helm_test_passes(installation):
    assert "Phase:          Succeeded" in installation.helm("test", installation.release)


CALENDAR = """BEGIN:VCALENDAR\r
VERSION:2.0\r
BEGIN:VTODO\r
UID:one@example.org\r
SUMMARY:Pay rent\r
DUE:20990131T090000Z\r
RRULE:FREQ=MONTHLY;BYDAY=-1FR\r
END:VTODO\r
BEGIN:VTODO\r
UID:two@example.org\r
SUMMARY:Hebrew birthday\r
DUE:20990131T090000Z\r
RRULE:RSCALE=HEBREW;FREQ=YEARLY;BYMONTH=5L;BYMONTHDAY=8;SKIP=FORWARD\r
END:VTODO\r
END:VCALENDAR\r
"""


def test_calendars_go_in_and_out_without_the_data_of_icu(installation):
    user = Api(installation).signed_up()
    answer = user.post("/api/import", 200, content=CALENDAR.encode(), headers={"Content-Type": "text/calendar"}).json()
    assert answer["added"] == 2 and [p["line"] for p in answer["problems"]] == [9], answer
    written = user.get("/api/export", 200, params={"format": "ical"}).text
    assert "RRULE:FREQ=MONTHLY;BYDAY=-1FR" in written and "Hebrew birthday" in written


def drawn(url, profile):
    done = subprocess.run(["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}", "--virtual-time-budget=10000",
                           "--dump-dom", url], capture_output=True, text=True, timeout=90, check=True)
    return done.stdout


def test_the_page_is_drawn_by_a_browser_through_the_node_port(installation, tmp_path):
    assert 'type="password"' in drawn(installation.url, tmp_path), "the sign-in form is made by the page's own script"
