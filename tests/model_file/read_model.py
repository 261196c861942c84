"""Opens a model file with the official safetensors reader, which knows nothing of gusto, and checks what is in it.

usage: read_model.py FILE
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


assert metadata["format"] == "gusto-model" and metadata["format_version"] == "1", metadata
assert metadata["model"] == "bias" and metadata["task"] == "ratings" and metadata["seed"] == "42", metadata
assert all(isinstance(value, str) for value in json.loads(metadata["options"]).values())
assert json.loads(metadata["metrics"])["rmse"]["mean"] == 0.9
assert {(row["side"], row["name"], row["kind"]) for row in json.loads(metadata["data.schema"])} == {
    ("users", "gender", "categorical"),
    ("users", "age", "number"),
    ("items", "title", "text"),
    ("items", "genres", "multi"),
}

assert texts("data/users/ids") == ["ann", "bob", "zoë"]
assert texts("data/items/ids") == ["10", "20", "30"]
assert texts("data/items/title/text") == ["Amélie (2001)", "Heat (1995)", "Alien (1979)"]
assert texts("data/items/genres/values") == ["Comedy", "Romance", "Crime"]
assert tensors["data/items/genres/offsets"].tolist() == [0, 2, 3, 3]
np.testing.assert_array_equal(tensors["data/users/age/numbers"], [31, np.nan, 18])
assert tensors["data/events/offsets"].tolist() == [0, 2, 4, 6]
assert tensors["data/events/items"].tolist() == [0, 1, 1, 2, 0, 2]
assert tensors["data/events/values"].tolist() == [5, 3, 4.5, 2, 4, 1]
assert tensors["data/events/times"].tolist() == [1000, 1001, 1002, 1003, 1004, 1005]
assert tensors["item_bias"].shape == (3,) and tensors["user_bias"].shape == (3,)

checksums = json.loads(metadata["xxh3"])
assert checksums.keys() == tensors.keys()
for name, tensor in tensors.items():
    assert xxhash.xxh3_64_hexdigest(tensor.tobytes()) == checksums[name], name

with open(path, "rb") as file:
    (length,) = struct.unpack("<Q", file.read(8))
    header = file.read(length)
assert (8 + length) % 64 == 0, "data begin at a multiple of 64"
zeroed = header.replace(metadata["xxh3_header"].encode(), b"0" * 16)
assert xxhash.xxh3_64_hexdigest(zeroed, seed=length) == metadata["xxh3_header"]
print(f"{path}: {len(tensors)} tensors, {len(metadata)} metadata, all as documented")
