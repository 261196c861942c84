#!/usr/bin/env python3
"""Checks that an outsider can run every recipe, and that the page of results names recipes that exist.

    tests/texts/recipes.py FOLDER

A recipe lists its models; its data is the embedded set or one to be downloaded; the files that it names are written by
recipes/make_splits.py.
"""
import pathlib
import re
import sys
import tomllib


def main():
    root = pathlib.Path(sys.argv[1])
    problems = []
    writer = (root / "recipes/make_splits.py").read_text(encoding="utf-8")
    recipes = sorted((root / "recipes").glob("*.toml"))
    for path in recipes:
        recipe = tomllib.loads(path.read_text(encoding="utf-8"))
        if not recipe.get("model"):
            problems.append(f"{path.name} lists no models")
        if not recipe.get("data", "fetch:").startswith("fetch:"):
            problems.append(f"{path.name} has data of its own: {recipe['data']}")
        features = recipe.get("item_features", [])
        files = [features] if isinstance(features, str) else list(features)
        kind, _, file = recipe.get("split", "").partition(":")
        if kind in ("test", "negatives") and not file.isdigit():
            files.append(file)
        for file in files:
            folder, _, name = file.partition("/")
            data, _, rest = name.partition(".")
            written = f'"{name}"' in writer or (rest.endswith(".test.tsv") and f'"{rest[:-9]}"' in writer)
            if folder != "splits" or not written:
                problems.append(f"{path.name} names {file}, which ./do splits does not write")
    page = (root / "docs/results.md").read_text(encoding="utf-8")
    names = set(re.findall(r"recipes/([a-z0-9-]+)\.toml", page))
    rows = re.findall(r"^\|.*\|$", page, re.M)
    words = {word for row in rows for word in re.findall(r"`([a-z]+(?:-[a-z0-9]+)+)`", row)}
    names |= {word for word in words
              if (root / f"recipes/{word}.toml").exists() or word.split("-")[-1] in ("1m", "100k")}
    for name in sorted(names):
        if not (root / f"recipes/{name}.toml").exists():
            problems.append(f"docs/results.md names the recipe {name}, which there isn't")
    print("\n".join(problems) or f"{len(recipes)} recipes, {len(names)} of them on the page of results.")
    sys.exit(1 if problems else 0)


main()
