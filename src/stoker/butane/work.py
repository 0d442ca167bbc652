"""What the steps of lowering share: the config as it grows, what was found, and where things came from."""

from __future__ import annotations

from stoker.butane.local import LocalFault
from stoker.butane.origins import Origin, Origins
from stoker.ignition.merge import merge
from stoker.report import Pointer
from stoker.schema.dataurls import encode, percent_encode
from stoker.schema.features import ENCODED_CONTENTS, UNCOMPRESSED_CONTENTS
from stoker.schema.rules import Finding, Say
from stoker.schema.specs import Spec
from stoker.schema.v3 import Config, Resource, Storage, Systemd


class Work:
    """A document on its way to a config.

    `source` is what the person wrote; `config` starts as the same object and becomes the result. Findings of `said`
    have pointers into the document, those of `found` into the result.
    """

    __slots__ = ("config", "encodes", "files_dir", "found", "may_compress", "origins", "said", "source", "spec")

    def __init__(self, source: Config, spec: Spec, files_dir: str) -> None:
        self.source = source
        self.config = source
        self.spec = spec
        self.files_dir = files_dir
        self.origins = Origins()
        self.said = Say(spec)
        self.found = Say(spec)
        self.encodes = ENCODED_CONTENTS.has(spec)
        self.may_compress = not UNCOMPRESSED_CONTENTS.has(spec)

    @property
    def findings(self) -> list[Finding]:
        """All that the steps said, about the document."""
        return self.said.findings

    @property
    def storage(self) -> Storage:
        """The storage of the result, made when there is none."""
        if self.config.storage is None:
            self.config.storage = Storage()
        return self.config.storage

    @property
    def systemd(self) -> Systemd:
        """The units of the result, made when there are none."""
        if self.config.systemd is None:
            self.config.systemd = Systemd()
        return self.config.systemd

    def fault(self, fault: LocalFault, pointer: Pointer) -> None:
        """Report a local file that cannot be used."""
        self.said.error(fault.message, pointer, directory=self.files_dir, **fault.values)

    def fill(self, resource: Resource, content: bytes) -> None:
        """Give a resource its contents, in the shortest form that the spec allows."""
        if not self.encodes:
            resource.source = "data:," + percent_encode(content)
        elif resource.compression:
            resource.source, _ = encode(content, may_compress=False)
        else:
            resource.source, resource.compression = encode(content, may_compress=self.may_compress)

    def merge_below(self, parent: Config, made: dict[Pointer, Origin]) -> None:
        """Put a generated config under the result: what the person wrote wins."""
        self.config, transcript = merge(parent, self.config)
        self.origins.merge(transcript, made)
