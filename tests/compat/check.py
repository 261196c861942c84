"""Asks the stored model files what answers.json says they were asked, and compares what comes back.

usage: check.py GUSTO [--list | --record]

--list    prints the questions and asks nothing
--record  asks what questions.txt holds and writes answers.json, instead of comparing
Exit status: 0 all as recorded, 1 something differs, 2 a mistake in the command.

Tables are read by the names in their heads, so that columns may be added and prose may change. Rows must name the same
items in the same order; numbers may differ by one in the last printed digit, since processors round differently, and
rows whose numbers are no further apart than that may change places.
"""

import csv
import io
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

FOLDER = pathlib.Path(__file__).resolve().parent
ANSWERS = FOLDER / "answers.json"

# What a row is about, and the number that it has its place by; the first that a table has is meant.
SUBJECTS = ("title", "item", "id", "user", "because of", "metric", "option")
SCORES = ("score", "similarity", "adds", "mean")
# Columns that may be missing from a table: a reader would not miss them.
DISPENSABLE = {"genres", "events", "better"}
# Metrics of `compare` on the data file may differ by this: models are trained for it.
TRAINED = 2e-4


class Trouble(Exception):
    pass


# ------------------------------------------------------------------------------------------- reading what is printed


def columns_of(lines):
    """Begin and end of each column: what two or more blanks in every line part."""
    width = max(map(len, lines))
    blank = [all(i >= len(line) or line[i] == " " for line in lines) for i in range(width)]
    spans, begin, i = [], None, 0
    while i <= width:
        if i == width or (blank[i] and (i + 1 >= width or blank[i + 1])):
            if begin is not None:
                spans.append((begin, i))
            begin = None
            while i < width and blank[i]:
                i += 1
            if i == width:
                break
            begin = i
        elif begin is None:
            begin = i
        i += 1
    return spans


def tables_of(text):
    """The tables of an output: (heads, rows), a row being cells by head. Columns without a head are left out: bars."""
    lines = text.split("\n")
    found = []
    for at, line in enumerate(lines):
        if not re.fullmatch("─{3,}", line.strip()):
            continue
        above = below = at
        width = len(line.rstrip())
        # A head may have several lines; above it is a blank line, or a sentence, which ends in ":" or is longer.
        while above > 0 and lines[above - 1].strip() and not lines[above - 1].rstrip().endswith(":"):
            if len(lines[above - 1].rstrip()) > width:
                break
            above -= 1
        while below + 1 < len(lines) and lines[below + 1].strip():
            below += 1
        head, body = lines[above:at], lines[at + 1 : below + 1]
        # Sentences may follow at once: they are longer, or end as no row does.
        while body and (len(body[-1].rstrip()) > width or re.search(r"[a-z][.:;]$", body[-1].rstrip())):
            body.pop()
        if not head or not body:
            continue
        spans = columns_of(head + body)
        names = []
        for begin, end in spans:
            parts = [part[begin:end].strip() for part in head]
            names.append(re.sub(r"- (?=[a-z])", "", " ".join(part for part in parts if part)))
        rows = []
        for text_row in body:
            cells = {name: text_row[b:e].strip() for name, (b, e) in zip(names, spans) if name}
            if rows and names[0] == "option" and not cells["option"]:
                rows[-1] = {name: f"{rows[-1][name]} {cell}".strip() for name, cell in cells.items()}
            else:
                rows.append(cells)
        found.append(([name for name in names if name], rows))
    return found


def carry_down(rows, heads):
    """In a chart, a genre stands in the first of its rows only."""
    if rows and heads and heads[0] == "genres" and any(not row["genres"] for row in rows):
        last = ""
        for row in rows:
            last = row["genres"] = row["genres"] or last
    return rows


def read_answer(arguments, text):
    command = arguments[0]
    if command == "compare":
        result = json.loads(text)
        return {
            "folds": {fold["name"]: fold["hash"] for fold in result["folds"]},
            "metrics": {
                f"{entry['label']} {name}": metric["mean"]
                for entry in result["results"]
                for name, metric in entry["metrics"].items()
            },
        }
    if command == "predict" and "--pairs" in arguments:
        rows = list(csv.DictReader(io.StringIO(text)))
        return {"columns": list(rows[0]), "rows": [list(row.values()) for row in rows]}
    if command == "predict":
        values = re.findall(r"[-+]?\d*\.\d+|[-+]?\d+", text.strip().rsplit(": ", 1)[-1])
        if not values:
            raise Trouble(f"no number in {text!r}")
        return {"values": values}
    tables = tables_of(text)
    wanted = ("option",) if command == "inspect" and arguments[1].endswith(".gusto") else SUBJECTS
    if command == "inspect" and not arguments[1].endswith(".gusto"):
        wanted = ("feature",)
    for heads, rows in tables:
        if any(name in heads for name in wanted):
            if command == "chart":
                carry_down(rows, heads)
            return {"columns": heads, "rows": [[row[head] for head in heads] for row in rows]}
    raise Trouble("no table with " + " or ".join(wanted) + " in:\n" + text.rstrip())


