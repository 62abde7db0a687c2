"""The figures as a table for people and as JSON for programs. Nothing is judged here beyond an aim's own limit."""

from __future__ import annotations

from clock import Series, ratio
from scenarios import Scenario

COUNTS = ["stated", "hashed", "parsed", "rendered", "validated", "restored", "written"]


def row(scenario: Scenario, series: dict[str, Series], where: str) -> dict:
    """Everything that one scenario showed."""
    names = list(series)
    return {
        "scenario": scenario.name,
        "where": where,
        "figures": {name: series[name].figures() for name in names},
        "steps": {contender.name: contender.steps for contender in scenario.contenders if contender.steps is not None},
        "ratios": {name: ratio(series[names[0]], series[name]) for name in names[1:]},
        "counts": {name: scenario.counts[name] for name in COUNTS if name in scenario.counts},
        "aims": [aim(scenario_aim, series) for scenario_aim in scenario.aims],
        "note": scenario.note,
    }


def aim(aim, series: dict[str, Series]) -> dict:
    figure = aim.figure(series)
    return {
        "aim": aim.text,
        "limit": round(aim.limit, 2),
        "figure": figure,
        "met": None if figure is None else figure <= aim.limit,
    }


def line(row: dict) -> str:
    """One scenario, as it ends, for whoever watches."""
    (_, first), *others = row["figures"].items()
    parts = [f"{row['where']:6} {row['scenario']:58} {spread(first)}"]
    parts += [f"{name} {spread(figures)} ({row['ratios'][name]:.2f} x)" for name, figures in others]
    parts += [
        f"{'met' if aim['met'] else 'NOT MET'}: {aim['aim']} ({aim['figure']})"
        for aim in row["aims"]
        if aim["met"] is not None
    ]
    return " | ".join(parts)


def spread(figures: dict) -> str:
    return f"{figures['median_ms']:.1f} ({figures['min_ms']:.1f} .. {figures['max_ms']:.1f})"


def markdown(taken: dict, rows: list[dict]) -> str:
    parts = ["# Speed of hfgen, measured\n", described(taken)]
    for where in dict.fromkeys(row["where"] for row in rows):
        here = [row for row in rows if row["where"] == where]
        parts.append(f"\n## On {where}\n")
        parts.append(times(here))
        parts.append(
            f"\nWhat the builds did (one counted run each; the harness fails where a count is wrong):\n\n{counts(here)}"
        )
        parts.append(f"\nAims:\n\n{aims(here)}")
    return "\n".join(parts)


def described(taken: dict) -> str:
    machine = taken["machine"]
    load = ", ".join(str(value) for value in machine["load_average"])
    programs = ", ".join(f"{name} {version}" for name, version in taken["versions"].items())
    models = f"{taken['models']} model types of transformers {taken['transformers']}"
    return f"""Written by `python3 benches/run.py`; docs/speed.md says how to read it.

- Machine: {machine["cpu"]}, {machine["cores"]} cores, {machine["memory_gb"]} GB, {machine["system"]}.
- Load average when the run began: {load}. A run is noisy where anyone used more than a quarter of the machine just
  before it began. Noisy ones are left out ("15 of 21") where a third of the runs and three were quiet, and else told.
- Programs: {programs}.
- Project: {models}, {taken["outputs"]} outputs, {taken["inputs"]} input files.
- Times are whole processes in milliseconds, wall clock: median (least .. most) of the runs, the programs in turn; `cpu`
  is user + system time. A ratio is the median of the ratios run by run.
"""


def times(rows: list[dict]) -> str:
    lines = ["| scenario | hfgen | cpu | runs | beside it | ratio |", "|---|---|---|---|---|---|"]
    for row in rows:
        (_, ours), *others = row["figures"].items()
        beside = "<br>".join(f"{name}{steps(row, name)}: {spread(figures)}" for name, figures in others)
        ratios = "<br>".join(f"{row['ratios'][name]:.2f}" for name, _ in others)
        least = f"({ours['min_ms']:.1f} .. {ours['max_ms']:.1f})"
        cells = [
            row["scenario"],
            f"**{ours['median_ms']:.1f}** {least}",
            f"{ours['cpu_ms']:.1f}",
            runs(ours),
            beside,
            ratios,
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def runs(figures: dict) -> str:
    """How many runs the figures stand on."""
    if figures["left_out"]:
        return f"{figures['runs'] - figures['left_out']} of {figures['runs']}"
    return f"{figures['runs']}, {figures['noisy']} noisy" if figures["noisy"] else f"{figures['runs']}"


def steps(row: dict, name: str) -> str:
    return f", {row['steps'][name]} run again" if row["steps"].get(name) else ""


def counts(rows: list[dict]) -> str:
    lines = [f"| scenario | {' | '.join(COUNTS)} | peak MB |", "|---|" + "---|" * (len(COUNTS) + 1)]
    for row in rows:
        if row["counts"]:
            peak = next(iter(row["figures"].values()))["peak_mb"]
            shown = "small" if peak is None else f"{peak:.0f}"
            cells = " | ".join(f"{row['counts'][name]:,}" for name in COUNTS)
            note = f" ({row['note']})" if row["note"] else ""
            lines.append(f"| {row['scenario']}{note} | {cells} | {shown} |")
    return "\n".join(lines) + "\n"


def aims(rows: list[dict]) -> str:
    lines = ["| scenario | aim | figure | met |", "|---|---|---|---|"]
    for row in rows:
        for aim in row["aims"]:
            met = {True: "yes", False: "**no**", None: "not measured"}[aim["met"]]
            figure = "" if aim["figure"] is None else f"{aim['figure']:g}"
            lines.append(f"| {row['scenario']} | {aim['aim']} | {figure} | {met} |")
    return "\n".join(lines) + "\n"
