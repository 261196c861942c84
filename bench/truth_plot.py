#!/usr/bin/env python3
"""Draws docs/images/truth.svg: how models come close to the truth behind simulated data as events a user grow.

    bench/truth_plot.py build/release/gusto docs/images/truth.svg

Makes data with `gusto simulate`, measures models with `gusto compare`, and writes the figures as an SVG and, to
standard output, as a Markdown table. Needs nothing but Python's standard library; takes minutes on two cores.
"""
import json
import math
import pathlib
import subprocess
import sys
import tempfile

import charts

USERS, ITEMS = 6000, 1000
EACH = [10, 20, 40, 80, 160, 320]
PANELS = [
    {"task": "ratings", "split": "random:0.1", "metric": "rmse", "title": "Predicting ratings: RMSE",
     "models": ["bias", "item-knn", "embedding-bias", "biased-mf"], "truth": "rmse"},
    {"task": "top-n", "split": "holdout:0.2", "metric": "ndcg@10", "title": "Ranking items: NDCG@10",
     "models": ["popularity", "item-knn", "svd"], "truth": "ndcg@10"},
]
COLOURS = {"bias": "#8a6d3b", "popularity": "#8a6d3b", "item-knn": "#1b7f5c", "embedding-bias": "#7a4fb5",
           "biased-mf": "#1f6fb4", "svd": "#1f6fb4", "the truth": "#222222"}


def measure(gusto):
    """For each panel: name → [(mean, standard error)] in the order of EACH."""
    results = [{name: [] for name in panel["models"] + ["the truth"]} for panel in PANELS]
    with tempfile.TemporaryDirectory() as folder:
        for each in EACH:
            data = pathlib.Path(folder) / str(each)
            subprocess.run([gusto, "simulate", "--quiet", "--users", str(USERS), "--items", str(ITEMS), "--events",
                            str(USERS * each), "--out", data], check=True, stdout=subprocess.DEVNULL)
            truth = json.loads((data / "truth.json").read_text())
            for panel, series in zip(PANELS, results):
                report = pathlib.Path(folder) / "report.json"
                subprocess.run([gusto, "compare", data, "--quiet", "--task", panel["task"], "--split", panel["split"],
                                "--metrics", panel["metric"].split("@")[0], "--models", ",".join(panel["models"]),
                                "--json", report], check=True, stdout=subprocess.DEVNULL)
                for result in json.loads(report.read_text())["results"]:
                    metric = result["metrics"][panel["metric"]]
                    series[result["model"]].append((metric["mean"], metric["stderr"]))
                series["the truth"].append((truth[panel["truth"]], truth[panel["truth"] + "_error"]))
    return results


def table(results):
    for panel, series in zip(PANELS, results):
        print(f"{panel['title']}\n\n| events a user | " + " | ".join(map(str, EACH)) + " |")
        print("|---" * (len(EACH) + 1) + "|")
        for name, points in series.items():
            cells = [f"{mean:.3f}".replace("0.", ".", 1) for mean, _ in points]
            print(f"| {name} | " + " | ".join(cells) + " |")
        print()


def draw_panel(panel, series, left, top, width, height):
    low = min(mean for points in series.values() for mean, _ in points)
    high = max(mean for points in series.values() for mean, _ in points)
    step = 0.05 if high - low < 0.5 else 0.1
    low, high = math.floor(low / step - 0.2) * step, math.ceil(high / step + 0.2) * step

    def x(each):
        return left + width * math.log(each / EACH[0]) / math.log(EACH[-1] / EACH[0])

    def y(value):
        return top + height * (high - value) / (high - low)

    out = [f'<text x="{left}" y="{top - 18}" class="title">{panel["title"]}</text>']
    for n in range(round((high - low) / step) + 1):
        value = low + n * step
        out.append(f'<line x1="{left}" x2="{left + width}" y1="{y(value):.1f}" y2="{y(value):.1f}" class="grid"/>')
        out.append(f'<text x="{left - 8}" y="{y(value) + 4:.1f}" class="tick" text-anchor="end">{value:.2f}</text>')
    for each in EACH:
        out.append(f'<text x="{x(each):.1f}" y="{top + height + 20}" class="tick" text-anchor="middle">{each}</text>')
    out.append(f'<text x="{left + width / 2}" y="{top + height + 42}" class="tick" text-anchor="middle">'
               "events a user, training and test part</text>")
    for name, points in series.items():
        color = COLOURS[name]
        path = " ".join(f"{x(each):.1f},{y(mean):.1f}" for each, (mean, _) in zip(EACH, points))
        dash = ' stroke-dasharray="7 4"' if name == "the truth" else ""
        out.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2.2"{dash}/>')
        for each, (mean, error) in zip(EACH, points):
            out.append(f'<line x1="{x(each):.1f}" x2="{x(each):.1f}" y1="{y(mean - error):.1f}" '
                       f'y2="{y(mean + error):.1f}" stroke="{color}" stroke-width="1.4"/>')
            out.append(f'<circle cx="{x(each):.1f}" cy="{y(mean):.1f}" r="3" fill="{color}"/>')
    labels = charts.spread([y(points[-1][0]) for points in series.values()], 16)
    for name, place in zip(series, labels):
        out.append(f'<text x="{left + width + 10}" y="{place + 4:.1f}" fill="{COLOURS[name]}" class="name">'
                   f'{name}</text>')
    return out


def draw(results):
    return charts.picture("How models come close to the truth as events a user grow",
                          [draw_panel(panel, series, 60 + 540 * n, 50, 350, 280)
                           for n, (panel, series) in enumerate(zip(PANELS, results))])


def main():
    gusto, image = sys.argv[1:]
    results = measure(gusto)
    pathlib.Path(image).write_text(draw(results))
    table(results)


if __name__ == "__main__":
    main()
