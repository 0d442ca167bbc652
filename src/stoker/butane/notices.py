"""What only Stoker's own verbs say of a document. The drop-in command says none of it."""

from __future__ import annotations

from typing import Final

from stoker.report import Message

CLOUD_CONFIG: Final = Message(
    "cloud-config",
    "this is a `#cloud-config` for cloud-init, not a Butane document",
    "write it as Butane: `users` as `passwd.users`, `write_files` as `storage.files`, `runcmd` as a unit in "
    "`systemd.units`",
)

# texts that are something else
BINARY: Final = Message(
    "binary", "this is no text, and a config is one", "a config that is compressed is unpacked first: `gzip -dc`"
)
CLOUD_ARCHIVE: Final = Message(
    "cloud-archive",
    "this is a MIME archive for cloud-init, not a config",
    "write each of its parts as Butane: what a `text/cloud-config` says, and scripts as units in `systemd.units`",
)
CLOUD_INCLUDE: Final = Message(
    "cloud-include",
    "this is a list of URLs for cloud-init, not a config",
    "name them in `ignition.config.merge`, where they lead to Ignition configs",
)
SCRIPT: Final = Message(
    "script",
    "this is a script, not a config",
    "write it by `storage.files`, and a unit in `systemd.units` that runs it",
)
TERRAFORM: Final = Message(
    "terraform",
    "this is Terraform's language, not a config",
    "put the config that it holds between `<<EOF` and `EOF` into a file of its own, which `file(...)` reads",
)
TOML: Final = Message(
    "toml", "this is TOML, not a config", "a system with settings in TOML, such as Bottlerocket, reads them by itself"
)
KUBERNETES: Final = Message(
    "kubernetes",
    "this is an object of Kubernetes, not a config",
    "what a MachineConfig has as `spec.config` is Ignition: put that into a file of its own",
)
TEMPLATE_FIELD: Final = Message(
    "template-field",
    "`{field}` is a field of a template, which is filled in before a config is read",
    "`stoker serve` fills it in; to check the text as it is, put quotes around the field",
)

# include
BAD_INCLUDE: Final = Message(
    "bad-include", "{what}", "write `- path: base.bu`, and below it `with:` what the fragment asks for"
)
INCLUDE_UNREADABLE: Final = Message("include-unreadable", "{fault}")
INCLUDE_FOREIGN: Final = Message(
    "include-foreign",
    "`{path}` is {what}, and a fragment is Butane",
    "name it in `ignition.config.merge` as `local`; `stoker convert --to 3.4.0` brings it up where it is older",
)
INCLUDE_WITHOUT_DIRECTORY: Final = Message(
    "include-without-directory", "`{path}` cannot be included: no files directory is given", "add `--files-dir DIR`"
)
INCLUDE_OUTSIDE: Final = Message(
    "include-outside",
    "`{path}` lies neither below the directory of this file nor in the files directory",
    "move it there, or name a files directory that holds both by `--files-dir DIR`",
)
INCLUDE_CYCLE: Final = Message("include-cycle", "`{path}` includes itself: {chain}", "remove one of them")
INCLUDES_TOO_MANY: Final = Message("too-many-includes", "more than {limit} fragments are included")
INCLUDES_TOO_DEEP: Final = Message("includes-too-deep", "fragments include each other more than {limit} levels deep")
NEWER_FRAGMENT: Final = Message(
    "newer-fragment",
    "`{path}` is {fragment}, which needs Ignition {needs}; this document is {document}, for Ignition {has}",
    "raise the version of this document, or lower the fragment's",
)

# variables
BAD_VARIABLE: Final = Message(
    "bad-variable", "{what}", "write `name: {{type: string, default: x}}`; the types are {types}"
)
MISSING_VARIABLE: Final = Message(
    "missing-variable",
    "variable `{name}` has no value",
    "give it one below `with:` where this file is included, or declare a `default`",
)
NOT_GIVEN: Final = Message(
    "missing-variable",
    "`{path}` asks for a value of variable `{name}`, and gets none",
    "give it one below `with:`, or declare a `default` in the fragment",
)
UNKNOWN_VARIABLE: Final = Message(
    "unknown-variable", "`{path}` declares no variable `{name}`", "declare it below `variables:`, or remove it here"
)
UNDECLARED_VARIABLE: Final = Message(
    "undeclared-variable",
    "variable `{name}` is not declared",
    "declare it below `variables:`; `$${{{{` stands for `${{{{` itself",
)
UNUSED_VARIABLE: Final = Message(
    "unused-variable", "variable `{name}` is not used", "write `${{{{ {name} }}}}`, or remove it"
)
VARIABLE_TYPE: Final = Message("variable-type", "variable `{name}` is {wanted}, got {got}")
BAD_REFERENCE: Final = Message(
    "bad-reference",
    "`{text}` names no variable",
    "names are letters, digits, `_` and `-`; `$${{{{` stands for `${{{{` itself",
)
OPEN_REFERENCE: Final = Message(
    "bad-reference", "`{text}` is not closed by `}}}}`", "close it; `$${{{{` stands for `${{{{` itself"
)
LIST_IN_TEXT: Final = Message(
    "list-in-text", "variable `{name}` is a list and cannot stand inside of a text", "let it be the whole value"
)
EXPANDED_TOO_LARGE: Final = Message(
    "expanded-too-large", "with its variables written out the text has over {limit} bytes"
)
