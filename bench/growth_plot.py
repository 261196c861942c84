#!/usr/bin/env python3
"""Draws docs/images/growth.svg: how long models take to fit, and what memory, as events grow from 10^5 to 10^8.

    bench/growth_plot.py build/release/bench/growth docs/images/growth.svg            # all four sizes
    bench/growth_plot.py build/release/bench/growth docs/images/growth.svg 10000000   # up to ten million events
    bench/growth_plot.py build/release/bench/growth docs/images/growth.svg 10000000 5 # five minutes a fit at most

Each fit is a process of its own, on data made up in memory. Writes the figures as an SVG and, to standard output, as a
Markdown table. Needs nothing but Python's standard library. Ten million events take minutes, and a hundred million need
some 12 GB.
"""
import json
import math
import pathlib
import subprocess
import sys

import charts

SIZES = [10**5, 10**6, 10**7, 10**8]
MODELS = ["item-knn", "biased-mf", "ials", "ease"]
COLOURS = {"item-knn": "#1b7f5c", "biased-mf": "#1f6fb4", "ials": "#7a4fb5", "ease": "#b4531f"}
PANELS = [{"key": "processor_seconds", "title": "Time of the fit, all processors together", "unit": 1,
           "units": "seconds"},
          {"key": "peak_bytes", "title": "Highest memory, data included", "unit": 2**20, "units": "MiB"}]


def measure(program, most, minutes):
    """model → [what `growth` reports] in the order of SIZES, up to `most` events; of a longer fit, only that."""
    results = {}
    for model in MODELS:
        results[model] = []
        for events in (size for size in SIZES if size <= most):
            try:
                run = subprocess.run([program, model, str(events)], check=True, stdout=subprocess.PIPE,
                                     timeout=None if minutes is None else 60 * minutes)
                results[model].append(json.loads(run.stdout))
            except subprocess.TimeoutExpired:
                results[model].append({"model": model, "events": events, "stopped": minutes})
            print(json.dumps(results[model][-1]), file=sys.stderr)
    return results


def seconds(value):
    return f"{value:.2f} s" if value < 10 else f"{value:.0f} s" if value < 600 else f"{value / 60:.0f} min"


def size(value):
    return f"{value / 2**20:.0f} MiB" if value < 2**30 else f"{value / 2**30:.1f} GiB"


def cell(report):
    if "stopped" in report:
        return f"stopped after {report['stopped']:g} min"
    if "refused" in report:
        return f"refused: needs {size(report['need_bytes'])}"
    return f"{seconds(report['processor_seconds'])}, {size(report['peak_bytes'])}"


def table(results):
    # One of each size that ended: they all tell of the same data.
    reports = [next((r for r in column if "users" in r), column[0]) for column in zip(*results.values())]
    print("| events | users | items | data | " + " | ".join(results) + " |")
    print("|---" * (4 + len(results)) + "|")
    for n, shape in enumerate(reports):
        row = [f"{shape['events']:,}"]
        known = "users" in shape
        row += [f"{shape['users']:,}", f"{shape['items']:,}", size(shape["data_bytes"])] if known else [""] * 3
        print("| " + " | ".join(row + [cell(series[n]) for series in results.values()]) + " |")


def draw_panel(panel, results, left, top, width, height):
    points = {model: [(r["events"], r[panel["key"]] / panel["unit"]) for r in reports if panel["key"] in r]
              for model, reports in results.items()}
    points = {model: series for model, series in points.items() if series}
    values = [value for series in points.values() for _, value in series]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    first = math.log10(min(events for series in points.values() for events, _ in series))
    last = math.log10(max(events for series in points.values() for events, _ in series))

    def x(events):
        return left + width * (math.log10(events) - first) / max(last - first, 1)

    def y(value):
        return top + height * (high - math.log10(value)) / max(high - low, 1)

    out = [f'<text x="{left}" y="{top - 18}" class="title">{panel["title"]}</text>']
    for power in range(low, high + 1):
        place = y(10.0**power)
        out.append(f'<line x1="{left}" x2="{left + width}" y1="{place:.1f}" y2="{place:.1f}" class="grid"/>')
        out.append(f'<text x="{left - 8}" y="{place + 4:.1f}" class="tick" text-anchor="end">{10.0**power:g}</text>')
    for power in range(round(first), round(last) + 1):
        out.append(f'<text x="{x(10.0**power):.1f}" y="{top + height + 20}" class="tick" text-anchor="middle">'
                   f'10<tspan dy="-5" font-size="9">{power}</tspan></text>')
    out.append(f'<text x="{left + width / 2}" y="{top + height + 42}" class="tick" text-anchor="middle">'
               f'events; {panel["units"]} upward</text>')
    for model, series in points.items():
        path = " ".join(f"{x(events):.1f},{y(value):.1f}" for events, value in series)
        out.append(f'<polyline points="{path}" fill="none" stroke="{COLOURS[model]}" stroke-width="2.2"/>')
        for events, value in series:
            out.append(f'<circle cx="{x(events):.1f}" cy="{y(value):.1f}" r="3" fill="{COLOURS[model]}"/>')
    labels = charts.spread([y(series[-1][1]) for series in points.values()], 16)
    for (model, series), place in zip(points.items(), labels):
        out.append(f'<text x="{x(series[-1][0]) + 10:.1f}" y="{place + 4:.1f}" fill="{COLOURS[model]}" '
                   f'class="name">{model}</text>')
    return out


def draw(results):
    return charts.picture("Time and memory of models as events grow",
                          [draw_panel(panel, results, 70 + 540 * n, 50, 350, 280) for n, panel in enumerate(PANELS)])


def main():
    program, image = sys.argv[1:3]
    results = measure(program, int(sys.argv[3]) if len(sys.argv) > 3 else SIZES[-1],
                      float(sys.argv[4]) if len(sys.argv) > 4 else None)
    pathlib.Path(image).write_text(draw(results))
    table(results)


if __name__ == "__main__":
    main()
