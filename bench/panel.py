#!/usr/bin/env python3
"""Ranks every model by its defaults on a panel of unlike data sets, and says where one loses to what knows nobody.

    bench/panel.py                       # all sets that are there: of GUSTO_DATA, simulated, and made by hand
    bench/panel.py --sets yelp-lists citeulike-a --models ials,bpr,ease,popularity
    bench/panel.py --task ratings --budget 2m

Each line is a data set, and its models from best to worst with their figures: NDCG@10 of top lists, RMSE of ratings.
"!" marks a model that loses to popularity by more than twice the larger standard error, and makes the exit status 1:
no model that is personalized may, by its defaults, unless its page says so (KNOWN).
"""

import argparse
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
DATA = pathlib.Path(os.environ.get("GUSTO_DATA", ROOT / "../shared/data"))

# Name, path within GUSTO_DATA, flags.
STORED = [
    ("embedded", None, []),
    ("ml-100k", "ml-100k", []),
    ("ml-latest-small", "ml-latest-small-2018", []),
    ("digital-music", "panel/digital-music.txt", []),
    ("lastfm-plays", "panel/lastfm-plays.tsv", []),
    ("citeulike-a", "panel/citeulike-a.txt", []),
    ("epinions", "panel/epinions.train.tsv", ["--columns", "user,item"]),
    ("yelp-lists", "panel/yelp-lists.txt", []),
]
# Name, flags of gusto simulate.
SIMULATED = [
    ("tiny", ["--users", "40", "--items", "30", "--events", "400"]),
    ("few-items", ["--users", "5000", "--items", "60", "--events", "60000"]),
    ("few-users", ["--users", "60", "--items", "3000", "--events", "9000"]),
    ("biased-choice", ["--users", "2000", "--items", "1000", "--events", "60000", "--exposure", "1"]),
    ("sparse-shop", ["--users", "20000", "--items", "12000", "--events", "200000"]),
    ("flat-tail", ["--users", "3000", "--items", "1500", "--events", "60000", "--tail", "0"]),
    ("opposite-pairs", ["--users", "2000", "--items", "800", "--events", "40000", "--groups", "2", "--tail", "0.5"]),
    ("counted-plays", ["--users", "3000", "--items", "2000", "--events", "90000", "--counts"]),
    ("no-choosiness", ["--users", "3000", "--items", "800", "--events", "54000", "--choosiness", "0"]),
]
# Where a model is known to lose, and its page says why.
SPLIT_AT_RANDOM = {"embedded", "tiny", "few-users", "ml-100k", "ml-latest-small", "digital-music", "no-taste"}
NO_TASTE = {"no-taste", "no-choosiness"}
KNOWN = {
    "softmax": SPLIT_AT_RANDOM,
    "sequential": SPLIT_AT_RANDOM,
    **{name: NO_TASTE for name in ("svd", "graph", "ials", "als", "biased-mf", "svdpp", "two-tower", "user-knn")},
}
UNPERSONALIZED = {"popularity", "bias", "demographic"}


def opposite_groups(rng):
    """Two groups of users like what the other one dislikes; they meet items at random."""
    for user in range(120):
        for item in rng.sample(range(40), 20):
            likes = (item < 20) == (user % 2 == 0)
            yield user, item, rng.choice([4, 5] if likes else [1, 2])


def two_halves(rng):
    """Half of the users choose from one half of the items, the others from the other one; none is popular."""
    for user in range(2000):
        own = 300 * (user % 2)
        for item in {own + rng.randrange(300) for _ in range(13)} | {300 - own + rng.randrange(300) for _ in range(2)}:
            yield user, item, 1


def flat_popularity(rng):
    """Twenty groups of items, of which a user likes two; none is popular."""
    for user in range(4000):
        likes = [rng.randrange(20), rng.randrange(20)]
        for item in {rng.choice(likes) * 100 + rng.randrange(100) if rng.random() < 0.7 else rng.randrange(2000)
                     for _ in range(14)}:
            yield user, item, 1


