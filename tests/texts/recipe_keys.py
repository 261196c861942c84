#!/usr/bin/env python3
"""Checks that docs/reference/recipe.md lists the keys that recipes have, and no others.

    tests/texts/recipe_keys.py GUSTO PAGE

The command is asked for a recipe with a key that is like no other: its error names all keys.
"""
import re
import subprocess
import sys
import tempfile


def known_keys(gusto):
    with tempfile.NamedTemporaryFile("w", suffix=".toml") as recipe:
        recipe.write('zzzzqqqqzzzzqqqq = ""\n')
        recipe.flush()
        done = subprocess.run([gusto, "compare", "--recipe", recipe.name], capture_output=True, text=True)
    found = re.search(r"Its keys are ([^.]*)\.", done.stderr.replace("\n", " "))
    if not found:
        sys.exit(f"no list of keys in: {done.stderr}")
    return {key.strip() for key in found.group(1).split(",")}


def written_keys(page):
    with open(page, encoding="utf-8") as file:
        text = file.read().split("Keys of a `[[model]]`")[0]
    cells = re.findall(r"^\| (`[^|]*) \|", text, re.M)
    return {key for cell in cells for key in re.findall(r"`(\w+)`", cell)}


def main():
    known, written = known_keys(sys.argv[1]), written_keys(sys.argv[2])
    for key in sorted(known - written):
        print(f"{sys.argv[2]} lacks the key {key}")
    for key in sorted(written - known):
        print(f"{sys.argv[2]} has the key {key}, which recipes don't")
    sys.exit(1 if known != written else 0)


main()
