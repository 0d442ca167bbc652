"""The page in a real browser, headless, with the real server on loopback: what a person sees, types and clicks.

Pictures of what one sees are left in the directory that PYTEST_PICTURES names, else with the other temporary files.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.page.browser import Browser, BrowserError, browser, why_not
from tests.server.page.served import OPERATOR, Served, mac

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not())

ROWS = "[...document.querySelectorAll('a.row')].map((row) => row.textContent)"
STATES = "[...document.querySelectorAll('tbody .state')].map((state) => state.textContent)"
FOCUS = "document.activeElement.textContent"
HOSTILE = "<img src=x onerror=hacked=1><script>hacked=1</script>\x1b[31m\u202e"

# The least contrast between a text and what is behind it, over all texts (WCAG 2.2, 1.4.3), and the text that has it.
CONTRAST = """(() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const bytes = (colour) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = (colour) => {
    const [red, green, blue] = colour.map((byte) => byte / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const colour = bytes(getComputedStyle(each).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return bytes("white");
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let worst = [21, ""];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.nodeValue.trim() || !element.checkVisibility({ visibilityProperty: true })) continue;
    const both = [light(bytes(getComputedStyle(element).color)), light(behind(element))].sort((a, b) => b - a);
    const contrast = (both[0] + 0.05) / (both[1] + 0.05);
    if (contrast < worst[0]) worst = [contrast, node.nodeValue.trim()];
  }
  return worst;
})()"""


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    named = os.environ.get("PYTEST_PICTURES")
    if named:
        Path(named).mkdir(parents=True, exist_ok=True)
    return Path(named) if named else tmp_path_factory.mktemp("pictures")


@pytest.fixture(scope="module")
def everyone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("browser")) as tab:
        yield tab


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with Served(tmp_path) as server:
        yield server


@pytest.fixture
def tab(everyone: Browser) -> Iterator[Browser]:
    """A tab of somebody who is not logged in; nothing of the page may complain of anything."""
    everyone.do("Network.clearBrowserCookies")
    everyone.do("Emulation.setScriptExecutionDisabled", value=False)
    everyone.size(1280, 860)
    everyone.prefer("light")
    everyone.complaints.clear()
    yield everyone
    assert everyone.complaints == []
    everyone.go("about:blank")


def enter(tab: Browser, served: Served, token: str) -> None:
    """Type a token into the form of the login, which has the focus without a click."""
    tab.go(f"{served.address}/ui/login")
    tab.wait("document.activeElement.id", lambda focused: focused == "token")
    tab.write(token)
    tab.events.clear()
    tab.press("Enter")
    tab.wait_for_load()


def log_in(tab: Browser, served: Served) -> None:
    enter(tab, served, OPERATOR)


def test_who_is_not_logged_in_sees_states(tab: Browser, served: Served, pictures: Path) -> None:
    served.boot(1, "web-1", "up")
    served.boot(2, "web-2", "failed")
    tab.go(served.address + "/")
    assert tab.evaluate("location.pathname") == "/ui/"
    assert tab.evaluate(STATES) == ["failed", "up"]
    assert tab.evaluate(ROWS) == [mac(2), mac(1)]
    text = tab.evaluate("document.documentElement.outerHTML")
    assert [word for word in ("web-1", "flatcar", "rack", "nginx.conf") if word in text] == []
    tab.picture(pictures / "nobody.png")
    tab.go(f"{served.address}/ui/groups")
    assert tab.evaluate("location.pathname + location.search") == "/ui/login?next=/ui/groups"


def test_a_screen_reader_is_told_what_is_what(tab: Browser, served: Served) -> None:
    served.boot(1, "web-1", "up")
    log_in(tab, served)
    told = tab.tree()
    for row in (
        ("banner", ""),
        ("navigation", "Sections"),
        ("navigation", "States"),
        ("search", ""),
        ("main", ""),
        ("heading", "Machines"),
        ("searchbox", "Search machines"),
        ("columnheader", "State"),
        ("rowheader", f"web-1.example.org {mac(1)}"),
        ("link", "Skip to the content"),
        ("button", "Log out"),
        ("button", "Keyboard shortcuts"),
    ):
        assert row in told, [each for each in told if each[0] not in {"StaticText", "InlineTextBox", "generic"}]
    assert ("table", "Machines, 1 to 1 of 1") in told
    assert [row for row in told if row[0] in {"link", "button", "searchbox", "textbox"} and not row[1]] == []


def test_a_row_changes_by_itself(tab: Browser, served: Served) -> None:
    served.boot(1, "web-1", "provisioning")
    served.boot(2, "web-2", "up")
    log_in(tab, served)
    tab.wait("document.querySelector('#live').textContent", lambda text: text == "live")
    tab.evaluate("window.same = document.querySelector('tbody tr'), null")
    assert tab.evaluate(STATES) == ["provisioning", "up"]
    served.tell(1, "up", "up and running")
    tab.wait(STATES, lambda states: states == ["up", "up"])
    served.tell(2, "files", "write file `/etc/nginx.conf`", "failed")
    tab.wait(ROWS, lambda rows: rows == ["web-2.example.org", "web-1.example.org"])
    served.boot(3, "web-3", "provisioning")
    tab.wait(STATES, lambda states: states == ["failed", "provisioning", "up"])
    assert tab.evaluate("window.same === document.querySelector('tbody tr:last-child')")


def test_search_as_one_types(tab: Browser, served: Served) -> None:
    for number, name in enumerate(("web-1", "web-2", "db-1"), 1):
        served.boot(number, name, "up")
    log_in(tab, served)
    tab.press("/")
    tab.write("web rack=r2")
    tab.wait(ROWS, lambda rows: rows == ["web-2.example.org"])
    assert tab.evaluate("location.search") == "?q=web+rack%3Dr2"
    assert tab.evaluate("document.querySelector('#search').value") == "web rack=r2"
    tab.press("Escape")
    tab.wait(ROWS, lambda rows: len(rows) == 3)
    tab.follow("a.chip.up")
    assert tab.evaluate("location.search") == "?state=up"


def test_keys(tab: Browser, served: Served, pictures: Path) -> None:
    for number in (1, 2, 3):
        served.boot(number, f"web-{number}", "up")
    log_in(tab, served)
    for key, focused in (("j", 1), ("j", 2), ("j", 3), ("j", 3), ("k", 2)):
        tab.press(key)
        assert tab.evaluate(FOCUS) == f"web-{focused}.example.org"
    tab.press("?")
    assert tab.evaluate("document.querySelector('#help').open")
    tab.picture(pictures / "help.png")
    tab.press("j")
    tab.press("Escape")
    assert not tab.evaluate("document.querySelector('#help').open")
    assert tab.evaluate(FOCUS) == "web-2.example.org"
    tab.events.clear()
    tab.press("Enter")
    tab.wait_for_load()
    assert tab.evaluate("document.querySelector('h1').textContent") == "web-2.example.org"
    tab.events.clear()
    tab.press("u")
    tab.wait_for_load()
    assert tab.evaluate("location.pathname") == "/ui/"


def test_an_order_is_asked_back_and_carried_out(tab: Browser, served: Served) -> None:
    served.boot(1, "web-1", "up")
    log_in(tab, served)
    tab.follow("a.row")
    tab.follow("a.button[href$=retire]")
    assert tab.evaluate("document.querySelector('h1').textContent") == "Retire web-1.example.org?"
    tab.follow("form.confirm button")
    assert tab.evaluate("document.querySelector('.bar .state').textContent") == "retired"
    assert "by operator" in tab.evaluate("document.querySelector('.timeline').textContent")
    tab.follow("form[action='/ui/logout'] button")
    assert tab.evaluate("location.pathname") == "/ui/"
    assert tab.evaluate("document.querySelector('.tools .button').textContent") == "Log in"


def test_a_wrong_token_is_said_to_be_wrong(tab: Browser, served: Served) -> None:
    enter(tab, served, "not-a-token")
    assert tab.evaluate("document.querySelector('[role=alert]').textContent") == "No: nobody has this token."
    assert tab.complaints.pop().startswith("Failed to load resource: the server responded with a status of 403")


def test_a_machine_that_failed(tab: Browser, served: Served, pictures: Path) -> None:
    served.boot(1, "web-1", "failed")
    log_in(tab, served)
    tab.follow("a.row")
    assert "write file" in tab.evaluate("document.querySelector('.failure').textContent")
    assert tab.evaluate("document.querySelector('.failure .place').textContent") == "ignition/web.bu:14"
    assert tab.evaluate("document.querySelector('.timeline details').open") is False
    assert "op(1)" in tab.evaluate("document.querySelector('.timeline pre').textContent")
    tab.picture(pictures / "machine.png", whole=True)
    tab.prefer("dark")
    tab.picture(pictures / "machine-dark.png", whole=True)
    tab.follow(".failure .place a")
    assert (
        tab.evaluate("document.querySelector('li:target code').textContent.trim()") == "- path: /etc/nginx/nginx.conf"
    )


PAGES = ("/ui/", "/ui/login", f"/ui/machines/{mac(1)}", "/ui/groups", "/ui/groups/web", "/ui/profiles")
PAGES += ("/ui/profiles/flatcar", "/ui/templates", "/ui/templates/ignition/web.bu", "/ui/templates/ignition/bad.bu")
PAGES += (f"/ui/machines/{mac(1)}/retire", f"/ui/machines/{mac(1)}/labels")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_can_be_read_in_light_and_dark_and_on_a_telephone(
    tab: Browser, served: Served, pictures: Path, scheme: str
) -> None:
    served.boot(1, "web-1", "failed")
    served.boot(2, "web-2", "up")
    log_in(tab, served)
    tab.prefer(scheme)
    for path in PAGES:
        name = path.strip("/").replace("/", "-").replace(":", "")
        for width, height, kind in ((1280, 860, "wide"), (390, 844, "narrow")):
            tab.size(width, height)
            tab.go(served.address + path)
            contrast, text = tab.evaluate(CONTRAST)
            assert contrast >= 4.5, f"{path}: {text!r} has a contrast of {contrast:.2f}"
            assert tab.evaluate("document.scrollingElement.scrollWidth <= innerWidth"), path
            tab.picture(pictures / f"{name}-{kind}-{scheme}.png", whole=True)


def test_colours_are_the_systems_or_chosen(tab: Browser, served: Served) -> None:
    tab.go(f"{served.address}/ui/")
    paper = "getComputedStyle(document.documentElement).backgroundColor"
    light = tab.evaluate(paper)
    tab.prefer("dark")
    dark = tab.evaluate(paper)
    assert light != dark
    tab.click("#theme")
    assert tab.evaluate(paper) == light
    tab.go(f"{served.address}/ui/login")
    assert (tab.evaluate(paper), tab.evaluate("document.querySelector('#theme').textContent")) == (light, "◐ Light")
    tab.prefer("light")
    tab.click("#theme")
    assert tab.evaluate(paper) == dark
    tab.click("#theme")
    assert tab.evaluate(paper) == light
    assert tab.evaluate("document.cookie") == ""


def test_what_machines_say_is_text(tab: Browser, served: Served) -> None:
    served.boot(1, HOSTILE, "provisioning", rack=HOSTILE, long="x" * 10_000)
    served.tell(1, "files", HOSTILE * 10, "failed")
    served.tell(1, "<b>", "\x1b[2J" * 400)
    log_in(tab, served)
    machine = f"/ui/machines/{mac(1)}"
    for path in ("/ui/", machine, f"{machine}/labels", "/ui/?q=%3Cscript%3Ehacked=1%3C/script%3E"):
        tab.go(served.address + path)
        assert tab.evaluate("typeof hacked") == "undefined"
        assert tab.evaluate("document.querySelectorAll('main img, main script').length") == 0
        assert "\x1b" not in tab.evaluate("document.body.textContent")
        assert tab.evaluate("document.scrollingElement.scrollWidth <= innerWidth"), path


def test_without_scripts_it_is_links_and_forms(tab: Browser, served: Served) -> None:
    for number, state in ((1, "up"), (2, "failed")):
        served.boot(number, f"web-{number}", state)
    tab.do("Emulation.setScriptExecutionDisabled", value=True)
    enter(tab, served, OPERATOR)
    assert tab.evaluate(ROWS) == ["web-2.example.org", "web-1.example.org"]
    tab.follow("a.chip.up")
    assert tab.evaluate(ROWS) == ["web-1.example.org"]
    tab.follow("thead a")
    assert tab.evaluate("location.search") == "?state=up&sort=-state"
    tab.evaluate("document.querySelector('#search').value = 'web'")
    tab.follow(".search button")
    assert tab.evaluate("location.search") == "?q=web&state=up&sort=-state"
    tab.follow("a.row")
    tab.follow("a.button[href$=retire]")
    tab.follow("form.confirm button")
    assert tab.evaluate("document.querySelector('.bar .state').textContent") == "retired"


def test_it_says_when_it_is_cut_off_and_finds_back(tab: Browser, served: Served) -> None:
    served.boot(1, "web-1", "provisioning")
    tab.go(f"{served.address}/ui/")
    live = "document.querySelector('#live').textContent"
    tab.wait(live, lambda text: text == "live")
    served.stop()
    tab.wait(live, lambda text: text.startswith("cut off since ") and text.endswith(" UTC, trying again"))
    assert tab.evaluate(STATES) == ["provisioning"]
    served.start()
    served.tell(1, "up", "up and running")
    tab.wait(live, lambda text: text == "live")
    tab.wait(STATES, lambda states: states == ["up"])
    assert all("Failed to load resource: net::ERR" in complaint for complaint in tab.complaints)
    tab.complaints.clear()


TAKEN_BACK = [("/ui/", "/ui/"), ("/ui/groups", "/ui/login?next=/ui/groups")]


@pytest.mark.parametrize("path, after", TAKEN_BACK, ids=["states", "files"])
def test_what_is_open_is_nobodys_page_once_the_token_is_taken_back(
    tab: Browser, served: Served, path: str, after: str
) -> None:
    served.boot(1, "web-1", "up")
    log_in(tab, served)
    tab.go(served.address + path)
    tab.wait("document.querySelector('#live').textContent", lambda text: text == "live")
    (served.root / "tokens").write_text("")
    for number in range(2000):  # the server looks at its tokens once a second, the page whenever something happens
        event = {"stage": "up", "text": f"up and running {number}"}
        served.ask("POST", f"/api/v1/machines/{mac(1)}/events", event)  # with no token: the one there was is gone
        if tab.wait("document.querySelector('.tools .button, .who').textContent") == "Log in":
            break
    assert tab.wait("location.pathname + location.search") == after
    assert "web-1" not in tab.evaluate("document.documentElement.outerHTML")


def test_over_tls(tab: Browser, tmp_path: Path, certificates: Path) -> None:
    with Served(tmp_path, certificates=certificates) as served:
        tab.go(f"{served.address}/ui/")
        tab.click("#theme")
        log_in(tab, served)
        assert tab.evaluate("document.querySelector('.who b').textContent") == "operator"
        assert tab.evaluate("document.documentElement.dataset.theme") == "light"
        cookies = tab.do("Network.getCookies", urls=[f"{served.address}/ui/"])["cookies"]
        kept = {cookie["name"]: (cookie["httpOnly"], cookie["secure"], cookie["sameSite"]) for cookie in cookies}
        assert kept["stoker_session"] == (True, True, "Strict")
        tab.wait("document.querySelector('#live').textContent", lambda text: text == "live")


def test_2000_machines(tab: Browser, served: Served, pictures: Path) -> None:
    served.boot_many(2000)
    log_in(tab, served)
    assert tab.evaluate("document.querySelector('.chip b').textContent") == "2,000"
    assert len(tab.evaluate(ROWS)) == 100
    assert tab.evaluate("document.querySelectorAll('*').length") < 3000
    tab.do("Network.setCacheDisabled", cacheDisabled=True)
    tab.go(f"{served.address}/ui/")
    entries = "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]"
    sizes = tab.evaluate(f"{entries}.map((entry) => [entry.name, entry.transferSize])")
    tab.do("Network.setCacheDisabled", cacheDisabled=False)
    assert sum(size for _, size in sizes) < 60_000, sizes
    tab.picture(pictures / "2000.png")
    tab.evaluate(
        "window.moved = 0, new MutationObserver((found) => {"
        " moved += found.flatMap((each) => [...each.addedNodes]).filter((node) => node.nodeName === 'TR').length; })"
        ".observe(document.querySelector('tbody'), {childList: true}), null"
    )
    served.tell(7, "files", "write file", "failed")
    tab.wait(STATES, lambda states: states[0] == "failed")
    assert tab.evaluate("moved") == 1
    tab.follow("a[rel=next]")
    assert tab.evaluate("location.search") == "?page=2"
    (pictures / "sizes.json").write_text(json.dumps(sizes))


FORBIDDEN = [
    "document.body.innerHTML = '<b>x</b>'",
    "{ const script = document.createElement('script'); script.src = '/ui/files/x.js'; }",
]


@pytest.mark.parametrize("code", FORBIDDEN, ids=["html", "script"])
def test_the_policy_stops_what_the_page_never_does(tab: Browser, served: Served, code: str) -> None:
    """What the other tests rely on, too: the browser complains, and that is heard of."""
    tab.go(f"{served.address}/ui/")
    with pytest.raises(BrowserError):
        tab.evaluate(code)
    tab.complaints.clear()
