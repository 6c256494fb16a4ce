"""Tables in Markdown, and the statistics in them."""

from dataclasses import dataclass, field
from statistics import median


@dataclass
class Section:
    title: str
    columns: list
    rows: list = field(default_factory=list)
    notes: list = field(default_factory=list)
    data: list = field(default_factory=list)


def print_section(section):
    print(f"### {section.title}\n")
    print("| " + " | ".join(section.columns) + " |")
    print("|" + "---|" * len(section.columns))
    for row in section.rows:
        print("| " + " | ".join(str(cell) for cell in row) + " |")
    print()
    for note in section.notes:
        print(f"{note}\n")
    print(end="", flush=True)


def spread(values, digits=4):
    """The median, with least and greatest behind it."""
    if not values:
        return "–"
    text = f"{median(values):.{digits}f}"
    return text if len(values) == 1 else f"{text} ({min(values):.{digits}f}–{max(values):.{digits}f})"


def ratios(ours, floors):
    """Ratio of the medians, and median of the ratios of each pair."""
    return median(ours) / median(floors), median([our / floor for our, floor in zip(ours, floors)])


def flaws(reports):
    """What went wrong, summed over the runs, in words."""
    words = []
    for key in ("failed", "failed_joins", "closed", "lost", "stalled_sessions"):
        total = sum(report.get(key) or 0 for report in reports)
        if total:
            words.append(f"{total} {key.replace('_', ' ')}")
    return ", ".join(words) or "none"


def straight_line(points):
    """Least squares of y = fixed + each · x in relative errors; the line and the largest relative deviation."""
    weights = [1 / (y * y) for _, y in points]
    total = sum(weights)
    mean_x = sum(w * x for w, (x, _) in zip(weights, points)) / total
    mean_y = sum(w * y for w, (_, y) in zip(weights, points)) / total
    each = sum(w * (x - mean_x) * (y - mean_y) for w, (x, y) in zip(weights, points))
    each /= sum(w * (x - mean_x) ** 2 for w, (x, _) in zip(weights, points))
    fixed = mean_y - each * mean_x
    deviations = [y / (fixed + each * x) - 1 for x, y in points]
    return fixed, each, deviations
