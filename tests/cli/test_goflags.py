"""Command lines in both of Go's dialects."""

from __future__ import annotations

import pytest

from stoker.cli.goflags import Flag, describe_flags, describe_pflags, parse_flags, parse_pflags

FLAGS = (
    Flag("check", False, "only look", short="c"),
    Flag("color", "auto", "when to color", bare="always"),
    Flag("colour", "auto", "when to color", bare="always", alias_of="color", is_hidden=True),
    Flag("files-dir", "", "where files are", short="d"),
    Flag("input", "", "what to read", deprecated="name the file"),
    Flag("pretty", False, "indent", short="p"),
)

# arguments -> the values that are not the default, and the positionals
READ = {
    "nothing": ([], {}, []),
    "long bool": (["--pretty"], {"pretty": True}, []),
    "long bool with value": (["--pretty=true"], {"pretty": True}, []),
    "the last one counts": (["--pretty", "--pretty=F"], {}, []),
    "a bool takes no next word": (["--pretty", "false"], {"pretty": True}, ["false"]),
    "long string with =": (["--files-dir=a=b"], {"files-dir": "a=b"}, []),
    "long string, next word": (["--files-dir", "-d"], {"files-dir": "-d"}, []),
    "long string, empty": (["--files-dir="], {}, []),
    "bare value": (["--color", "never"], {"color": "always"}, ["never"]),
    "bare value overridden": (["--color=never"], {"color": "never"}, []),
    "alias": (["--color=never", "--colour"], {"color": "always"}, []),
    "short": (["-p"], {"pretty": True}, []),
    "short with value": (["-p=0"], {}, []),
    "short string, next word": (["-d", "x"], {"files-dir": "x"}, []),
    "short string, glued": (["-dx"], {"files-dir": "x"}, []),
    "short string, =": (["-d=x"], {"files-dir": "x"}, []),
    "short string, only =": (["-d="], {"files-dir": "="}, []),
    "bundle": (["-pcd", "x"], {"pretty": True, "check": True, "files-dir": "x"}, []),
    "bundle, glued": (["-pdc"], {"pretty": True, "files-dir": "c"}, []),
    "positionals anywhere": (["a", "-p", "b"], {"pretty": True}, ["a", "b"]),
    "a dash is a positional": (["-", ""], {}, ["-", ""]),
    "two dashes end the flags": (["a", "--", "-p", "--"], {}, ["a", "-p", "--"]),
}


@pytest.mark.parametrize(("arguments", "values", "positionals"), READ.values(), ids=READ)
def test_pflag(arguments: list[str], values: dict[str, bool | str], positionals: list[str]) -> None:
    parsed = parse_pflags(FLAGS, arguments)
    assert (parsed.error, parsed.wants_help, parsed.notes) == (None, False, [])
    defaults = {flag.name: flag.default for flag in FLAGS}
    assert {name: value for name, value in parsed.values.items() if value != defaults[name]} == values
    assert parsed.positionals == positionals


REFUSED = {
    "unknown": (["--nope"], "unknown flag: --nope"),
    "unknown with value": (["--nope=1"], "unknown flag: --nope"),
    "no abbreviations": (["--pre"], "unknown flag: --pre"),
    "unknown short": (["-x"], "unknown shorthand flag: 'x' in -x"),
    "unknown short in a bundle": (["-pxy"], "unknown shorthand flag: 'x' in -xy"),
    "a quote": (["-'"], r"unknown shorthand flag: '\'' in -'"),
    "not ASCII: the first byte": (["-é"], "unknown shorthand flag: 'Ã' in -é"),
    "value missing": (["--files-dir"], "flag needs an argument: --files-dir"),
    "value missing, short": (["-pd"], "flag needs an argument: 'd' in -d"),
    "empty value of a short bool": (["-p="], "unknown shorthand flag: '=' in -="),
    "no bool": (
        ["--pretty=maybe"],
        'invalid argument "maybe" for "-p, --pretty" flag: strconv.ParseBool: parsing "maybe": invalid syntax',
    ),
    "empty bool": (
        ["--check="],
        'invalid argument "" for "-c, --check" flag: strconv.ParseBool: parsing "": invalid syntax',
    ),
    "no name": (["--=x"], "bad flag syntax: --=x"),
    "three dashes": (["---pretty"], "bad flag syntax: ---pretty"),
}


