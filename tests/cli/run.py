#!/usr/bin/env python3
"""Runs tests as text: commands of `gusto` with the output that they must give. See README.md beside this file."""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unicodedata

HERE = pathlib.Path(__file__).resolve().parent
PATTERNS = {
    "{number}": r"[-+]?[0-9][0-9,]*(?:\.[0-9]+)?|[-+]?\.[0-9]+",
    "{time}": r"[0-9.]+ (?:s|ms|min)(?: [0-9.]+ s)?",
    "{size}": r"[0-9.]+ (?:B|KiB|MiB|GiB|TiB)",
    "{hash}": r"[0-9a-f]{16}",
    "{any}": r".*?",
}
WIDEST = 80


class Step:
    """One command, the lines that must come out, and where they stand in the file."""

    def __init__(self, line, command):
        self.line, self.command = line, command
        self.out, self.err, self.status = [], [], 0
        self.begin = self.end = line  # of the expectation, as lines of the file


def parse(lines):
    steps = []
    for number, line in enumerate(lines):
        if line.startswith("$ "):
            steps.append(Step(number + 1, line[2:]))
        elif steps and line.startswith("> "):
            steps[-1].command += "\n" + line[2:]
            steps[-1].begin = number + 1
        elif line.startswith("#") and (not steps or steps[-1].begin == steps[-1].end == number):
            continue
        elif steps:
            step = steps[-1]
            if match := re.fullmatch(r"\[status (\d+)\]", line):
                step.status = int(match[1])
            elif line.startswith("! "):
                step.err.append(line[2:])
            elif line.startswith("#"):
                continue
            else:
                step.out.append(line)
            if line:
                step.end = number + 1
    for step in steps:
        step.end = max(step.end, step.begin)
        while step.out and not step.out[-1]:
            step.out.pop()
    return steps


def regex_of(line):
    parts = re.split("(" + "|".join(map(re.escape, PATTERNS)) + ")", line)
    # Columns move with the width of a number, so beside a pattern any run of spaces will do.
    loose = len(parts) > 1
    def literal(text):
        text = re.escape(text)
        return re.sub(r"(?:\\ )+", r" +", text) if loose else text
    return re.compile("".join(f"(?:{PATTERNS[p]})" if p in PATTERNS else literal(p) for p in parts))


def matches(wanted, got):
    """Whether lines match, `...` standing for any number of lines."""
    if not wanted:
        return not got
    if wanted[0] == "...":
        return any(matches(wanted[1:], got[i:]) for i in range(len(got) + 1))
    return bool(got) and regex_of(wanted[0]).fullmatch(got[0]) is not None and matches(wanted[1:], got[1:])


def width(line):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


def lines_of(text):
    lines = text.split("\n")
    while lines and not lines[-1]:
        lines.pop()
    return lines


def run(path, gusto, update):
    lines = path.read_text(encoding="utf-8").split("\n")
    wide = "#: wide" in lines
    steps = parse(lines)
    failures = 0
    with tempfile.TemporaryDirectory(prefix="gusto-cli-") as folder:
        environment = {
            "PATH": f"{gusto.parent}:{HERE / 'tools'}:{os.environ['PATH']}",
            "HOME": folder,
            "LC_ALL": "C.UTF-8",
            "TERM": "xterm",
            "SOURCE": str(HERE.parent.parent),
        }
        for step in steps:
            done = subprocess.run(["bash", "-c", step.command], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                                  capture_output=True, timeout=240)
            out, err = (lines_of(s.decode("utf-8", "replace")) for s in (done.stdout, done.stderr))
            problems = []
            if done.returncode != step.status:
                problems.append(f"exit status {done.returncode}, not {step.status}")
            if not matches(step.out, out):
                problems.append("standard output differs")
            if not matches(step.err, err):
                problems.append("standard error differs")
            for line in out:
                if not wide and width(line) > WIDEST:
                    problems.append(f"{width(line)} columns: {line}")
            if problems:
                failures += 1
                print(f"{path.name}:{step.line}: $ {step.command}")
                for problem in problems:
                    print(f"  {problem}")
                print("  it gave:")
                status = [f"[status {done.returncode}]"] * bool(done.returncode)
                for line in out + [f"! {line}" for line in err] + status:
                    print(f"    {line}")
            step.actual = out + [f"! {line}" for line in err] + [f"[status {done.returncode}]"] * bool(done.returncode)
            step.failed = bool(problems)
    if update:
        for step in reversed(steps):
            if step.failed:
                lines[step.begin:step.end] = step.actual
        path.write_text("\n".join(lines), encoding="utf-8")
    print(f"{path.name}: {len(steps) - failures} of {len(steps)} commands did as expected")
    return failures == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tests", nargs="+", type=pathlib.Path, help="*.test files")
    parser.add_argument("--gusto", type=lambda p: pathlib.Path(p).resolve(),
                        default=HERE.parent.parent / "build/release/gusto")
    parser.add_argument("--update", action="store_true", help="write what came out into the files where it differs")
    arguments = parser.parse_args()
    results = [run(path, arguments.gusto, arguments.update) for path in arguments.tests]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