def ask(gusto, question):
    arguments = shlex.split(question)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GUSTO_")} | {"LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        [gusto, *arguments], cwd=FOLDER, env=environment, capture_output=True, text=True, encoding="utf-8", timeout=120
    )
    if done.returncode != 0:
        raise Trouble(f"exit status {done.returncode}: {done.stderr.strip() or done.stdout.strip()}")
    return read_answer(arguments, done.stdout)


# --------------------------------------------------------------------------------------------------------- comparing

NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?")


def number(text):
    """A printed number and the worth of its last digit, or None."""
    if not NUMBER.fullmatch(text):
        return None
    mantissa, _, exponent = text.partition("e")
    decimals = len(mantissa.partition(".")[2])
    return float(text), 10.0 ** (int(exponent or 0) - decimals)


def near(a, b):
    """Whether numbers differ by one in the last digit at most, or texts are equal, one of them perhaps cut short."""
    x, y = number(a), number(b)
    if x and y:
        return abs(x[0] - y[0]) <= 1.001 * max(x[1], y[1])
    if "…" in (a[-1:], b[-1:]):
        length = min(len(text.rstrip("…")) for text in (a, b) if text.endswith("…"))
        return a[:length] == b[:length]
    return a == b


def label(text):
    """What a row is about. Reasons that are no item or user are prose, which may change: "53 more", "global mean"."""
    return text if re.search(r"\(\d{4}\)$|^№|^user |^\d+$|…$", text) else "·"


def first_of(names, heads, what):
    for name in names:
        if name in heads:
            return name
    raise Trouble(f"no column for the {what} among {heads}")


# What options and columns were called when the answers were recorded, and are called now.
RENAMED = {
    "hits": "accidental_hits",
    "last": "max_history",
    "per": "smoothing_feature",
    "soup": "merge_fields",
    "stored": "stored_neighbors",
    "taste": "method",
    "unknown": "unknown_rate",
    "unobserved": "unobserved_weight",
    "spread": "stddev",
    "alike": "similar",
}


def compare_tables(question, old, new, missing):
    arguments = shlex.split(question)
    heads = [RENAMED.get(name, name) if RENAMED.get(name) in new["columns"] else name for name in old["columns"]]
    before = [dict(zip(heads, row)) for row in old["rows"]]
    for row in before:
        if "option" in row:
            row["option"] = RENAMED.get(row["option"], row["option"])
    after = [dict(zip(new["columns"], row)) for row in new["rows"]]
    command = arguments[0]
    if command == "inspect":
        by = "option" if "option" in old["columns"] else "feature"
        found = {row[by]: row for row in after}
        for row in before:
            if row[by] not in found:
                yield f"{by} {row[by]} is gone"
            elif not near_rows(row, found[row[by]], missing):
                yield f"{by} {row[by]}: was {row}, is {found[row[by]]}"
        return
    if len(before) != len(after):
        yield f"{len(before)} rows were recorded, {len(after)} came"
    if command == "predict" or command == "evaluate":
        subjects = [name for name in ("user", "item", "metric") if name in old["columns"]]
        for row, now in zip(before, after):
            if any(row[name] != now.get(name) for name in subjects) or not near_rows(row, now, missing):
                yield f"was {row}, is {now}"
        return
    was_about, was_score = first_of(SUBJECTS, old["columns"], "subject"), score_column(old["columns"])
    is_about, is_score = first_of(SUBJECTS, new["columns"], "subject"), score_column(new["columns"])
    group = "genres" if command == "chart" else None

    def about(row, column):
        text = label(row[column]) if command == "explain" else row[column]
        return (row[group], text) if group else ("", text)

    def same(a, b):
        return a[0] == b[0] and near(a[1], b[1])

    for place, (row, now) in enumerate(zip(before, after)):
        if not near(row[was_score], now[is_score]):
            yield f"row {place + 1}: was {show(row)}, is {show(now)}"
            continue
        if same(about(row, was_about), about(now, is_about)):
            if not near_rows(row, now, missing, {was_about, was_score}):
                yield f"row {place + 1}: was {show(row)}, is {show(now)}"
            continue
        tied = [other for other in before if near(other[was_score], row[was_score])]
        tied = [other for other in tied if same(about(other, was_about), about(now, is_about))]
        last = near(before[-1][was_score], now[is_score]) and not any(
            same(about(other, was_about), about(now, is_about)) for other in before
        )
        if not tied and not last:
            yield f"row {place + 1}: was {show(row)}, is {show(now)}"


