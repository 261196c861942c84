#!/usr/bin/env python3
"""Floors, and the rooms of data/ and models/, include only downward, and no headers include each other in a circle.

usage: floors.py SOURCE_DIR
"""
import pathlib
import re
import sys

# The order of rooms, from the lowest. A room includes itself and those before it. Lone files of a folder that has rooms
# are named here where they stand above the rooms.
ORDER = """
base
data data/bytes data/file data/assembly data/io data/side data/table data/movielens data/open data/split data/simulation
data/fetch
nn
models models/shared models/simple models/content models/neighbors models/linear models/factors models/bayes
models/neural
models/registry.cc
retrieval
eval
cli
""".split()


def room_of(path):
    """The entry of ORDER that a file belongs to: the file itself, its room, or its floor."""
    parts = path.parts[1:]
    for depth in range(len(parts), 0, -1):
        if "/".join(parts[:depth]) in ORDER:
            return "/".join(parts[:depth])
    return None


def floor_of(room):
    return room.split("/")[0]


def includes_of(source, path):
    return [pathlib.Path(name) for name in re.findall(r'^#include "(gusto/[^"]+)"', (source / path).read_text(), re.M)]


def downward(path, included):
    own, other = room_of(path), room_of(included)
    if own is None or other is None:
        return f"{path} includes {included}: a folder that is not in the list of tests/structure/floors.py"
    for_tests = path.name.endswith("_test.cc") or "testing" in path.parts
    if "testing" in included.parts and not for_tests:
        return f"{path} includes {included}, which is for tests"
    if for_tests:  # a test may use all of its floor
        own, other = floor_of(own), floor_of(other)
    if ORDER.index(other) > ORDER.index(own):
        return f"{path} includes {included}: {own} lies below {other}"
    return None


def circle(graph):
    """A circle in the graph, as a list, or nothing."""
    state = {}

    def visit(node, way):
        if state.get(node) == "done":
            return None
        if node in way:
            return way[way.index(node):] + [node]
        for after in graph.get(node, []):
            found = visit(after, way + [node])
            if found:
                return found
        state[node] = "done"
        return None

    for node in graph:
        found = visit(node, [])
        if found:
            return found
    return None


def main(source):
    files = [path.relative_to(source) for path in sorted((source / "gusto").rglob("*")) if path.suffix in (".h", ".cc")]
    graph = {path: includes_of(source, path) for path in files}
    complaints = [downward(path, included) for path in files for included in graph[path]]
    complaints = [complaint for complaint in complaints if complaint]
    headers = {path: graph[path] for path in files if path.suffix == ".h"}
    found = circle(headers)
    if found:
        complaints.append("headers include each other in a circle: " + " -> ".join(map(str, found)))
    print("\n".join(complaints) or f"{len(files)} files include only downward.")
    return 1 if complaints or len(files) < 100 else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
