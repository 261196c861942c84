#!/usr/bin/env python3
"""Checks that no line of a tracked text is longer than 120 characters.

    tests/texts/line_length.py FOLDER

Exempt are data, what others wrote, expected output of the command, rows of Markdown tables, and lines that are one long
word, such as an address. Prints each long line's place, and fails if there is any.
"""
import os
import re
import subprocess
import sys

LIMIT = 120
EXEMPT = re.compile(
    r"^(LICENSE$|data/|fuzz/corpus/|tests/data/|tests/compat/|tests/golden/.*\.(json|txt)$|tests/cli/.*\.test$|docs/images/)")


def long_lines(root, path):
    with open(os.path.join(root, path), "rb") as file:
        content = file.read()
    if b"\0" in content:
        return
    for number, line in enumerate(content.decode("utf-8").split("\n"), 1):
        if len(line) <= LIMIT or (path.endswith(".md") and line.startswith("|")):
            continue
        if " " in line.strip(" #/*-"):
            yield f"{path}:{number}: {len(line)} characters"


def main():
    root = sys.argv[1]
    listed = subprocess.run(["git", "-C", root, "ls-files", "-z"], check=True, capture_output=True, text=True)
    paths = [path for path in listed.stdout.split("\0") if path and not EXEMPT.search(path)]
    found = [line for path in paths if os.path.isfile(os.path.join(root, path)) for line in long_lines(root, path)]
    print("\n".join(found))
    sys.exit(1 if found else 0)


main()
