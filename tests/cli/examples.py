#!/usr/bin/env python3
"""Runs the examples of every help text and of the documentation, on small data of the names that they have.

Each page's commands run one after the other in a folder of their own, which has the files that the examples name.
`train` and `compare` without DATA get the small set instead of the embedded one, and `simulate` a small size. What is
not run is listed with the reason; a command that is neither run nor listed does not exist.
"""

import argparse
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile

import stand_ins

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PAGES = ["README.md", "CONTRIBUTING.md", "docs/results.md", *sorted(
    str(p.relative_to(ROOT)) for part in ("guide", "reference", "reference/models", "formats")
    for p in (ROOT / "docs" / part).glob("*.md"))]

# Why an example is not run, by a part of the command.
NOT_RUN = {
    "gusto demo": "cli.demo runs it: it has data of its own, and takes half a minute",
    "--events 1000000000": "a billion events take an hour, and 20 GB",
    "gusto --help": "",  # it runs
}
# The form of a command, and no command: it has names to fill in.
PLACEHOLDERS = re.compile(r"\b[A-Z]{3,}\b(?!\.)|/NAME\b|…|\.\.\.")
WITH_DATA = {"train", "compare"}
FLAGS_WITHOUT_VALUE = {"--quiet", "--skip-bad-lines", "--help"}
LIMIT = 120


def joined(lines):
    """Lines with those that a backslash carries on."""
    whole = ""
    for line in lines:
        whole += line
        if whole.endswith("\\"):
            whole = whole[:-1] + " "
            continue
        yield whole
        whole = ""


def examples_of_help(text):
    behind = text.split("Examples:\n", 1)
    return [line.strip() for line in behind[1].split("\n") if line.strip()] if len(behind) > 1 else []


def examples_of_page(text):
    commands = []
    for language, block in re.findall(r"^```(\w*)\n(.*?)^```", text, re.M | re.S):
        lines = block.split("\n")
        if language in ("sh", "bash", "console"):
            commands += joined(lines)
        elif language == "":
            session = [i for i, line in enumerate(lines) if line.startswith("$ ")]
            for i in session:
                end = i
                while lines[end].endswith("\\"):
                    end += 1
                commands += joined([lines[i][2:], *lines[i + 1:end + 1]])
    outside = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    # In the text, a command's name alone is no example.
    inline = [c.replace(r"\|", "|") for c in re.findall(r"`(gusto [^`]+ [^`]+)`", outside)]
    return [[command.strip() for command in some if command.strip()] for some in (commands, inline)]


def without_remark(command):
    return re.sub(r"\s+#\s.*$", "", command)


def names_data(words):
    """Whether `train` or `compare` is given a data set, or a recipe that may name one."""
    value = False
    for word in words[2:]:
        if word.startswith("--recipe"):
            return True
        if word.startswith("-"):
            value = "=" not in word and word not in FLAGS_WITHOUT_VALUE
        elif value:
            value = False
        else:
            return True
    return False