@pytest.mark.parametrize(("arguments", "error"), REFUSED.values(), ids=REFUSED)
def test_pflag_refuses(arguments: list[str], error: str) -> None:
    assert parse_pflags(FLAGS, arguments).error == error


@pytest.mark.parametrize("word", ["-h", "--help", "-ph"])
def test_pflag_offers_help_that_the_table_does_not_have(word: str) -> None:
    parsed = parse_pflags(FLAGS, [word, "--nope"])
    assert (parsed.wants_help, parsed.error) == (True, None)


def test_pflag_notes_what_is_deprecated() -> None:
    parsed = parse_pflags(FLAGS, ["--input", "x", "--nope"])
    assert parsed.notes == ["Flag --input has been deprecated, name the file"]
    assert parsed.text("input") == "x"


def test_pflag_lists_what_is_not_hidden() -> None:
    assert describe_pflags(FLAGS) == (
        "  -c, --check                     only look\n"
        '      --color string[="always"]   when to color (default "auto")\n'
        "  -d, --files-dir string          where files are\n"
        "  -p, --pretty                    indent\n"
    )


GO_FLAGS = (
    Flag("root", "/", "where to write"),
    Flag("stage", "", "what to do"),
    Flag("version", False, "print the version"),
    Flag("v", False, "say more"),
)

GO_READ = {
    "one dash": (["-root", "/r"], {"root": "/r"}, []),
    "two dashes": (["--root", "/r"], {"root": "/r"}, []),
    "with =": (["-root=/r", "--stage=a=b"], {"root": "/r", "stage": "a=b"}, []),
    "an empty word is a value": (["-root", ""], {"root": ""}, []),
    "a flag is a value": (["-root", "-v"], {"root": "-v"}, []),
    "bool": (["-version", "-v=t"], {"version": True, "v": True}, []),
    "the first positional ends the flags": (["-v", "x", "-version"], {"v": True}, ["x", "-version"]),
    "a dash is a positional": (["-", "-v"], {}, ["-", "-v"]),
    "two dashes end the flags": (["-v", "--", "-version"], {"v": True}, ["-version"]),
}


@pytest.mark.parametrize(("arguments", "values", "positionals"), GO_READ.values(), ids=GO_READ)
def test_flag(arguments: list[str], values: dict[str, bool | str], positionals: list[str]) -> None:
    parsed = parse_flags(GO_FLAGS, arguments)
    assert (parsed.error, parsed.wants_help) == (None, False)
    assert parsed.values == {"root": "/", "stage": "", "version": False, "v": False, **values}
    assert parsed.positionals == positionals


GO_REFUSED = {
    "unknown": (["--nope"], "flag provided but not defined: -nope"),
    "unknown with value": (["-nope=1"], "flag provided but not defined: -nope"),
    "no bundles": (["-vversion"], "flag provided but not defined: -vversion"),
    "value missing": (["--stage"], "flag needs an argument: -stage"),
    "no bool": (["-v=maybe"], 'invalid boolean value "maybe" for -v: parse error'),
    "empty bool": (["-v="], 'invalid boolean value "" for -v: parse error'),
    "no name": (["-=x"], "bad flag syntax: -=x"),
    "three dashes": (["---v"], "bad flag syntax: ---v"),
}


@pytest.mark.parametrize(("arguments", "error"), GO_REFUSED.values(), ids=GO_REFUSED)
def test_flag_refuses(arguments: list[str], error: str) -> None:
    assert parse_flags(GO_FLAGS, arguments).error == error


@pytest.mark.parametrize("word", ["-h", "--h", "-help", "--help"])
def test_flag_offers_help_that_the_table_does_not_have(word: str) -> None:
    parsed = parse_flags(GO_FLAGS, ["-v", word, "-nope"])
    assert (parsed.wants_help, parsed.error) == (True, None)


def test_flag_lists_its_flags() -> None:
    assert describe_flags(GO_FLAGS) == (
        "  -root string\n"
        '    \twhere to write (default "/")\n'
        "  -stage string\n"
        "    \twhat to do\n"
        "  -v\tsay more\n"
        "  -version\n"
        "    \tprint the version\n"
    )
