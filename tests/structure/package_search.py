#!/usr/bin/env python3
"""find_package(gusto) finds an installed gusto, not a build tree or a checkout that happens to be searched.

usage: package_search.py CMAKE PREFIX BUILD_DIR SOURCE_DIR
"""
import pathlib
import subprocess
import sys
import tempfile

PROJECT = """cmake_minimum_required(VERSION 3.25)
project(search LANGUAGES CXX)
find_package(gusto QUIET)
message("found: ${gusto_DIR}")
"""


def found_in(cmake, *prefixes):
    """The folder of the package that is found where these prefixes are searched."""
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "CMakeLists.txt").write_text(PROJECT)
        searched = f"-DCMAKE_PREFIX_PATH={';'.join(prefixes)}"
        run = subprocess.run([cmake, "-S", folder, "-B", f"{folder}/build", searched],
                             text=True, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, check=True)
    return next(line for line in run.stderr.splitlines() if line.startswith("found: "))[len("found: "):]


def main(cmake, prefix, build, source):
    places = [build, str(pathlib.Path(build).parent), source]
    accident = found_in(cmake, *places)
    if accident != "gusto_DIR-NOTFOUND" and any(accident.startswith(place) for place in places):
        print(f"find_package(gusto) finds {accident}, which nobody has installed.")
        return 1
    found = found_in(cmake, *places, prefix)
    print(f"find_package(gusto) finds {found}.")
    return 0 if found.startswith(prefix) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
