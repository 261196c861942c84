#!/usr/bin/env python3
"""Draws docs/images/compare.svg: what `gusto compare` found, a bar for each model with its 95 % interval.

    gusto compare --task top-n --models popularity,svd,item-knn,slim,ease --json compare.json
    bench/compare_plot.py compare.json docs/images/compare.svg

Intervals are 1.96 standard errors over users on either side. Needs nothing but Python's standard library.
"""
import json
import sys

WIDTH, LEFT, RIGHT, TOP, ROW = 760, 130, 110, 64, 34
STYLE = """<style>
.paper{fill:#fff}.title{font-size:17px;font-weight:600;fill:#1f2328}.note{font-size:13px;fill:#59636e}
.name{font-size:14px;fill:#1f2328;font-family:monospace}.value{font-size:13px;fill:#59636e}
.bar{fill:#9ec5e8}.best{fill:#2f81c7}.interval{stroke:#1f2328;stroke-width:1.6}.grid{stroke:#d1d9e0}
@media (prefers-color-scheme:dark){.paper{fill:#0d1117}.title,.name{fill:#f0f6fc}.note,.value{fill:#9198a1}
.bar{fill:#2d5b86}.best{fill:#58a6ff}.interval{stroke:#f0f6fc}.grid{stroke:#3d444d}}
</style>"""


def plain(number):
    return f"{number:.3f}".removeprefix("0")


def bars(comparison):
    """(label, mean, standard error) by the primary metric, the best first; models that refused are left out."""
    metric = comparison["primary_metric"]
    rows = [(result["label"], result["metrics"][metric]["mean"], result["metrics"][metric]["stderr"])
            for result in comparison["results"] if metric in result["metrics"]]
    return sorted(rows, key=lambda row: row[1], reverse=True)


def draw(comparison):
    rows = bars(comparison)
    most = max(mean + 1.96 * error for _, mean, error in rows)
    height = TOP + ROW * len(rows) + 34

    def x(value):
        return LEFT + (WIDTH - LEFT - RIGHT) * value / most

    title = f"{comparison['primary_metric'].upper()} of {len(rows)} models, {comparison['data'] or 'movielens-small'}"
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif">',
           f"<title>{title}</title>", STYLE, f'<rect class="paper" width="{WIDTH}" height="{height}" rx="8"/>',
           f'<text x="20" y="32" class="title">{title}</text>',
           f'<text x="20" y="52" class="note">higher is better; lines are 95 % intervals over users</text>']
    for tick in range(int(most * 10) + 1):
        place = x(tick / 10)
        out.append(f'<line x1="{place:.1f}" x2="{place:.1f}" y1="{TOP}" y2="{height - 30}" class="grid"/>')
        out.append(f'<text x="{place:.1f}" y="{height - 12}" class="note" text-anchor="middle">'
                   f'{plain(tick / 10)[:2] if tick else "0"}</text>')
    for n, (label, mean, error) in enumerate(rows):
        top = TOP + ROW * n + 6
        middle = top + 11
        low, high = x(mean - 1.96 * error), x(mean + 1.96 * error)
        out.append(f'<text x="{LEFT - 10}" y="{middle + 5}" class="name" text-anchor="end">{label}</text>')
        out.append(f'<rect x="{LEFT}" y="{top}" width="{x(mean) - LEFT:.1f}" height="22" rx="3" '
                   f'class="{"best" if n == 0 else "bar"}"/>')
        out.append(f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{middle}" y2="{middle}" class="interval"/>')
        for end in (low, high):
            out.append(f'<line x1="{end:.1f}" x2="{end:.1f}" y1="{middle - 5}" y2="{middle + 5}" class="interval"/>')
        value = f"{plain(mean)} ± {plain(error)}"
        out.append(f'<text x="{WIDTH - RIGHT + 16}" y="{middle + 5}" class="value">{value}</text>')
    return "\n".join(out + ["</svg>", ""])


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        comparison = json.load(file)
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        file.write(draw(comparison))


main()