def play_counts(rng):
    """Counts with a long tail, high where the artist is to the user's taste."""
    for user in range(3000):
        likes = [rng.randrange(15), rng.randrange(15)]
        for item in {rng.choice(likes) * 150 + min(int(rng.paretovariate(0.8)) - 1, 149) if rng.random() < 0.6
                     else min(int(rng.paretovariate(0.5)), 2250) - 1 for _ in range(30)}:
            yield user, item, int(rng.lognormvariate(4 if item // 150 in likes else 1.5, 1.5)) + 1


def jokes(rng):
    """Values from -10 to 10, of few items."""
    tastes = [[rng.gauss(0, 1) for _ in range(3)] for _ in range(100)]
    quality = [rng.gauss(0.5, 2) for _ in range(100)]
    for user in range(1500):
        own, bias = [rng.gauss(0, 1) for _ in range(3)], rng.gauss(0, 2)
        for item in rng.sample(range(100), 30):
            value = bias + quality[item] + 1.6 * sum(a * b for a, b in zip(own, tastes[item])) + rng.gauss(0, 3)
            yield user, item, round(max(-10, min(10, value)), 2)


def no_taste(rng):
    """Everybody draws from the same popular items: nothing is to be learned of anybody."""
    weights = [1 / (item + 5) for item in range(800)]
    for user in range(3000):
        for item in set(rng.choices(range(800), weights, k=18)):
            yield user, item, 1


HAND_MADE = {
    "opposite-groups": opposite_groups,
    "two-halves": two_halves,
    "flat-popularity": flat_popularity,
    "play-counts": play_counts,
    "jokes": jokes,
    "no-taste": no_taste,
}


def write_events(make, path):
    rng = random.Random(7)
    rows = list(make(rng))
    rng.shuffle(rows)
    path.write_text("user,item,value\n" + "".join(f"{u},{i},{v}\n" for u, i, v in rows))


class Panel:
    def __init__(self, arguments):
        self.arguments = arguments
        self.metric = {"top-n": "ndcg@10", "ratings": "rmse"}[arguments.task]
        self.kept = True

    def measure(self, name, data, flags):
        """All models of one data set by one comparison."""
        with tempfile.TemporaryDirectory() as folder:
            results = pathlib.Path(folder) / "results.json"
            command = [self.arguments.gusto, "compare", *([str(data)] if data else []), *flags, "--quiet",
                       "--task", self.arguments.task, "--metrics", self.metric.split("@")[0], "--json", str(results)]
            if self.arguments.models:
                command += ["--models", self.arguments.models]
            if self.arguments.budget:
                command += ["--budget", self.arguments.budget]
            done = subprocess.run(command, capture_output=True, text=True)
            if not results.exists():
                print(f"{name}: {done.stderr.strip().splitlines()[0]}")
                self.kept = False
                return
            self.report(name, json.loads(results.read_text())["results"])

    def report(self, name, results):
        measured = [(r["metrics"][self.metric], r) for r in results if self.metric in r.get("metrics", {})]
        sign = 1 if self.metric == "rmse" else -1
        measured.sort(key=lambda pair: sign * pair[0]["mean"])
        floor = next((metric for metric, r in measured if r["model"] == "popularity"), None)
        texts = []
        for metric, result in measured:
            gap = sign * (metric["mean"] - floor["mean"]) if floor else 0
            loses = result["model"] not in UNPERSONALIZED and floor and gap > 2 * max(metric["stderr"], floor["stderr"])
            known = name in KNOWN.get(result["model"], ())
            self.kept = self.kept and (not loses or known)
            texts.append(f"{'(!)' if loses and known else '!' if loses else ''}{result['label']} {metric['mean']:.4f}")
        texts += [f"{r['label']} refused: {r['refusal']['message']}" for r in results if "refusal" in r]
        print(f"{name}: {', '.join(texts)}", flush=True)

    def run(self):
        wanted = lambda name: not self.arguments.sets or name in self.arguments.sets
        for name, path, flags in STORED:
            if wanted(name) and path and not (DATA / path).exists():
                print(f"{name}: not in GUSTO_DATA, left out")
            elif wanted(name):
                self.measure(name, DATA / path if path else None, flags)
        with tempfile.TemporaryDirectory() as folder:
            for name, flags in SIMULATED:
                if wanted(name):
                    made = pathlib.Path(folder) / name
                    subprocess.run([self.arguments.gusto, "simulate", *flags, "--out", str(made), "--quiet"],
                                   check=True, stdout=subprocess.DEVNULL)
                    self.measure(name, made, [])
            for name, make in HAND_MADE.items():
                if wanted(name):
                    made = pathlib.Path(folder) / f"{name}.csv"
                    write_events(make, made)
                    self.measure(name, made, [])
        return 0 if self.kept else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gusto", default=str(ROOT / "build/release/gusto"))
    parser.add_argument("--task", choices=["top-n", "ratings"], default="top-n")
    parser.add_argument("--models", help="names, divided by commas; default: all that can do the task")
    parser.add_argument("--sets", nargs="*", help="names of data sets; default: all that are there")
    parser.add_argument("--budget", help="what a training may take, such as 2m; slower models are left out, and named")
    return Panel(parser.parse_args()).run()


if __name__ == "__main__":
    sys.exit(main())
