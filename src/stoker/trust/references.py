"""Secrets by reference: `secret://KIND/NAME` goes in, a Secret comes out of a file, the environment or a command.

    secret://file/db/password      DIRECTORY/db/password, without its last line end
    secret://env/DB                the variable STOKER_SECRET_DB
    secret://command/db/password   what COMMAND db/password MACHINE prints, without its last line end
    secret://request/NAME          what came with the request, such as a token

Where they come from is said by whoever runs the server; a reference only names one.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from stoker.trust.errors import SecretError
from stoker.trust.secrets import Secret

PREFIX: Final = "STOKER_SECRET_"
LARGEST: Final = 64 << 10  # bytes of a secret
COMMAND_SECONDS: Final = 10.0
REFERENCE: Final = re.compile(r"secret://([a-z]+)/([A-Za-z0-9_](?:[A-Za-z0-9_.:@/-]*[A-Za-z0-9_])?)")

Run = Callable[[Sequence[str]], bytes]


class Reference(NamedTuple):
    """The name of a secret."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"secret://{self.kind}/{self.name}"


class Secrets:
    """Where secrets come from: a directory, the environment, a command. What is None or empty gives none."""

    def __init__(
        self,
        directory: Path | None = None,
        environment: Mapping[str, str] | None = None,
        command: Sequence[str] = (),
        run: Run | None = None,
    ) -> None:
        """Take secrets from these; `run` runs a command and gives its output, by default as `system.commands` does."""
        self._directory = directory
        self._environment = environment or {}
        self._command = tuple(command)
        self._run = run or _run

    def resolve(self, reference: Reference, machine: str = "", given: Mapping[str, Secret] | None = None) -> Secret:
        """The secret of a reference for a machine; `given` are those that came with its request, by name.

        Raises SecretError.
        """
        match reference.kind:
            case "file":
                return _secret(self._of_file(reference.name))
            case "env":
                return self._of_environment(reference.name)
            case "command":
                return _secret(self._of_command(reference.name, machine))
            case "request":
                found = (given or {}).get(reference.name)
                if found is None:
                    raise SecretError(f"the request has no `{reference.name}`")
                return found
            case _:
                raise SecretError(f"there are no secrets of kind `{reference.kind}`: file, env, command, request")

    def _of_file(self, name: str) -> bytes:
        if self._directory is None:
            raise SecretError("no directory of secrets is named")
        if {"", ".", ".."} & set(name.split("/")):
            raise SecretError("its name leads out of the directory of secrets")
        root = self._directory.resolve()
        path = (root / name).resolve()
        if not path.is_relative_to(root):
            raise SecretError("its name leads out of the directory of secrets")
        try:
            with path.open("rb") as file:
                return file.read(LARGEST + 1)
        except OSError as error:
            raise SecretError(f"its file cannot be read: {os.strerror(error.errno or 0).lower()}") from None

    def _of_environment(self, name: str) -> Secret:
        value = self._environment.get(PREFIX + name)
        if value is None:
            raise SecretError(f"the variable `{PREFIX}{name}` is not set")
        return Secret(value)

    def _of_command(self, name: str, machine: str) -> bytes:
        if not self._command:
            raise SecretError("no command that gives secrets is named")
        return self._run((*self._command, name, machine))


def _secret(data: bytes) -> Secret:
    if len(data) > LARGEST:
        raise SecretError(f"it has more than {LARGEST} bytes")
    return Secret(data.removesuffix(b"\n").decode("utf-8", "surrogateescape"))


def _run(arguments: Sequence[str]) -> bytes:
    """Run a command. What it printed is in no fault: half of a secret is one, too."""
    from stoker.system import CommandFault, commands  # noqa: PLC0415 -- few servers have such a command

    try:
        return commands.run(arguments, seconds=COMMAND_SECONDS)
    except CommandFault as fault:
        status = fault.status
    how = f"exit status {status}" if status else f"it was ended, or gave no answer within {COMMAND_SECONDS:g} s"
    raise SecretError(f"the command that gives secrets failed: {how}")
