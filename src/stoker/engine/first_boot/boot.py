"""What one stage is given: the machine, where it reads and leaves things, and how it fetches and logs."""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple, TypeVar, overload

from stoker.engine.first_boot.log import Log
from stoker.engine.first_boot.surroundings import Surroundings
from stoker.fetch import Fetcher, Settings
from stoker.platforms import Machine
from stoker.system import RealSystem
from stoker.system.log_sockets import Journal

Kind = TypeVar("Kind", bound=RealSystem)

PATIENCE: Final = 90.0  # seconds to wait for a device: what systemd gives the unit of one


class Places(NamedTuple):
    """Paths: the root of the machine as it will run (empty for `/`), and what the stages leave for each other."""

    root: str
    config_cache: str
    need_net: str
    state_file: str

    @property
    def origins(self) -> str:
        """Beside the cached config: who gave its parts."""
        return f"{self.config_cache}.origins"


class Boot(NamedTuple):
    """A boot on a platform. `fetch_timeout` is how many seconds the platform has to give its config."""

    platform: str
    places: Places
    fetch_timeout: float
    machine: Machine
    surroundings: Surroundings
    log: Log
    journal: Journal
    patience: float = PATIENCE

    def fetch_by(self, settings: Settings) -> Fetcher:
        """Fetch as a config wants it."""
        environment = self.machine.environment
        return Fetcher(settings, say=self.log.inform, environment=environment, instance_role=self.platform == "aws")

    @overload
    def open_system(self) -> RealSystem: ...

    @overload
    def open_system(self, kind: type[Kind]) -> Kind: ...

    def open_system(self, kind: type[RealSystem] = RealSystem) -> RealSystem:
        """The machine below the root, with the devices and tools of the one that runs this. Raises `SystemFault`."""
        return kind(
            Path(self.places.root or "/"),
            with_devices=True,
            with_shadow_tools=True,
            patience=self.patience,
            tools=self.surroundings.tools,
            watch=self.log.execute,
            boot_id=self.surroundings.boot_id,
        )
