#!/usr/bin/env python3
"""Ranks every model by its defaults on a panel of unlike data sets, and says where one loses to popularity.

    bench/panel.py                       # all sets that are there, of GUSTO_DATA and simulated
    bench/panel.py --sets yelp-lists citeulike-a --models ials,bpr,ease,popularity
    bench/panel.py --gusto build/release/gusto --budget 600

Each line: the data set, and the models from best to worst by NDCG@10 with their figures. A model that does not reach
the mean of popularity by twice their standard error is marked with "!", and makes the exit status 1: no model that is
personalized may lose to popularity by its defaults.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
DATA = pathlib.Path(os.environ.get("GUSTO_DATA", ROOT / "../shared/data"))

# Name, path within GUSTO_DATA, flags.
STORED = [
    ("embedded", None, []),
    ("ml-100k", "ml-100k", []),
    ("ml-latest-small", "ml-latest-small", []),
    ("yelp-lists", "panel/yelp-lists.txt", []),
    ("citeulike-a", "panel/citeulike-a.txt", []),
    ("digital-music", "panel/digital-music.txt", []),
    ("lastfm-plays", "panel/lastfm-plays.tsv", []),
    ("epinions", "panel/epinions.train.tsv", ["--columns", "user,item"]),
]
# Name, flags of gusto simulate.
SIMULATED = [
    ("few-items", ["--users", "5000", "--items", "60", "--events", "60000"]),
    ("few-users", ["--users", "60", "--items", "3000", "--events", "9000"]),
    ("sparse-shop", ["--users", "20000", "--items", "12000", "--events", "200000"]),
    ("tiny", ["--users", "40", "--items", "30", "--events", "400"]),
]
UNPERSONALIZED = {"popularity", "bias", "demographic"}


def run(gusto, *arguments, **options):
    return subprocess.run([gusto, *arguments], capture_output=True, text=True, **options)


def compare(gusto, name, data, flags, arguments):
    with tempfile.TemporaryDirectory() as folder:
        results = pathlib.Path(folder) / "results.json"
        command = ["compare", *([str(data)] if data else []), *flags, "--task", "top-n", "--metrics", "ndcg",
                   "--json", str(results), "--quiet"]
        if arguments.models:
            command += ["--models", arguments.models]
        done = run(gusto, *command, timeout=arguments.budget)
        if not results.exists():
            print(f"{name}: {done.stderr.strip().splitlines()[0]}")
            return True
        return report(name, json.loads(results.read_text())["results"])


def report(name, results):
    measured = [(r["metrics"]["ndcg@10"], r) for r in results if "metrics" in r]
    measured.sort(key=lambda pair: -pair[0]["mean"])
    popularity = next((metric for metric, r in measured if r["model"] == "popularity"), None)
    kept = True
    texts = []
    for metric, result in measured:
        loses = (popularity is not None and result["model"] not in UNPERSONALIZED and
                 metric["mean"] < popularity["mean"] - 2 * max(metric["stderr"], popularity["stderr"]))
        kept = kept and not loses
        texts.append(f"{'!' if loses else ''}{result['label']} {metric['mean']:.4f}")
    texts += [f"{r['label']} refused: {r['refusal']['message']}" for r in results if "refusal" in r]
    print(f"{name}: {', '.join(texts)}", flush=True)
    return kept


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gusto", default=str(ROOT / "build/release/gusto"))
    parser.add_argument("--models", help="names, divided by commas; default: all that rank")
    parser.add_argument("--sets", nargs="*", help="names of data sets; default: all that are there")
    parser.add_argument("--budget", type=float, default=3600, help="seconds for each data set")
    arguments = parser.parse_args()
    kept = True
    for name, path, flags in STORED:
        if arguments.sets and name not in arguments.sets:
            continue
        if path and not (DATA / path).exists():
            print(f"{name}: not in GUSTO_DATA, left out")
            continue
        kept = compare(arguments.gusto, name, DATA / path if path else None, flags, arguments) and kept
    for name, flags in SIMULATED:
        if arguments.sets and name not in arguments.sets:
            continue
        with tempfile.TemporaryDirectory() as folder:
            made = run(arguments.gusto, "simulate", *flags, "--out", folder + "/" + name, "--quiet")
            if made.returncode != 0:
                sys.exit(f"{name}: {made.stderr.strip()}")
            kept = compare(arguments.gusto, name, folder + "/" + name, [], arguments) and kept
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
