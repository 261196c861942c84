#!/usr/bin/env python3
"""Checks that each relative link in the Markdown files named leads to a file, and its #anchor to a heading.

    tests/texts/links.py FOLDER

Looks at the tracked files of FOLDER; prints each dead link with its place, and fails if there is any.
"""
import os
import re
import subprocess
import sys
import urllib.parse

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.S)


def anchors(text):
    """As GitHub makes them: lower case, without punctuation, dashes for blanks, numbered if they come again."""
    seen = {}
    for heading in re.findall(r"^#+ +(.+?) *$", re.sub(r"```.*?```", "", text, flags=re.S), re.M):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")
        name = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        count = seen.get(name, 0)
        seen[name] = count + 1
        yield f"{name}-{count}" if count else name


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def dead_links(root, path):
    text = read(os.path.join(root, path))
    without_code = CODE.sub(lambda code: re.sub(r"[^\n]", " ", code.group(0)), text)
    for match in LINK.finditer(without_code):
        target, _, anchor = match.group(1).partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        full = os.path.normpath(os.path.join(root, os.path.dirname(path), urllib.parse.unquote(target))) if target \
            else os.path.join(root, path)
        line = without_code.count("\n", 0, match.start()) + 1
        if not os.path.exists(full):
            yield f"{path}:{line}: there is no {match.group(1)}"
        elif anchor and full.endswith(".md") and anchor not in set(anchors(read(full))):
            yield f"{path}:{line}: no heading of {target or path} gives #{anchor}"


def main():
    root = sys.argv[1]
    listed = subprocess.run(["git", "-C", root, "ls-files", "-z", "*.md"], check=True, capture_output=True, text=True)
    dead = [link for path in listed.stdout.split("\0") if path for link in dead_links(root, path)]
    print("\n".join(dead))
    sys.exit(1 if dead else 0)


main()
