"""A site with real languages, secrets and a clock of its own, and a notebook of what was asked and answered."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from stoker.cli.sites import compile_config, explain_config, validate
from stoker.http import Request, Response
from stoker.server import Site
from stoker.server.behind import Behind
from stoker.server.native import Native
from stoker.server.roles import Role, TokenFile, add_token
from stoker.store import Change, Condition, Store, StoreUnavailableError
from stoker.trust import Secrets
from tests.server.conftest import until_served

IPXE = "iPXE/1.21.1"
CANARY = "canary-5e77-$6$hash"


class Movable:
    """A store that can be away; everything else is the real one's."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.is_away = False

    def commit(self, changes: Sequence[Change], conditions: Sequence[Condition] = ()) -> Mapping[str, str]:
        if self.is_away:
            raise StoreUnavailableError("the store is away")
        return self.store.commit(changes, conditions)

    def __getattr__(self, name: str) -> object:
        return getattr(self.store, name)


class Town:
    """Asks a site as machines and people do; `now` is what its clock says."""

    def __init__(self, root: Path, behind: Behind) -> None:
        self.root = root
        self.behind = behind
        self.later: Town | None = None
        self.now = 1000.0
        self.log: list[str] = []
        self.notebook: list[str] = []
        self.tokens: list[str] = []
        self.operator = add_token(root / "tokens", Role.OPERATOR, "ada")
        self.store = Movable(behind.store)
        self.face = Native(
            TokenFile(root / "tokens"),
            secrets=Secrets(root / "secrets", {"STOKER_SECRET_CORE": CANARY}),
            explain=explain_config,
        )
        self.site = Site(
            behind._replace(store=self.store),  # type: ignore[arg-type]  # what is not its own is the store's
            None,
            compile_config,
            self.log.append,
            validate=validate,
            face=self.face,
            clock=lambda: self.now,
        )
        self.site.wait_until_read(30)
        until_served(self.site, root / "data")

    def refresh(self) -> None:
        """Wait until the files are served as they are now."""
        until_served(self.site, self.root / "data")

    def again(self) -> Town:
        """Another server on the same store, once this one has stored what it knows."""
        self.close()
        self.later = Town(self.root, self.behind)
        return self.later

    def close(self) -> None:
        """End what is served, with everything stored."""
        self.store.is_away = False
        self.site.close(30)
        if self.later is not None:
            self.later.close()

    def ask(self, target: str, method: str = "GET", body: Any = None, **headers: str) -> Response:
        path, _, query = target.partition("?")
        data = b"" if body is None else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.site.answer(Request(method, path, query, named, data, "192.0.2.1:9", "r1"))

    def as_operator(self, target: str, method: str = "GET", body: Any = None) -> Any:
        response = self.ask(target, method, body, authorization=f"Bearer {self.operator}")
        assert response.status < 300, response.body
        return json.loads(text_of(response) or "null")

    def order(self, mac: str, action: str) -> None:
        self.as_operator(f"/api/v1/machines/{mac}/actions", "POST", {"action": action})
        self.notebook.append(f"{self.now:g}: ada orders: {action}\n")

    def boots(self, query: str) -> str:
        """Ask as iPXE; the token of the script, if it has one."""
        response = self.tell(f"/ipxe?{query}", "iPXE asks", user_agent=IPXE)
        found = re.search(r"^set token (\S+)$", text_of(response), re.MULTILINE)
        if found:
            self.tokens.append(found[1])
        self.notebook.append(self.hidden(text_of(response)))
        return found[1] if found else ""

    def fetches(self, query: str, accept: str = "") -> Response:
        """Ask for a config as Ignition."""
        headers = {"accept": accept} if accept else {}
        response = self.tell(f"/ignition?{query}", "Ignition asks", **headers)
        text = text_of(response)
        self.notebook.append(self.hidden(f"{json.loads(text)['detail']}\n" if response.status >= 400 else f"{text}\n"))
        return response

    def reports(self, mac: str, token: str, stage: str, **fields: Any) -> int:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        event = {"stage": stage, "text": fields.pop("text", stage), **fields}
        response = self.ask(f"/api/v1/machines/{mac}/events", "POST", event, **headers)
        who = "with its token" if token else "without a token"
        self.notebook.append(
            f"{self.now:g}: it reports {who}: {stage} {fields.get('outcome', 'done')}: {response.status}\n"
        )
        return response.status

    def tell(self, target: str, what: str, **headers: str) -> Response:
        response = self.ask(target, **headers)
        self.notebook.append(self.hidden(f"{self.now:g}: {what} {target}: {response.status}\n"))
        return response

    def machine(self, mac: str) -> Any:
        return self.as_operator(f"/api/v1/machines/{mac}")

    def timeline(self, mac: str) -> str:
        events = self.as_operator(f"/api/v1/machines/{mac}/events")["events"]
        return "".join(
            f"{event['at']:g} {event['stage']} {event.get('outcome', 'done')}: {event['text']}\n" for event in events
        )

    def story(self, mac: str) -> str:
        return "\n".join([*self.notebook, f"what is known of it: {self.machine(mac)['state']}\n{self.timeline(mac)}"])

    def hidden(self, text: str) -> str:
        for number, token in enumerate(self.tokens, 1):
            text = text.replace(token, f"TOKEN-{number}")
        return re.sub(r"(?m)^set token (?!TOKEN).*$", "set token TOKEN", text)


def text_of(response: Response) -> str:
    assert isinstance(response.body, bytes)
    return response.body.decode()


Open = Callable[[], Town]
