"""The page out of the executable: compressed ahead, cached as its names allow, closed to what it does not need."""
import gzip
import re

import httpx
import pytest


@pytest.fixture
def get(server):
    def call(path, expect=200, **headers):
        answer = httpx.get(server.url + path, headers={"Accept-Encoding": "identity", **headers})
        assert answer.status_code == expect, answer.text[:200]
        return answer
    return call


@pytest.mark.parametrize("path", ["/", "/todos", "/todos/7", "/activity", "/chat", "/settings", "/settings/look", "/sign-in", "/sign-up"])
def test_every_address_of_the_page_answers_it(get, path):
    answer = get(path)
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.content == get("/").content


def test_the_page_is_closed_to_what_it_does_not_need(get):
    headers = get("/").headers
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'self'" and policy["frame-ancestors"] == "'none'" and policy["base-uri"] == "'none'"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert {"camera=()", "geolocation=()", "microphone=()"} <= set(headers["Permissions-Policy"].split(", "))
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert not re.search(r"<script(?![^>]*src=)|<style|\son\w+=", get("/").text), "nothing inline"


@pytest.mark.parametrize("coding", ["identity", "gzip", "br"])
def test_the_page_is_asked_for_again_and_not_sent_again(get, coding):
    first = get("/", **{"Accept-Encoding": coding})
    assert first.headers["Cache-Control"] == "no-cache"
    assert first.headers.get("Content-Encoding", "identity") == coding
    tag = first.headers["ETag"]
    again = get("/todos", 304, **{"Accept-Encoding": coding, "If-None-Match": f'"other", W/{tag}'})
    assert again.content == b"" and again.headers["ETag"] == tag
    assert again.headers["Content-Security-Policy"] == first.headers["Content-Security-Policy"]
    get("/", 200, **{"Accept-Encoding": coding, "If-None-Match": '"other"'})


def test_each_encoding_has_its_own_tag(get):
    tags = {get("/", **{"Accept-Encoding": coding}).headers["ETag"] for coding in ("identity", "gzip", "br")}
    assert len(tags) == 3
    assert get("/", **{"Accept-Encoding": "gzip"}).headers["Vary"] == "Accept-Encoding"
    get("/", 200, **{"Accept-Encoding": "gzip", "If-None-Match": get("/").headers["ETag"]})


def test_hashed_names_are_kept_for_a_year_and_come_compressed(get, server):
    names = re.findall(r'(?:src|href)="(/assets/[^"]+)"', get("/").text)
    assert {name.rsplit(".", 1)[1] for name in names} == {"js", "css", "woff2"}
    for name in names:
        plain = get(name)
        assert plain.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        if name.endswith(".woff2"):
            continue  # compressed in itself
        with httpx.stream("GET", server.url + name, headers={"Accept-Encoding": "gzip"}) as answer:
            assert answer.headers["Content-Encoding"] == "gzip"
            assert gzip.decompress(b"".join(answer.iter_raw())) == plain.content
        refused = get(name, **{"Accept-Encoding": "gzip;q=0, br;q=0"})
        assert "Content-Encoding" not in refused.headers and refused.content == plain.content


@pytest.mark.parametrize("path", ["/assets/none.js", "/assets/index-.css", "/todos/7/more", "/favicon.txt"])
def test_there_is_nothing_else(get, path):
    assert get(path, 404).headers["Content-Type"] == "application/problem+json"


def test_an_address_that_is_nobodys_shows_people_the_page(get, server):
    browser = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
    page = get("/")
    for path in ("/nowhere", "/todos/7/more", "/nowhere?a=b"):
        answer = get(path, 404, **browser)
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert answer.content == page.content
        assert answer.headers["Content-Security-Policy"] == page.headers["Content-Security-Policy"]
        assert "Accept" in answer.headers.get_list("Vary", split_commas=True)
        get(path, 404, **browser, **{"If-None-Match": page.headers["ETag"]})
    head = httpx.head(server.url + "/nowhere", headers=browser)
    assert head.status_code == 404 and head.headers["Content-Type"] == "text/html; charset=utf-8"
    for answer in (get("/api/nowhere", 404, **browser), get("/nowhere", 404, Accept="text/html;q=0, */*"), httpx.post(server.url + "/nowhere", headers=browser)):
        assert answer.status_code == 404 and answer.headers["Content-Type"] == "application/problem+json"
