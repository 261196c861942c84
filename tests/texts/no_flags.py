#!/usr/bin/env python3
"""Checks that the library names options, not flags: only gusto/cli may say --memory in a text.

    tests/texts/no_flags.py SOURCE

The model pages are the exception: they show commands.
"""
import pathlib
import re
import sys

SHOWS_COMMANDS = {"model_pages.cc"}
FLAG_IN_TEXT = re.compile(r'"(?:[^"\\]|\\.)*(?<![\w-])--[a-z](?:[^"\\]|\\.)*"')


def texts_with_flags(file):
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if not line.lstrip().startswith("//") and FLAG_IN_TEXT.search(line):
            yield f"{file}:{number}: {line.strip()}"


def main():
    found = []
    for file in sorted((pathlib.Path(sys.argv[1]) / "gusto").rglob("*")):
        if file.suffix not in (".h", ".cc") or file.name.endswith("_test.cc") or "cli" in file.parts:
            continue
        if file.name not in SHOWS_COMMANDS:
            found += texts_with_flags(file)
    for place in found:
        print(place)
    sys.exit("Name the option in words such as: the option `memory_limit`." if found else 0)


main()
