#!/usr/bin/env python3
"""The headers that are installed are those of docs/reference/api.md: few, short, and each compiles alone.

usage: public_headers.py PREFIX API_TABLE COMPILER

Each is compiled as the only include of a file, from the installed prefix, as a program from outside would.
"""
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys

MOST_HEADERS = 45
MOST_LINES = 3500
FLAGS = ["-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Werror", "-x", "c++", "-"]


def listed_in(table):
    """The headers of the table, each with its label."""
    return dict(re.findall(r"^\| `(gusto/[^`]+)` \|.*\| (\w+) \|$", table.read_text(), re.M))


def compile_alone(compiler, include, header):
    run = subprocess.run([compiler, "-I", str(include), *FLAGS], input=f"#include <{header}>\n", text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return "" if run.returncode == 0 else f"{header} does not compile alone:\n{run.stdout}"


def main(prefix, table, compiler):
    include = prefix / "include"
    installed = {str(path.relative_to(include)) for path in include.rglob("*") if path.is_file()}
    listed = listed_in(table)
    complaints = [f"{header} is installed, but not listed in {table}." for header in sorted(installed - listed.keys())]
    complaints += [f"{header} is listed in {table}, but not installed." for header in sorted(listed.keys() - installed)]
    complaints += [f"{header} is neither stable nor trial, but {label}." for header, label in listed.items()
                   if label not in ("stable", "trial")]
    lines = 0
    for header in sorted(installed):
        text = (include / header).read_text()
        lines += text.count("\n")
        for included in re.findall(r'^#include ["<](gusto/[^">]+)', text, re.M):
            if included not in installed:
                complaints.append(f"{header} includes {included}, which is not public.")
    if len(installed) > MOST_HEADERS:
        complaints.append(f"{len(installed)} headers are public; at most {MOST_HEADERS} may be.")
    if lines > MOST_LINES:
        complaints.append(f"Public headers have {lines} lines; they may have at most {MOST_LINES}.")
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        complaints += filter(None, pool.map(lambda header: compile_alone(compiler, include, header), sorted(installed)))
    print("\n".join(complaints) or f"{len(installed)} public headers of {lines} lines in all, and each compiles alone.")
    return 1 if complaints or not installed else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3]))
