"""The program: a list of arguments comes in, one verb or applet is imported and run, an exit code goes out.

It looks at its own name first (a link called `butane` is Butane), then at its first word. What is not needed for
the word at hand is not imported: argparse belongs to the verbs, applets do without.
"""

from __future__ import annotations

import gc
import importlib
import os
import sys
from collections.abc import Sequence
from types import ModuleType

from stoker import __version__
from stoker.cli.exits import PROGRAM, CommandError, Exit, UsageError, complaint
from stoker.cli.streams import silence_stdout, talk, write_data
from stoker.cli.verbs import APPLETS, VERBS, Applet, Verb


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; `arguments` begins with the program's name and is the process's own by default."""
    command = list(sys.argv if arguments is None else arguments)
    try:
        code = _dispatch(command[0].rpartition("/")[2], command[1:])
    except CommandError as error:
        talk(complaint(error))
        return error.code
    except BrokenPipeError:
        silence_stdout()
        return Exit.BROKEN_PIPE
    except OSError as error:
        silence_stdout()
        talk(complaint(error))
        return Exit.FINDINGS
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    return code


def _dispatch(name: str, words: list[str]) -> int:
    if name in APPLETS:
        return _run_applet(APPLETS[name], words, name)
    word, rest = (words[0], words[1:]) if words else ("", [])
    if word in APPLETS:
        return _run_applet(APPLETS[word], rest, f"{PROGRAM} {word}")
    if word in VERBS:
        return _run_verb(VERBS[word], rest)
    if word in {"-h", "--help"}:
        write_data(_help().encode())
        return Exit.FINE
    if word == "--version":
        write_data(f"{PROGRAM} {__version__}\n".encode())
        return Exit.FINE
    raise _unknown(word)


def _run_applet(applet: Applet, words: list[str], program: str) -> int:
    code: int = _load(applet.module).run(words, program)
    return code


def _run_verb(verb: Verb, words: list[str]) -> int:
    from stoker.cli.parser import build_parser, words_of_environment  # noqa: PLC0415 -- only verbs pay for argparse

    module = _load(verb.module)
    parser = build_parser(verb, module.add_arguments)
    arguments = parser.parse_args([*words_of_environment(parser, os.environ), *words])
    from stoker.cli.endings import heeding_ends  # noqa: PLC0415 -- applets end as their originals do

    with heeding_ends():
        code: int = module.run(arguments)
    return code


def _load(name: str) -> ModuleType:
    """Import unwatched by the garbage collector: what modules define stays, and looking it over costs 3 ms."""
    gc.disable()
    try:
        return importlib.import_module(name)
    finally:
        gc.freeze()
        gc.enable()


def _unknown(word: str) -> UsageError:
    if not word:
        return UsageError("what shall be done?", hint=f"`{PROGRAM} --help` lists the verbs")
    from stoker.cli.guesses import guess  # noqa: PLC0415 -- only a mistake pays for difflib

    kind = "option" if word.startswith("-") else "verb"
    meant = guess(word, ["--help", "--version", *VERBS, *APPLETS])
    hint = f"did you mean `{PROGRAM} {meant}`?" if meant else f"`{PROGRAM} --help` lists the verbs"
    return UsageError(f"there is no {kind} `{word}`", hint=hint)


def _help() -> str:
    lines = [f"Usage: {PROGRAM} VERB [ARGUMENT...]", ""]
    width = max(map(len, [*VERBS, *APPLETS]))
    for group in dict.fromkeys(verb.group for verb in VERBS.values()):
        rows = [f"  {verb.name:{width}}  {verb.summary}" for verb in VERBS.values() if verb.group == group]
        lines += [f"{group}:", *rows, ""]
    lines += ["Commands of other projects, also by a link of that name:"]
    lines += [f"  {applet.name:{width}}  {applet.summary}" for applet in APPLETS.values()]
    lines += ["", f"`{PROGRAM} VERB --help` says more, with an example.", ""]
    return "\n".join(lines)
