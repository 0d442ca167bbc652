"""The verb `token`: let somebody in. The new token goes to stdout once; the server's file keeps only its digest."""

from __future__ import annotations

import argparse
from pathlib import Path

from stoker.cli.exits import Exit, UsageError
from stoker.cli.streams import talk, write_data


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    parser.add_argument("role", choices=("operator", "viewer", "machine"), help="what it opens: docs/operation.md")
    parser.add_argument("name", metavar="NAME", help="whose it is; of a machine its UUID or MAC")
    parser.add_argument(
        "--token-file",
        metavar="FILE",
        default="/etc/stoker/tokens",
        help="the server's, /etc/stoker/tokens by default; made when missing",
    )


def run(arguments: argparse.Namespace) -> int:
    """Make a token and let the server know its digest."""
    from stoker.server.roles import Role, add_token, canonical_name  # noqa: PLC0415 -- not needed for help

    role, name = Role(arguments.role), arguments.name
    if canonical_name(role, name) is None:
        raise UsageError(f"token: `{name}` names no machine", hint="a machine is named by its UUID or its MAC")
    if len(name) > 100 or not name.isprintable() or " " in name or not name:
        raise UsageError(f"token: `{name}` cannot be a name", hint="one word of at most 100 characters")
    token = add_token(Path(arguments.token_file), role, name)
    write_data(f"{token}\n".encode())
    talk(f"`{arguments.token_file}` has it as {role} `{name}`; it is shown this once\n")
    return Exit.FINE
