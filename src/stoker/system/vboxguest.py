"""VirtualBox guest properties, by the driver vboxguest: in goes a name, out comes the value.

A property is asked of the host service VBoxGuestPropSvc by HGCM calls. Layouts and numbers are those of
linux/vboxguest.h, linux/vbox_vmmdev_types.h and linux/vbox_err.h; functions and formats of the service are VirtualBox's
GuestPropertySvc.h. A 64-bit kernel only.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from stoker.system.errors import FileFault

DEVICE: Final = "/dev/vboxguest"

_LARGEST: Final = 1 << 20
_HEADER: Final = struct.Struct("=IIIiII")  # size in, version, type, status, size out, reserved
_HEADER_VERSION: Final = 0x10001
_DRIVER: Final = 0x00010000
_CALL: Final = struct.Struct("=IIIBBH")  # client, function, timeout in ms, interruptible, reserved, parameters
_PARAMETER: Final = struct.Struct("=IIQ")  # type; size and address of memory, or a value where they begin

# ioctl(2) numbers: _IOWR('V', number, size)
_VERSION: Final = 0
_CONNECT: Final = 4
_DISCONNECT: Final = 5
_CALL_64: Final = 7

_EXISTING: Final = 2  # VMMDEV_HGCM_LOC_LOCALHOST_EXISTING
_GET: Final = 1  # GUEST_PROP_FN_GET_PROP
_REMOVE: Final = 4  # GUEST_PROP_FN_DEL_PROP
_NUMBER_32: Final = 1
_NUMBER_64: Final = 2
_MEMORY: Final = 4  # VMMDEV_HGCM_PARM_TYPE_LINADDR
_MEMORY_IN: Final = 5

_FINE: Final = 0
_OVERFLOW: Final = -41  # VERR_BUFFER_OVERFLOW
_NOT_FOUND: Final = -78  # VERR_NOT_FOUND
_DENIED: Final = -10  # VERR_PERMISSION_DENIED


def get_property(name: str) -> bytes | None:
    """The value of a guest property, None when there is none. Raises `FileFault`."""
    with _service(name) as (device, client):
        size = 1
        for _ in range(3):  # it may grow between asking for its size and for itself
            status, content, needed = _ask(device, client, name, size)
            if status == _FINE:
                value, end, _ = content.partition(b"\0")  # then come the flags
                if not end:
                    raise _fault(name, "its value has no end")
                return value
            if status == _NOT_FOUND:
                return None
            if status != _OVERFLOW or needed > _LARGEST:
                raise _fault(name, f"VirtualBox error {status}")
            size = needed
    raise _fault(name, "it changes while it is read")


def remove_property(name: str) -> None:
    """Remove a guest property; one that is not there is fine. Raises `FileFault`."""
    with _service(name) as (device, client):
        text = ctypes.create_string_buffer(name.encode())
        status, _ = _call(device, client, _REMOVE, [(_MEMORY_IN, len(text), ctypes.addressof(text))])
    if status == _DENIED:
        raise _fault(name, "the host forbids it; is the property read-only?")
    if status not in {_FINE, _NOT_FOUND}:
        raise _fault(name, f"VirtualBox error {status}")


def _ask(device: int, client: int, name: str, size: int) -> tuple[int, bytes, int]:
    """Status, value (with flags) and needed size of a property, read into `size` bytes."""
    text = ctypes.create_string_buffer(name.encode())
    value = ctypes.create_string_buffer(size)
    parameters = [
        (_MEMORY_IN, len(text), ctypes.addressof(text)),
        (_MEMORY, size, ctypes.addressof(value)),
        (_NUMBER_64, 0, 0),  # when it was set
        (_NUMBER_32, 0, 0),  # how large it is
    ]
    status, answered = _call(device, client, _GET, parameters)
    return status, value.raw, answered[3][1]


@contextmanager
def _service(name: str) -> Iterator[tuple[int, int]]:
    """The device and the client id of a connection to the property service."""
    try:
        device = os.open(DEVICE, os.O_RDWR | os.O_CLOEXEC)
        try:
            _checked(name, _exchange(device, _VERSION, struct.pack("=IIII", _DRIVER, _DRIVER, 0, 0), 20))
            location = struct.pack("=I128s", _EXISTING, b"VBoxGuestPropSvc")
            (client,) = struct.unpack_from("=I", _checked(name, _exchange(device, _CONNECT, location, 4)))
            try:
                yield device, client
            finally:
                _exchange(device, _DISCONNECT, struct.pack("=I", client), 0)
        finally:
            os.close(device)
    except OSError as error:
        raise FileFault.of("ask for the guest property", name, error) from error


def _call(
    device: int, client: int, function: int, parameters: list[tuple[int, int, int]]
) -> tuple[int, list[tuple[int, int, int]]]:
    """Call a function of the service: its status, and the parameters as it left them."""
    body = _CALL.pack(client, function, 0xFFFFFFFF, 1, 0, len(parameters))
    body += b"".join(_PARAMETER.pack(*parameter) for parameter in parameters)
    status, answer = _exchange(device, _CALL_64, body, len(body))
    return status, list(_PARAMETER.iter_unpack(answer[_CALL.size :]))


def _exchange(device: int, number: int, body: bytes, size_out: int) -> tuple[int, bytes]:
    """One ioctl(2): status and body of the answer."""
    size = _HEADER.size + max(len(body), size_out)
    message = bytearray(request(_HEADER.size + len(body), _HEADER.size + size_out) + body).ljust(size, b"\0")
    fcntl.ioctl(device, number_of(number, size), message, True)
    return _HEADER.unpack_from(message)[3], bytes(message[_HEADER.size :])


def request(size_in: int, size_out: int) -> bytes:
    """The header of a request (struct vbg_ioctl_hdr)."""
    return _HEADER.pack(size_in, _HEADER_VERSION, 0, 0, size_out, 0)


def number_of(number: int, size: int) -> int:
    """The number of an ioctl(2) that reads and writes `size` bytes."""
    return 3 << 30 | size << 16 | ord("V") << 8 | number


def _checked(name: str, answer: tuple[int, bytes]) -> bytes:
    status, body = answer
    if status != _FINE:
        raise _fault(name, f"VirtualBox error {status}")
    return body


def _fault(name: str, reason: str) -> FileFault:
    return FileFault("ask for the guest property", name, reason)
