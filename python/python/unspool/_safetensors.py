"""Named arrays in safetensors files, as the engine and other frameworks read and write them."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._errors import FileError, InputError

_TYPES: dict[str, np.dtype[Any]] = {"F32": np.dtype("<f4"), "F64": np.dtype("<f8")}
#: Longest header that is read.
_LONGEST = 100_000_000


def read(path: str | os.PathLike[str]) -> dict[str, NDArray[np.floating[Any]]]:
    """The arrays of a file by name."""
    name = os.fspath(path)
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        raise FileError(f"{name}: cannot be read: {error.strerror}", "look at the name") from error
    try:
        (length,) = struct.unpack_from("<Q", data)
        if length > _LONGEST:
            raise ValueError("the header is too long")
        header = json.loads(data[8 : 8 + length])
        body, out = memoryview(data)[8 + length :], {}
        for key, entry in header.items():
            if key == "__metadata__":
                continue
            first, last = entry["data_offsets"]
            array = np.frombuffer(body[first:last], dtype=_TYPES[entry["dtype"]]).reshape(entry["shape"])
            out[key] = array.astype(array.dtype.newbyteorder("="))
    except (KeyError, TypeError, ValueError, struct.error) as error:
        raise InputError(f"{name}: is no safetensors file of F32 or F64: {error}", "take another file") from error
    return out


def write(path: str | os.PathLike[str], arrays: Mapping[str, NDArray[Any]], text: str = "") -> None:
    """Writes arrays of float32 or float64 by name: whole, or not at all."""
    header: dict[str, Any] = {"__metadata__": {"unspool": text}}
    body = bytearray()
    for key in sorted(arrays):
        array = np.asarray(arrays[key])
        kind = "F32" if array.dtype == np.float32 else "F64"
        raw = np.ascontiguousarray(array, dtype=_TYPES[kind]).tobytes()
        header[key] = {"dtype": kind, "shape": list(array.shape), "data_offsets": [len(body), len(body) + len(raw)]}
        body += raw
    head = json.dumps(header, separators=(",", ":")).encode()
    head += b" " * (-len(head) % 8)
    name = os.fspath(path)
    part = f"{name}.{os.getpid()}.part"
    try:
        with open(part, "wb") as file:
            file.write(struct.pack("<Q", len(head)) + head + body)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except OSError as error:
        if os.path.exists(part):
            os.remove(part)
        message = f"{name}: cannot be written: {error.strerror}"
        raise FileError(message, "look at the name, the folder's permissions and the free space") from error
