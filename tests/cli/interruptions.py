#!/usr/bin/env python3
"""Interrupts every command at random moments: each ends within a second, with a sentence, status 1 and whole files.

Each command of `gusto --help` is started, waited for until it listens to signals, and interrupted after a random share
of the time that it takes. What it would have written is then either not there, as it was before, or whole; nothing
half-written or temporary is left. A second Ctrl-C ends at once. Every third time the signal is SIGTERM.
"""

import argparse
import hashlib
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import tempfile
import time

import stand_ins

HERE = pathlib.Path(__file__).resolve().parent
STATED = 1.0  # seconds, within which a command ends
# On a machine that does more than it has cores for, seconds of the clock say little; this is added for its load.
SLOW = max(0.0, os.getloadavg()[0] / (os.cpu_count() or 1) - 1)

# By the command's name: lines that take a while, and files that they write, with the command that tests one.
MODEL = "gusto inspect {}"
COMMANDS = {
    "demo": [("gusto demo", None, None)],
    "compare": [("gusto compare --task top-n --json r.json", "r.json", "python3 -m json.tool {}"),
                ("gusto compare big --models bias,svd", None, None)],
    "train": [("gusto train --model biased-mf --set epochs=100 --set dim=128 --out m.gusto", "m.gusto", MODEL),
              ("gusto train --model two-tower --task top-n --checkpoint c --out t.gusto", "t.gusto", MODEL),
              ("gusto train --model sequential --task top-n --checkpoint d --out s.gusto", "s.gusto", MODEL),
              ("gusto train --model ials --task top-n --set dim=256 --out i.gusto", "i.gusto", MODEL),
              ("gusto train --model ease --task top-n --out e.gusto", "e.gusto", MODEL),
              ("gusto train --model bayes-fm --out b.gusto", "b.gusto", MODEL),
              ("gusto train big --model svd --task top-n --memory 4M --out x.gusto", "x.gusto", MODEL)],
    "update": [("gusto update svd.gusto more.csv --out u.gusto", "u.gusto", MODEL)],
    "evaluate": [("gusto evaluate held.gusto", None, None)],
    "predict": [("gusto predict bias.gusto --pairs pairs.csv --out p.csv", "p.csv", "tail -c1 {} | grep -q '^$'")],
    "recommend": [("gusto recommend svd.gusto --users all -n 500 --out l.csv", "l.csv", "tail -c1 {} | grep -q '^$'")],
    "similar": [("gusto similar svd.gusto --user 42 --json", None, None)],
    "chart": [("gusto chart svd.gusto --user 42", None, None)],
    "explain": [("gusto explain knn.gusto --user 42 --item 1", None, None)],
    "export": [("gusto export svd.gusto --vectors v", None, None)],
    "index": [("gusto index svd.gusto --kind hnsw", "svd.gusto", MODEL)],
    "inspect": [("gusto inspect big", None, None), ("gusto inspect svd.gusto", None, None)],
    "convert": [("gusto convert big big.gdata", "big.gdata", "gusto inspect {}"),
                ("gusto convert big --memory 4M big2.gdata", "big2.gdata", "gusto inspect {}")],
    "fetch": [("served . gusto fetch ml-latest-small --cache cache", None, None)],
    "simulate": [("gusto simulate --users 20000 --items 2000 --events 1000000 --out made-up", None, None)],
    "models": [("gusto models --markdown pages", None, None)],
    "doctor": [("gusto doctor", None, None)],
    "completion": [("gusto completion man", None, None)],
}
LONGEST = 2.0  # seconds into a command at which it is interrupted


def listens(process):
    """Waits until the command blocks SIGINT, so that no signal meets the dynamic loader."""
    while process.poll() is None:
        try:
            for child in children(process.pid) if process.args[0] == "served" else [process.pid]:
                status = pathlib.Path(f"/proc/{child}/status").read_text()
                if int(re.search(r"^SigBlk:\s*(\w+)", status, re.M)[1], 16) & 1 << (signal.SIGINT - 1):
                    return child
        except (OSError, TypeError):
            pass
        time.sleep(0.001)
    return None


