"""The messages of Matchbox's gRPC API: `matchbox.proto` goes into protoc, `matchbox_pb2` comes out and is checked in.

`python -m grpc_tools.protoc -Isrc --python_out=src --pyi_out=src src/stoker/server/rpc/matchbox.proto` makes it anew.
"""
