#!/usr/bin/env python3
"""Writes the test files that recipes name, into a folder `splits` beside them.

    recipes/make_splits.py [--gusto GUSTO] [--given FOLDER]

Each file lists a test part, a user, an item and a value on each line; all other events are for training. Events are
drawn by a hash of seed, user and item, so that the files are the same everywhere:

  NAME.rand90.test.tsv  a tenth of all events; NAME.rand80.test.tsv: a fifth, of which that tenth is a part
  NAME.topn.test.tsv    of the events of at least 4, of users with at least five of these, a fifth of each user's,
                        rounded down, but at least one

Files that lie in the folder given (../shared by default: splits/, and data/ for what others published) are taken from
there instead: those are the ones that docs/results.md was measured on. Figures on drawn ones differ by what another
draw changes, up to some standard errors.
"""

import argparse
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
SETS = {"ml-1m": ("ratings.dat", "::"), "ml-100k": ("u.data", "\t")}
SEED = "42"
# What others published, with the place where it can be had.
PUBLISHED = {
    "ml-1m.test.negative": ("data/ncf-ml-1m/ml-1m.test.negative",
                            "Data/ml-1m.test.negative of https://github.com/hexiangnan/neural_collaborative_filtering"),
    "ml-1m-extrainfos.dat": ("data/movie-metadata/ml-1m-extrainfos.dat",
                             "a file of directors, cast and plots (docs/guide/data.md tells its columns)"),
}


def events_of(name, gusto):
    """Lines of a set: from GUSTO_DATA, or from its archive, which gusto downloads if it isn't there."""
    file, delimiter = SETS[name]
    own = pathlib.Path(os.environ.get("GUSTO_DATA", "")) / name / file
    if os.environ.get("GUSTO_DATA") and own.exists():
        text = own.read_text(encoding="latin-1")
    else:
        cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "gusto"
        archive = cache / f"{name}.zip"
        if not archive.exists():
            subprocess.run([gusto, "fetch", name], check=True)
        with zipfile.ZipFile(archive) as files:
            text = files.read(f"{name}/{file}").decode("latin-1")
    return [tuple(line.split(delimiter)[:3]) for line in text.splitlines() if line]


def draw(user, item):
    return hashlib.blake2b(f"{SEED} {user} {item}".encode(), digest_size=8).digest()


def write(path, events, chosen):
    with open(path, "w", encoding="utf-8", newline="\n") as out:
        out.writelines("\t".join(event) + "\n" for event in events if event[:2] in chosen)


def make(name, kind, path, gusto):
    events = events_of(name, gusto)
    if kind != "topn":
        share = {"rand90": 0.1, "rand80": 0.2}[kind]
        order = sorted(events, key=lambda event: draw(*event[:2]))
        return write(path, events, {event[:2] for event in order[:round(share * len(events))]})
    liked = {}
    for event in events:
        if float(event[2]) >= 4:
            liked.setdefault(event[0], []).append(event[:2])
    chosen = set()
    for own in liked.values():
        if len(own) >= 5:
            chosen.update(sorted(own, key=lambda event: draw(*event))[:max(1, len(own) // 5)])
    return write(path, events, chosen)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    built = ROOT / "build/release/gusto"
    parser.add_argument("--gusto", default=str(built) if built.exists() else "gusto")
    parser.add_argument("--given", type=pathlib.Path, default=ROOT.parent / "shared")
    arguments = parser.parse_args()
    folder = HERE / "splits"
    folder.mkdir(exist_ok=True)
    missing = 0
    for name in SETS:
        for kind in ("rand90", "rand80", "topn"):
            file = f"{name}.{kind}.test.tsv"
            given = arguments.given / "splits" / file
            if given.exists():
                shutil.copyfile(given, folder / file)
            else:
                make(name, kind, folder / file, arguments.gusto)
            print(f"{folder / file}: {'as given' if given.exists() else f'drawn with seed {SEED}'}")
    for file, (place, source) in PUBLISHED.items():
        if (arguments.given / place).exists():
            shutil.copyfile(arguments.given / place, folder / file)
            print(f"{folder / file}: as given")
        elif not (folder / file).exists():
            missing += 1
            print(f"{folder / file}: missing; the recipes that name it need {source}")
    if missing:
        print("All other recipes can be run.")


if __name__ == "__main__":
    sys.exit(main())