def score_column(heads):
    for name in (*SCORES, "rank score", "relevance", "its score"):
        if name in heads:
            return name
    raise Trouble(f"no column for the score among {heads}")


def near_rows(row, now, missing, but=frozenset()):
    """Whether all cells are near that both have; names of those that are gone are added to `missing`."""
    missing |= row.keys() - now.keys() - but - DISPENSABLE - set(SUBJECTS)
    return all(near(text, now[name]) for name, text in row.items() if name in now and name not in but)


def show(row):
    return "  ".join(f"{name} {text}" if number(text) else text for name, text in row.items())


def differences(question, old, new, missing):
    if "metrics" in old:
        for part in ("folds", "metrics"):
            for name, value in old[part].items():
                now = new[part].get(name)
                same = now == value if part == "folds" else now is not None and abs(now - value) <= TRAINED
                if not same:
                    yield f"{name}: was {value}, is {now}"
    elif "values" in old:
        if len(old["values"]) != len(new["values"]) or not all(map(near, old["values"], new["values"])):
            yield f"was {' ± '.join(old['values'])}, is {' ± '.join(new['values'])}"
    else:
        yield from compare_tables(question, old, new, missing)


# -------------------------------------------------------------------------------------------------------------- main


def questions():
    lines = (FOLDER / "questions.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def record(gusto):
    answers = []
    for question in questions():
        try:
            answers.append({"ask": question, **ask(gusto, question)})
        except (Trouble, ValueError, KeyError, subprocess.TimeoutExpired) as trouble:
            sys.exit(f"{question}\n  {trouble}")
    with open(ANSWERS, "w", encoding="utf-8") as file:
        file.write("[\n" + ",\n".join(written(answer) for answer in answers) + "\n]\n")
    print(f"Recorded {len(answers)} answers.")


def written(answer):
    """An answer as JSON, each row on a line of its own."""
    parts = []
    for key, value in answer.items():
        text = json.dumps(value, ensure_ascii=False)
        if key in ("rows", "metrics"):
            inner = value if key == "rows" else [f"{json.dumps(k)}: {v}" for k, v in value.items()]
            inner = [json.dumps(row, ensure_ascii=False) if key == "rows" else row for row in inner]
            text = "[{}"[key == "metrics"] + "\n  " + ",\n  ".join(inner) + "]}"[key == "metrics"]
        parts.append(f"{json.dumps(key)}: {text}")
    return "{" + ",\n ".join(parts) + "}"


def main():
    flags = [argument for argument in sys.argv[1:] if argument.startswith("--")]
    rest = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    if len(rest) != 1 or len(flags) > 1 or not set(flags) <= {"--list", "--record"}:
        print(__doc__.split("\n\n")[1], file=sys.stderr)
        return 2
    gusto = str(pathlib.Path(rest[0]).resolve())
    if flags == ["--record"]:
        record(gusto)
        return 0
    answers = json.loads(ANSWERS.read_text(encoding="utf-8"))
    if flags == ["--list"]:
        print("\n".join("gusto " + answer["ask"] for answer in answers))
        return 0
    wrong = 0
    missing = set()
    for answer in answers:
        try:
            found = list(differences(answer["ask"], answer, ask(gusto, answer["ask"]), missing))
        except (Trouble, ValueError, KeyError, subprocess.TimeoutExpired) as trouble:
            found = [f"{type(trouble).__name__}: {trouble}" if not isinstance(trouble, Trouble) else str(trouble)]
        if found:
            wrong += 1
            print(f"gusto {answer['ask']}")
            for line in found:
                print("  " + line.replace("\n", "\n  "))
    if missing:
        print("Not compared, since no column has that head now: " + ", ".join(sorted(missing)))
    print(f"{len(answers)} questions, {wrong} with another answer than recorded.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
