"""The stubs of the gRPC API: made from the .proto that lies beside them, and each method with an answer."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from grpc_tools import protoc

from stoker.server.grpc_face import METHODS
from stoker.server.grpc_handlers import HANDLERS

SOURCE = Path(__file__).parent.parent.parent / "src"
PROTO = "stoker/server/rpc/matchbox.proto"


def test_the_stubs_are_those_of_the_proto(tmp_path: Path) -> None:
    well_known = files("grpc_tools").joinpath("_proto")
    made = [f"--{kind}_out={tmp_path}" for kind in ("python", "pyi")]
    assert protoc.main(["protoc", f"-I{SOURCE}", f"-I{well_known}", *made, PROTO]) == 0
    for name in ("matchbox_pb2.py", "matchbox_pb2.pyi"):
        path = Path(PROTO).with_name(name)
        assert (tmp_path / path).read_text() == (SOURCE / path).read_text(), "make it anew, see rpc/__init__.py"


def test_each_method_has_a_handler_and_each_handler_a_method() -> None:
    assert {path.rpartition("/")[2] for path in METHODS} == set(HANDLERS)
    assert len(METHODS) == len(HANDLERS)
    assert sorted({path.split("/")[1] for path in METHODS}) == [
        *("rpcpb.Generic", "rpcpb.Groups", "rpcpb.Ignition", "rpcpb.Profiles", "rpcpb.Select")
    ]
