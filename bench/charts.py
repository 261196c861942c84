"""What the plots of this folder have in common: two panels side by side, as one SVG."""


def spread(places, gap):
    """Moves labels apart, keeping their order, so that neighbors are at least a gap from each other."""
    order = sorted(range(len(places)), key=lambda i: places[i])
    moved = [places[i] for i in order]
    for _ in range(200):
        for a in range(len(moved) - 1):
            lack = gap - (moved[a + 1] - moved[a])
            if lack > 0:
                moved[a] -= lack / 2
                moved[a + 1] += lack / 2
    return [y for _, y in sorted(zip(order, moved))]


def picture(title, panels):
    """An SVG of what the panels drew, each a list of elements, under a title for those who can't see it."""
    out = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1080 400" font-family="sans-serif">',
           f"<title>{title}</title>",
           "<style>.title{font-size:15px;font-weight:bold;fill:#222}.tick{font-size:12px;fill:#555}"
           ".name{font-size:13px}.grid{stroke:#ddd}</style>",
           '<rect width="1080" height="400" fill="#ffffff"/>']
    return "\n".join(out + [element for panel in panels for element in panel] + ["</svg>", ""])
