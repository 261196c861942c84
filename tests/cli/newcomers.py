#!/usr/bin/env python3
"""What newcomers get wrong: each mistake gives a sentence, its exit status, and a remedy that works when followed.

A row is a mistake as a command line, its status, what must be said, and what is done about it: a command line that ends
with status 0, in which {1} is what the sentence proposes.
"""

import argparse
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile

import stand_ins

HERE = pathlib.Path(__file__).resolve().parent
TRAIN = "gusto train ratings.csv --quiet"
BIAS = "gusto compare ratings.csv --quiet --models bias"

ROWS = [
    # Files that are not there, or not what they should be.
    ("gusto inspect raitings.csv", 2, r"no file raitings\.csv.*Did you mean (\S+)\?", "gusto inspect {1}"),
    ("gusto inspect nowhere/ratings.csv", 2, r"no folder nowhere either: check the path", "gusto inspect ratings.csv"),
    ("gusto compare ml-1mm --models bias", 2, r"no data set of that name.*Did you mean (\S+)\?",
     "gusto compare {1} --models bias"),
    ("gusto recommend svd.gutso --user 42", 2, r"Did you mean (svd\.gusto)\?", "gusto recommend {1} --user 42"),
    ("gusto compare --recipe recipe.tml", 2, r"Did you mean (recipe\.toml)\?", "gusto compare --quiet --recipe {1}"),
    ("gusto inspect fetch:ml-1n", 2, r"Did you mean (ml-1m)\?", "gusto inspect fetch:{1}"),
    ("gusto inspect empty.csv", 2, r"empty\.csv is empty.*an event on each line",
     "echo 1,2 > e.csv; gusto inspect e.csv"),
    ("gusto inspect header.csv", 2, r"a header and no events", "echo 1,2 >> header.csv; gusto inspect header.csv"),
    ("gusto inspect one.csv", 2, r"a user and an item on each line, separated by a comma",
     "echo 1,2 > e.csv; gusto inspect e.csv"),
    ("gusto inspect folder", 2, r"folder holds none of .*Name a file with an event on each line",
     "gusto inspect ratings.csv"),
    ("gusto recommend folder --user 42", 1, r"not a regular file.*Name a file", "gusto recommend svd.gusto --user 42"),
    ("gusto inspect junk.bin", 2, r"is not text", "gusto inspect ratings.csv"),
    ("gusto recommend junk.bin --user 42", 2, r"no model file.*such as a trained model",
     "gusto recommend svd.gusto --user 42"),
    ("gusto inspect utf16.csv", 2, r"for example with (iconv -f UTF-16 -t UTF-8)",
     "{1} utf16.csv > utf8.csv && gusto inspect utf8.csv"),
    ("gusto recommend ratings.csv --user 42", 2, r"no model file.*Name a file that gusto has written",
     "gusto recommend svd.gusto --user 42"),
    ("gusto recommend d.gdata --user 42", 2, r"is a data file, and a model file is wanted.*Train a model on it",
     "gusto train d.gdata --quiet --model svd --task top-n --out t.gusto && gusto recommend t.gusto --user 42"),
    ("gusto compare svd.gusto", 2, r"is a model file, and a data set is wanted",
     "gusto compare --models bias ratings.csv"),
    (TRAIN + " --model bias --out x.gusto svd.gusto", 2, r"is a model file|is not text",
     TRAIN + " --model bias --out x.gusto"),
    ("gusto recommend cut.gusto --user 42", 2, r"The file is damaged .*make it again",
     TRAIN + " --model svd --task top-n --out cut.gusto && gusto recommend cut.gusto --user 42"),
    ("gusto inspect cut.gdata", 2, r"make it again", "gusto convert ratings.csv cut.gdata && gusto inspect cut.gdata"),
    ("gusto inspect cut.csv.gz", 2, r"cut short.*Copy or download it again",
     "cp ratings.csv.gz cut.csv.gz; gusto inspect cut.csv.gz"),
    ("gusto inspect cut.csv", 2, r"the file ends in the middle of the line|has 3 fields instead of 4",
     "cp ratings.csv cut.csv; gusto inspect cut.csv"),
    # Names that are mistyped.
    ("gusto comapre ratings.csv", 2, r"Did you mean (\w+)\?", "gusto {1} ratings.csv --models bias"),
    (BIAS + " --modles svd", 2, r'no option "--modles"\. Did you mean (--models)\?',
     "gusto compare ratings.csv {1} svd"),
    ("gusto compare ratings.csv --models biasd-mf", 2, r"Did you mean ([\w-]+)\?",
     "gusto compare ratings.csv --quiet --models {1}"),
    ("gusto models item-nkn", 2, r"Did you mean ([\w-]+)\?", "gusto models {1}"),
    (BIAS + " --metrics rsme", 2, r'Did you mean "(\w+)"\?', BIAS + " --metrics {1}"),
    (BIAS + " --task rating", 2, r"Did you mean (\w+)\?", BIAS + " --task {1}"),
    (BIAS + " --split randon:0.1", 2, r"Splits are (random:0\.1)", BIAS + " --split {1}"),
    (BIAS + " --protocol lightgnc", 2, r'Did you mean "([\w-]+)"\?',
     "gusto compare ml-1m --quiet --models svd --protocol {1}"),
    (TRAIN + " --model svd --set dimm=8 --out m.gusto", 2, r"Did you mean (\w+)\?",
     TRAIN + " --model svd --set {1}=8 --out m.gusto"),
    ("gusto inspect ratings.csv --columns user=usr", 2, r'no column "usr".*The columns are: (\w+)',
     "gusto inspect ratings.csv --columns user={1}"),
    ("gusto inspect strange.csv", 2, r"--columns, for example (\S+)\.", "gusto inspect strange.csv --columns {1}"),
    ("gusto compare --recipe typo.toml", 2, r"typo\.toml:2:1: .*Did you mean (\w+)\?",
     "sed -i s/taks/{1}/ typo.toml; gusto compare --quiet --models svd --recipe typo.toml"),
    ("gusto recommend films.gusto --user 42 --where genr=Comedy", 2, r"Did you mean (\w+)\?",
     "gusto recommend films.gusto --user 42 --where {1}=Comedy"),
    ("gusto recommend films.gusto --user 42 --where genres=Comdy", 2, r"Did you mean (\w+)\?",
     "gusto recommend films.gusto --user 42 --where genres={1}"),
    ("gusto completion powershell", 2, r"Write (bash)", "gusto completion {1}"),
    # Who and what nobody knows.
    ("gusto recommend svd.gusto --user 9999", 2, r'no user "9999".*with --history',
     "gusto recommend svd.gusto --history 1:5"),
    ("gusto recommend sevens.gusto --user 7", 2, r"[Dd]id you mean (7\.0)\?",
     "gusto recommend sevens.gusto --user {1}"),
    ("gusto recommend films.gusto --history 'Zzzz:5'", 2, r"no item.*Type the item's id or the start of its title",
     "gusto recommend films.gusto --history 'Heat:5'"),
    ("gusto recommend films.gusto", 2, r"For example (--user 42)", "gusto recommend films.gusto {1}"),
    ("gusto recommend svd.gusto --history 1:50", 2, r"from ([0-9.]+) to", "gusto recommend svd.gusto --history 1:{1}"),
    ("gusto demo --user 100000", 2, r"no user.*number from 1 to 671", "gusto demo --help"),
    # What a model cannot do.
    (TRAIN + " --model ease --task ratings --out m.gusto", 2, r"Give it (--task top-n)",
     TRAIN + " --model ease {1} --out m.gusto"),
    ("gusto predict svd.gusto --user 42 --item 1", 2, r"Train it with (--task ratings)",
     TRAIN + " --model svd {1} --out s.gusto && gusto predict s.gusto --user 42 --item 1"),
    ("gusto similar bias.gusto --user 42", 2, r"(gusto models)` lists them", "{1} && gusto similar svd.gusto --item 1"),
    ("gusto export bias.gusto --vectors v", 2, r"such as (ials),",
     TRAIN + " --model {1} --out i.gusto && gusto export i.gusto --vectors v"),
    ("gusto evaluate svd.gusto ratings.csv", 2, r"Train with the same split and seed",
     TRAIN + " --model svd --split random:0.1 --out e.gusto && gusto evaluate e.gusto ratings.csv"),
    (TRAIN + " --model svd --checkpoint c --out m.gusto", 2, r"Train it without --checkpoint",
     TRAIN + " --model svd --out m.gusto"),
    (BIAS + " --split last:1 --columns user,item,rating", 2, r"Use the split (\S+) or", BIAS + " --split {1}"),
    ("gusto compare ratings.csv --models ease --memory 1K", 1, r"Raise --memory|memory",
     "gusto compare ratings.csv --models ease --memory 1G"),
    # Numbers.
    (BIAS + " --threads x", 2, r"range (1) to 1024", BIAS + " --threads {1}"),
    (BIAS + " --threads 5000", 2, r"1 to (1024)", BIAS + " --threads {1}"),
    ("gusto recommend svd.gusto --user 42 -n 0", 2, r"range (1) to", "gusto recommend svd.gusto --user 42 -n {1}"),
    ("gusto compare ratings.csv --models svd --k 0", 2, r"such as (10,20)",
     "gusto compare ratings.csv --models svd --task top-n --quiet --k {1}"),
    (TRAIN + " --model svd --set dim=much --out m.gusto", 2, r"whole number from 0 to (4096)",
     TRAIN + " --model svd --set dim={1} --out m.gusto"),
    (BIAS + " --seed -1", 2, r"whole number from (0)", BIAS + " --seed {1}"),
    (BIAS + " --memory lots", 2, r"such as (512M)", BIAS + " --memory {1}"),
    (BIAS + " --split random:2", 2, r"share between 0 and 1.*(random:0\.1)", BIAS + " --split {1}"),
    ("gusto compare ratings.csv --models svd --task top-n --positives 9", 2, r"values go from ([0-9.]+) to",
     "gusto compare ratings.csv --quiet --models svd --task top-n --positives {1}"),
    ("gusto compare ratings.csv --models cosine --task likes --like-threshold 9", 2, r"Give a value between",
     "gusto compare ratings.csv --quiet --models bias --task likes --like-threshold 4"),
    (BIAS + " --since yesterday", 2, r"such as (\d{4}-\d\d-\d\d)", BIAS + " --since 1996-01-01"),
    ("gusto inspect comma.csv", 2, r"Set --decimal to (,) if", "gusto inspect comma.csv --decimal {1}"),
    # What is left out.
    (TRAIN + " --model svd", 2, r"(--out) is required", TRAIN + " --model svd {1} m.gusto"),
    ("gusto recommend", 2, r"For example `(gusto recommend films\.gusto --user 42)`", "{1}"),
    (BIAS + " --split", 2, r"--split: 1 required \S+ missing", BIAS + " --split random:0.1"),
    # Places that can't be written to. Nothing is trained before that is found.
    (TRAIN + " --model svd --out nofolder/m.gusto", 2, r"no folder .*Make it first",
     "mkdir -p nofolder && " + TRAIN + " --model svd --out nofolder/m.gusto"),
    (TRAIN + " --model svd --out folder", 1, r"Give the name of a file", TRAIN + " --model svd --out folder/m.gusto"),
    ("gusto convert ratings.csv away/r.gdata", 2, r"Make it first",
     "mkdir -p away && gusto convert ratings.csv away/r.gdata"),
    ("gusto recommend svd.gusto --users all --out lists.xls", 2, r"ends in (\.csv)",
     "gusto recommend svd.gusto --users all --out lists{1}"),
    ("gusto simulate --users 20 --items 20 --events 100 --out ratings.csv", 1, r"no file has this name",
     "gusto simulate --users 20 --items 20 --events 100 --out fresh"),
    ("gusto simulate --users 20 --items 20 --events 100 --out folder", 2, r"Name a new folder",
     "gusto simulate --users 20 --items 20 --events 100 --out fresh2"),
    ("gusto inspect ratings.csv > /dev/full", 1, r"could not be written in full.*into another file",
     "gusto inspect ratings.csv > report.txt"),
    ("gusto recommend svd.gusto --users all > /dev/full", 1, r"could not be written in full",
     "gusto recommend svd.gusto --users all > lists.txt"),
    ("gusto recommend svd.gusto --users all -n 100 | head -1", 1, r"could not be written in full",
     "gusto recommend svd.gusto --users all -n 100 | cat"),
    # Ctrl-C.
    ("interrupted SIGINT 2 " + TRAIN + " --model biased-mf --set epochs=10000 --set dim=4096 --out c.gusto", 1,
     r"Stopped as asked; nothing was written", TRAIN + " --model biased-mf --out c.gusto"),
]
for verb in ("compare ratings.csv --models bias",
             "evaluate held.gusto ratings.csv", "predict bias.gusto --user 42 --item 1",
             "recommend svd.gusto --user 42", "similar svd.gusto --item 1", "chart films.gusto --user 42",
             "explain svd.gusto --user 42 --item 1", "inspect ratings.csv", "models", "doctor"):
    ROWS.append((f"gusto {verb} --json gone/r.json", 2, r"Make it first",
                 f"mkdir -p gone && gusto {verb} --json gone/r.json; s=$?; rm -r gone; exit $s"))


