"""Who looks: sessions, cookies, and which forms count."""

from __future__ import annotations

import hashlib

import pytest

from stoker.http import Request
from stoker.server.page.visitors import read_form, read_visitor, session_cookie, why_refused
from stoker.server.roles import Caller, Role
from stoker.server.sessions import LONGEST, Sessions

TOKEN = "a-token"
ALICE = Caller(Role.OPERATOR, "alice")


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def sessions(most: int = 10) -> Sessions:
    return Sessions({digest(TOKEN): ALICE}.get, most)


def test_a_token_opens_a_session_for_a_day_of_work() -> None:
    every = sessions()
    secret = every.open(TOKEN, 100)
    assert secret is not None
    assert every.find(secret, 100) == ALICE
    assert every.find(secret, 99 + LONGEST) == ALICE
    assert every.find(secret, 100 + LONGEST) is None
    assert every.find(secret + "x", 100) is None
    assert every.open("another", 100) is None
    assert every.open("\ud800", 100) is None
    every.close(secret)
    every.close(secret)
    assert every.find(secret, 100) is None


def test_a_session_ends_with_its_token() -> None:
    tokens = {digest(TOKEN): ALICE}
    every = Sessions(tokens.get)
    secret = every.open(TOKEN, 0)
    assert secret is not None
    tokens.clear()
    assert every.find(secret, 1) is None


def test_sessions_are_bounded_and_the_oldest_goes() -> None:
    every = sessions(most=2)
    first, second, third = (every.open(TOKEN, at) or "" for at in (1, 2, 3))
    assert len(every) == 2
    assert [every.find(secret, 4) for secret in (first, second, third)] == [None, ALICE, ALICE]
    every.open(TOKEN, 3 + LONGEST)
    assert len(every) == 1


def test_nothing_that_is_kept_opens_anything() -> None:
    every = sessions()
    secret = every.open(TOKEN, 0)
    assert secret is not None
    kept = repr(vars(every))
    assert secret not in kept
    assert TOKEN not in kept


COOKIES = [
    ("stoker_session={secret}", "operator", ""),
    ("a=b; stoker_session={secret}; c=d", "operator", ""),
    ("stoker_session={secret}x", "anyone", ""),
    ("xstoker_session={secret}", "anyone", ""),
    ("stoker_session=", "anyone", ""),
    ("stoker_theme=dark", "anyone", "dark"),
    ("stoker_theme=dark;stoker_session={secret}", "operator", "dark"),
    ('stoker_theme="><script>', "anyone", ""),
    ("x" * 10_000 + "; stoker_session={secret}", "anyone", ""),
    ("", "anyone", ""),
]


@pytest.mark.parametrize("cookie, role, theme", COOKIES, ids=[row[0][:40] for row in COOKIES])
def test_a_visitor_is_who_the_cookie_says(cookie: str, role: str, theme: str) -> None:
    every = sessions()
    secret = every.open(TOKEN, 0)
    visitor = read_visitor(Request("GET", "/ui/", headers={"cookie": cookie.format(secret=secret)}), every, 1)
    assert (visitor.caller.role, visitor.theme) == (role, theme)


SAME = {"sec-fetch-site": "same-origin", "origin": "http://stoker:8080", "host": "stoker:8080"}
OLD = {"origin": "http://stoker:8080", "host": "stoker:8080"}
FORMS = [
    ("a browser", SAME, True, ""),
    ("without TLS", OLD, True, ""),
    ("behind a proxy that speaks TLS", {"origin": "https://stoker", "host": "stoker"}, True, ""),
    ("no origin", {"sec-fetch-site": "same-origin", "host": "stoker"}, True, ""),
    ("another site", SAME | {"sec-fetch-site": "cross-site"}, True, "it came from another site"),
    ("a sister site", SAME | {"sec-fetch-site": "same-site"}, True, "it came from another site"),
    ("no site at all", SAME | {"sec-fetch-site": "none"}, True, "it came from another site"),
    ("behind a proxy that changes the host", SAME | {"host": "127.0.0.1:8080"}, True, ""),
    ("another origin", OLD | {"origin": "http://evil"}, True, "it came from another site, or a proxy"),
    ("a hidden origin", OLD | {"origin": "null"}, True, "it came from another site, or a proxy"),
    ("another port", OLD | {"origin": "http://stoker:80"}, True, "it came from another site, or a proxy"),
    ("a broken origin", OLD | {"origin": "http://[stoker"}, True, "it came from another site, or a proxy"),
    ("no browser", {"host": "stoker"}, True, "the browser does not say where it came from"),
    ("no key", SAME, False, "it is not one that this page has given to you"),
]


@pytest.mark.parametrize("_name, headers, has_key, reason", FORMS, ids=[row[0] for row in FORMS])
def test_which_forms_count(_name: str, headers: dict[str, str], has_key: bool, reason: str) -> None:
    every = sessions()
    request = Request("POST", "/ui/logout", headers={"cookie": "stoker_session=secret"} | headers)
    visitor = read_visitor(request, every, 1)
    form = {"key": visitor.form_key} if has_key else {"key": ""}
    assert why_refused(request, visitor, form)[: len(reason)] == reason
    assert bool(why_refused(request, visitor, form)) == bool(reason)


def test_the_key_of_one_visitor_is_not_that_of_another() -> None:
    every = sessions()
    assert every.form_key("a") != every.form_key("b")
    assert every.form_key("a") != sessions().form_key("a")


def test_a_visitor_without_a_cookie_has_no_key_that_fits() -> None:
    request = Request("POST", "/ui/logout", headers=SAME)
    assert why_refused(request, read_visitor(request, sessions(), 1), {"key": ""})


def test_cookies_are_out_of_reach_of_scripts_and_other_sites() -> None:
    rest = "Path=/ui/; Max-Age=43200; HttpOnly; SameSite=Strict"
    plain = Request("POST", "/ui/login", headers={"origin": "http://stoker"})
    assert session_cookie(plain, "s") == ("set-cookie", f"stoker_session=s; {rest}")
    secure = Request("POST", "/ui/login", headers={"origin": "https://stoker"})
    assert session_cookie(secure, "s") == ("set-cookie", f"stoker_session=s; {rest}; Secure")
    assert session_cookie(plain, "")[1].startswith("stoker_session=; Path=/ui/; Max-Age=0; ")


def test_a_form_is_read_as_a_browser_writes_it() -> None:
    body = b"labels=a%3Db%0D%0Ac+d&key=1&key=2&%zz=3"
    assert read_form(Request("POST", "/", body=body)) == {"labels": "a=b\r\nc d", "key": "2"}
    assert read_form(Request("POST", "/", body=b"\xff\x00=1")) == {"ÿ\x00": "1"}