class Runner:
    def __init__(self, gusto, scratch):
        self.gusto, self.scratch = gusto, scratch
        self.data = scratch / "data"
        self.template = scratch / "template"
        self.ran, self.small, self.failed = 0, 0, 0
        self.listed = {}
        self.cache = scratch / "cache"
        self.environment = {
            "PATH": f"{gusto.parent}:{os.environ['PATH']}", "HOME": str(scratch), "LC_ALL": "C.UTF-8",
            "GUSTO_DATA": str(self.data), "XDG_CACHE_HOME": str(self.cache),
        }

    def sh(self, command, folder):
        return subprocess.run(["bash", "-c", command], cwd=folder, env=self.environment, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=LIMIT)

    def prepare(self):
        """What the examples' files hold."""
        events, films = stand_ins.write_data(self.data)
        for name in ("ml-1m", "ml-20m", "ml-25m"):
            stand_ins.zip_folder(self.data / name, self.cache / "gusto" / f"{name}.zip")
        folder = self.template
        folder.mkdir()
        stand_ins.zip_folder(self.data / "ml-20m", folder / "ml-20m.zip")
        shutil.copytree(self.data / "movie-metadata", folder / "movie-metadata")
        for name in ("docs/reference/models", "examples"):
            (folder / name).mkdir(parents=True)
        shutil.copytree(ROOT / "examples/pipelines", folder / "examples/pipelines")
        shutil.copytree(ROOT / "recipes", folder / "recipes", ignore=shutil.ignore_patterns("splits"))
        shutil.copytree(self.data / "movie-metadata", folder / "recipes/splits")
        rows = "".join(",".join(event) + "\n" for event in events)
        half = len(events) // 2
        header = "userId,movieId,rating,timestamp\n"
        write = lambda name, text: (folder / name).write_text(text, encoding="utf-8")
        write("ratings.csv", header + rows)
        write("a.csv", header + "".join(",".join(e) + "\n" for e in events[:half]))
        write("b.csv", header + "".join(",".join(e) + "\n" for e in events[half:]))
        write("ratings-1.csv", header + rows)
        seen, users = {e[:2] for e in events}, dict.fromkeys(e[0] for e in events)
        fresh = [(u, f) for u in users for f in films if (u, f) not in seen][::17]
        lines = (f"{u},{f},{1 + i % 5},1500000000\n" for i, (u, f) in enumerate(fresh))
        write("new-ratings.csv", header + "".join(lines))
        write("log.txt", "".join(f"{u} {f} x {t}\n" for u, f, _, t in events))
        write("pairs.csv", "userId,movieId,note\n42,1,a\n7,6,b\n")
        write("vips.txt", "42\n7\n")
        write("films.csv", "movieId,title,plot,cast,imdb\n" + "".join(
            f'{f},"{t}",A film of {i} words about {"love" if i % 2 else "war"} and {i % 5} friends,"Ann, Bob",tt{f}\n'
            for i, (f, (t, _)) in enumerate(films.items())))
        write("people.csv", "userId,gender,age\n" + "".join(
            f"{u},{'MF'[i % 2]},{20 + i % 30}\n" for i, u in enumerate(users)))
        with zipfile.ZipFile(folder / "ratings.zip", "w") as archive:
            archive.writestr("ratings.csv", header + rows)
        with zipfile.ZipFile(folder / "logs.zip", "w") as archive:
            archive.writestr("2024/events.csv", header + rows)
            archive.writestr("2025/events.csv", header + rows)
        for page, name in (("docs/guide/evaluate.md", "recipes/mine.toml"), ("docs/reference/recipe.md",
                                                                            "experiment.toml")):
            block = re.search(r"^```toml\n(.*?)^```", (ROOT / page).read_text(encoding="utf-8"), re.M | re.S)
            write(name, block[1])
        write("diverse.toml", '[[candidates]]\nmodel = "films.gusto"\ncount = 50\n')
        features = "--item-features movie-metadata/ml-1m-extrainfos.dat --types 'id, -, -, certificate, -, -, " \
                   "directors=multi(,), writers=multi(,), cast=multi(,), plot=text'"
        for command in (f"train ml-1m {features} --model svd --task top-n --out films.gusto",
                        "train ml-1m --model biased-mf --out ratings.gusto",
                        "train ml-1m --model demographic --task top-n --out charts.gusto",
                        "train ml-1m --model svd --split random:0.1 --out m.gusto",
                        "convert ml-25m ml-25m.gdata", "convert ml-25m log.gdata"):
            done = self.sh(f"gusto {command}", folder)
            if done.returncode != 0:
                sys.exit(f"{command}: {done.stderr}")

    def list(self, reason, page, command):
        self.listed.setdefault(reason, []).append(f"{page}: {command}")

    def page(self, name, commands):
        folder = self.scratch / "page"
        shutil.copytree(self.template, folder)
        assignments = ""
        for command in commands:
            command = without_remark(command)
            if re.fullmatch(r"[A-Z]+='[^']*'", command):
                assignments += command + "\n"
                continue
            if not re.match(r"([A-Z_]+=\S+ )*gusto ", command):
                self.list("other programs", name, command)
                continue
            reason = next((why for part, why in NOT_RUN.items() if part in command and why), None)
            if reason or PLACEHOLDERS.search(re.sub(r'"[^"]*"|\'[^\']*\'|\$?[A-Z_]+=|\$[A-Z]+', "", command)):
                self.list(reason or "the form of a command, with names to fill in", name, command)
                continue
            try:
                words = shlex.split(command)
            except ValueError:
                words = command.split()
            line = command
            if words[1] in WITH_DATA and not names_data(words):
                line += " small"
                self.small += 1
            elif words[1] == "simulate" and "--events" not in words:
                line += " --users 100 --items 80 --events 3000"
                self.small += 1
            try:
                done = self.sh(assignments + line, folder)
                problem = done.stderr.strip() if done.returncode != 0 else ""
                status = done.returncode
            except subprocess.TimeoutExpired:
                problem, status = f"takes longer than {LIMIT} s", "none"
            self.ran += 1
            if status != 0:
                self.failed += 1
                print(f"{name}: {line}\n  status {status}: {problem}")
        shutil.rmtree(folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gusto", type=lambda p: pathlib.Path(p).resolve(), default=ROOT / "build/release/gusto")
    parser.add_argument("--only", default="", help="pages and helps whose name has this part")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gusto-examples-") as folder:
        runner = Runner(arguments.gusto, pathlib.Path(folder))
        runner.prepare()
        verbs = re.findall(r"^  ([a-z]+) ", runner.sh("gusto --help", folder).stdout.split("Commands:")[1], re.M)
        texts = {f"{verb} --help": examples_of_help(runner.sh(f"gusto {verb} --help", folder).stdout) for verb in verbs}
        failures = [f"{name} has no example" for name, commands in texts.items() if not commands]
        for page in PAGES:
            # What the text names stands by itself, and does not follow on the blocks.
            blocks, inline = examples_of_page((ROOT / page).read_text(encoding="utf-8"))
            texts |= {page: blocks, f"{page}, in the text": inline}
        for name, commands in texts.items():
            begin = time.monotonic()
            if arguments.only in name and commands:
                runner.page(name, commands)
                print(f"{name}: {len(commands)} in {time.monotonic() - begin:.1f} s", flush=True)
    for reason, commands in runner.listed.items():
        print(f"Not run, {reason}: {len(commands)}")
        for command in dict.fromkeys(commands):
            print(f"  {command}")
    for failure in failures:
        print(failure)
    print(f"{runner.ran} examples ran, {runner.small} of them with small data; {runner.failed} failed.")
    return 1 if runner.failed or failures else 0


if __name__ == "__main__":
    sys.exit(main())
