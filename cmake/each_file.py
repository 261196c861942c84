#!/usr/bin/env python3
"""Checks the syntax of every file alone, by the commands that a build tree gives, without making objects.

usage: each_file.py BUILD_DIR      a tree with compile_commands.json, configured without batches
"""
import concurrent.futures
import json
import os
import pathlib
import shlex
import subprocess
import sys


def look(entry):
    """What the compiler has to say of one file."""
    command = shlex.split(entry["command"])
    output = command.index("-o")
    del command[output : output + 2]
    run = subprocess.run([*command, "-fsyntax-only"], cwd=entry["directory"], text=True, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, check=False)
    return "" if run.returncode == 0 else f"{entry['file']} does not compile alone:\n{run.stdout}"


def main(build):
    entries = json.loads((build / "compile_commands.json").read_text())
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        complaints = list(filter(None, pool.map(look, entries)))
    print("\n".join(complaints) or f"{len(entries)} files compile alone.")
    return 1 if complaints or not entries else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