def prepare(folder, sh):
    events, films = stand_ins.write_data(folder / "data")
    stand_ins.zip_folder(folder / "data/ml-1m", folder / ".cache/gusto/ml-1m.zip")
    rows = "".join(",".join(event) + "\n" for event in events)
    write = lambda name, text: (folder / name).write_text(text, encoding="utf-8")
    write("ratings.csv", "userId,movieId,rating,timestamp\n" + rows)
    write("cut.csv", ("userId,movieId,rating,timestamp\n" + rows)[:1000].rsplit(",", 1)[0])
    write("empty.csv", "")
    write("header.csv", "userId,movieId\n")
    write("one.csv", "1\n2\n")
    write("strange.csv", "a,b,c,d,e,f\n" + "".join(f"k{i},x{i % 3},{i % 4},v,w{i % 2},z\n" for i in range(9)))
    write("comma.csv", "userId;movieId;rating\n1;2;3,5\n2;2;4,0\n")
    write("typo.toml", 'data = "ml-1m"\ntaks = "top-n"\n')
    write("recipe.toml", 'data = "ml-1m"\n[[model]]\nname = "bias"\n')
    write("sevens.csv", "userId,movieId\n" + "".join(f"{u}.0,{i}\n" for u in range(5, 9) for i in range(u, u + 4)))
    random.seed(1)
    (folder / "junk.bin").write_bytes(bytes(random.randrange(256) for _ in range(3000)))
    (folder / "utf16.csv").write_text("userId,movieId,rating\n1,2,3\n2,2,4\n", encoding="utf-16")
    (folder / "folder").mkdir()
    (folder / "folder/notes.txt").write_text("notes\n")
    for command in (TRAIN + " --model svd --task top-n --out svd.gusto", TRAIN + " --model bias --out bias.gusto",
                    TRAIN + " --model svd --split random:0.1 --out held.gusto",
                    "gusto train ml-1m --quiet --model svd --task top-n --out films.gusto",
                    "gusto train sevens.csv --quiet --model popularity --out sevens.gusto",
                    "gusto convert ratings.csv d.gdata", "gzip -k ratings.csv", "head -c 3000 svd.gusto > cut.gusto",
                    "head -c 2000 d.gdata > cut.gdata", "head -c 2000 ratings.csv.gz > cut.csv.gz"):
        done = sh(command)
        if done.returncode != 0:
            sys.exit(f"{command}: {done.stderr}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gusto", type=lambda p: pathlib.Path(p).resolve(),
                        default=HERE.parent.parent / "build/release/gusto")
    parser.add_argument("--only", default="", help="mistakes that have this text")
    arguments = parser.parse_args()
    failures = 0
    with tempfile.TemporaryDirectory(prefix="gusto-newcomers-") as name:
        folder = pathlib.Path(name)
        environment = {"PATH": f"{arguments.gusto.parent}:{HERE / 'tools'}:{os.environ['PATH']}", "HOME": name,
                       "LC_ALL": "C.UTF-8", "GUSTO_DATA": str(folder / "data")}
        sh = lambda command: subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=folder, env=environment,
                                            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
        prepare(folder, sh)
        rows = [row for row in ROWS if arguments.only in row[0]]
        for mistake, status, says, remedy in rows:
            done = sh(mistake)
            said = " ".join(done.stderr.split())
            problems = []
            if done.returncode != status:
                problems.append(f"status {done.returncode}, not {status}")
            found = re.search(says, said)
            if "gusto: " not in said or found is None:
                problems.append(f"says nothing of {says}")
            elif not re.search(r"[.?`]$", said):
                problems.append("ends in the middle of a sentence")
            else:
                follow = remedy.replace("{1}", found[1] if found.groups() else "")
                after = sh(follow)
                if after.returncode != 0:
                    problems.append(f"the remedy fails with status {after.returncode}: {follow}\n    {after.stderr}")
            if problems:
                failures += 1
                print(f"$ {mistake}\n    {said}")
                for problem in problems:
                    print(f"  {problem}")
    print(f"{len(rows) - failures} of {len(rows)} mistakes were answered with a sentence and a remedy that works.")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
