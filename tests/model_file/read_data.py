"""Opens the stored data file with the official safetensors reader, by docs/formats/data_file.md alone, and checks what
is in it.

usage: read_data.py FILE
"""

import json
import struct
import sys

import numpy as np
import xxhash
from safetensors import safe_open

path = sys.argv[1]
with safe_open(path, framework="numpy") as file:
    metadata = file.metadata()
    tensors = {name: file.get_tensor(name) for name in file.keys()}


def texts(name):
    data, ends = tensors[name].tobytes(), tensors[name + ".offsets"]
    return [data[a:b].decode("utf-8") for a, b in zip(ends[:-1], ends[1:])]


assert metadata["format"] == "gusto-data" and metadata["format_version"] == "1", metadata
assert json.loads(metadata["source"])["layout"] == "delimited"
assert [(row["side"], row["name"], row["kind"]) for row in json.loads(metadata["data.schema"])] == [
    ("users", "gender", "categorical"),
    ("users", "age", "number"),
    ("items", "title", "text"),
    ("items", "genres", "multi"),
]
assert texts("data/users/ids") == ["ann", "bob", "zoë"]
assert texts("data/items/ids") == ["1", "02", ""]
assert texts("data/items/title/text") == ["Amélie (2001)", "", "Heat"]
assert texts("data/items/genres/values") == ["Comedy", "Romance", "x"]
assert np.isnan(tensors["data/users/age/numbers"][2])
assert tensors["data/items/order"].tolist() == [1, 0]
assert tensors["data/events/offsets"].tolist() == [0, 2, 2, 3]
assert tensors["data/events/items"].tolist() == [1, 0, 0]
assert tensors["data/events/values"].tolist() == [4.5, 3, 1]
assert tensors["data/events/times"].tolist() == [100, 100, -50]

checksums = json.loads(metadata["xxh3"])
assert checksums.keys() == tensors.keys()
for name, tensor in tensors.items():
    assert xxhash.xxh3_64_hexdigest(tensor.tobytes()) == checksums[name], name
with open(path, "rb") as file:
    (length,) = struct.unpack("<Q", file.read(8))
    header = file.read(length)
stored = metadata["xxh3_header"].encode()
zeroed = header.replace(b'"xxh3_header":"' + stored, b'"xxh3_header":"' + b"0" * 16)
assert xxhash.xxh3_64_hexdigest(zeroed, seed=length).encode() == stored
print(f"{path}: {len(tensors)} tensors, as documented")