def children(pid):
    return [int(c) for c in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None


class Sweep:
    def __init__(self, gusto, folder, seed):
        self.folder, self.random = folder, random.Random(seed)
        self.environment = {"PATH": f"{gusto.parent}:{HERE / 'tools'}:{os.environ['PATH']}", "HOME": str(folder),
                            "LC_ALL": "C.UTF-8", "GUSTO_DATA": str(folder / "data"), "TMPDIR": str(folder / "tmp")}
        self.failures, self.count, self.stopped = 0, 0, 0

    def sh(self, command):
        return subprocess.run(["bash", "-c", command], cwd=self.folder, env=self.environment, capture_output=True,
                              text=True, stdin=subprocess.DEVNULL)

    def start(self, command):
        return subprocess.Popen(command.split(), cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def prepare(self):
        (self.folder / "tmp").mkdir()
        stand_ins.write_data(self.folder / "data")
        stand_ins.zip_folder(self.folder / "data/ml-latest-small", self.folder / "ml-latest-small.zip")
        (self.folder / "ml-latest-small.zip.stalls").touch()
        (self.folder / "more.csv").write_text("userId,movieId,rating,timestamp\n42,1,5,1500000000\n")
        (self.folder / "pairs.csv").write_text(
            "user,item\n" + "".join(f"{u},{i}\n" for u in range(1, 600) for i in range(1, 300)))
        for command in ("gusto simulate --quiet --users 30000 --items 3000 --events 2000000 --out data/big",
                        "gusto train --quiet --model svd --task top-n --out svd.gusto",
                        "gusto train --quiet --model bias --out bias.gusto",
                        "gusto train --quiet --model item-knn --task top-n --out knn.gusto",
                        "gusto train --quiet --model svd --split random:0.1 --out held.gusto"):
            done = self.sh(command)
            if done.returncode != 0:
                sys.exit(f"{command}: {done.stderr}")

    def left(self):
        """Temporary files that lie about."""
        return [str(p) for p in self.folder.rglob("*") if p.name.endswith(".tmp") or p.parent == self.folder / "tmp"]

    def interrupt(self, command, file, check, moment, twice):
        self.count += 1
        self.sh("rm -rf made-up pages v cache/*.part")
        path = self.folder / file if file else None
        before = digest(path) if path else None
        process = self.start(command)
        child = listens(process)
        number = signal.SIGTERM if self.count % 3 == 0 else signal.SIGINT
        problems, begin = [], time.monotonic()
        if child is not None:
            try:
                process.wait(moment)
            except subprocess.TimeoutExpired:
                begin = time.monotonic()
                os.kill(child, number)
                if twice:
                    time.sleep(0.02)
                    try:
                        os.kill(child, number)
                    except ProcessLookupError:
                        pass
        said = process.communicate()[1]
        took = time.monotonic() - begin
        # What had ended before the signal came, or was about to, has done its work.
        if process.returncode == 1:
            self.stopped += 1
            if not re.search(r"gusto: (Stopped as asked|Ended at once)", said):
                problems.append(f"said no sentence: {said[-300:]!r}")
            limit = (STATED if not twice else 0.5) * (1 + SLOW)
            if took > limit:
                problems.append(f"took {took:.2f} s to stop, of {limit:.2f}")
        elif process.returncode != 0:
            problems.append(f"status {process.returncode}: {said[-300:]!r}")
        if self.left() and not twice:
            problems.append(f"left {self.left()}")
        if path and path.exists() and digest(path) != before and self.sh(check.format(file)).returncode != 0:
            problems.append(f"left {file} broken")
        self.sh("find . -name '*.tmp' -delete; rm -rf tmp/*")
        for problem in problems:
            self.failures += 1
            print(f"{command} at {moment:.3f} s{' twice' if twice else ''}: {problem}")

    def sweep(self, command, file, check, times):
        longest = LONGEST
        for i in range(times):
            # Early moments more often than late ones; what ended before its signal narrows the range.
            moment = longest * self.random.random() ** 2
            stopped = self.stopped
            begin = time.monotonic()
            self.interrupt(command, file, check, moment, twice=i % 3 == 2)
            if self.stopped == stopped:
                longest = min(longest, time.monotonic() - begin)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gusto", type=lambda p: pathlib.Path(p).resolve(),
                        default=HERE.parent.parent / "build/release/gusto")
    parser.add_argument("--times", type=int, default=3, help="interruptions of each command line")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--only", default="", help="the command of this name")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}")
    with tempfile.TemporaryDirectory(prefix="gusto-interruptions-") as name:
        sweep = Sweep(arguments.gusto, pathlib.Path(name), arguments.seed)
        sweep.prepare()
        verbs = re.findall(r"^  ([a-z]+) ", sweep.sh("gusto --help").stdout.split("Commands:")[1], re.M)
        for verb in verbs:
            if verb not in COMMANDS:
                print(f"{verb}: no command line here interrupts it")
                sweep.failures += 1
            if arguments.only in ("", verb):
                for command, file, check in COMMANDS.get(verb, []):
                    sweep.sweep(command, file, check, arguments.times)
        print(f"{sweep.count} commands, {sweep.stopped} stopped by their signal; {sweep.failures} failures.")
        return 1 if sweep.failures else 0


if __name__ == "__main__":
    sys.exit(main())
