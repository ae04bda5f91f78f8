#!/usr/bin/env python3
"""How the cost of a step grows with the work: batch, latents, pixels, threads. Prints a table and draws bench/scaling.svg.

    bench/scaling.py [build/unpick] [SECONDS_EACH]

A cliff would show as a bend: the plot is logarithmic both ways, one line for each workload and number of threads.
"""
import json
import subprocess
import sys

PROGRAM = sys.argv[1] if len(sys.argv) > 1 else "build/unpick"
SECONDS = sys.argv[2] if len(sys.argv) > 2 else "1"
SWEEPS = [  # option, its values, workload
    ("batch", [16, 32, 64, 128, 256, 512, 1024], "W1"),
    ("batch", [16, 32, 64, 128, 256, 512, 1024], "W2"),
    ("latent", [2, 5, 10, 20, 50], "W1"),
    ("latent", [2, 5, 10, 20, 50], "A3:mlp"),
    ("image", [16, 32, 64], "W1"),
]
COLOURS = ["#0072b2", "#d55e00"]  # one and two threads (Okabe and Ito)
PANEL = 190


def milliseconds(workload, option, value, threads):
    command = [PROGRAM, "bench", "--json", "--seconds", SECONDS, "--threads", str(threads), "--workload", workload]
    line = subprocess.run(command + [f"--{option}", str(value)], check=True, capture_output=True, text=True).stdout
    return json.loads(line)["ms"]


def scale(value, low, high, start, end):
    from math import log
    return start + (end - start) * (log(value) - log(low)) / (log(high) - log(low))


def panel(at, title, option, values, curves):
    """One plot: its frame, one line for each number of threads, and their first and last value in words."""
    times = [ms for curve in curves.values() for ms in curve]
    low, high = min(times) / 1.3, max(max(times) * 1.3, 8 * min(times))  # a scatter of a third must not look like a cliff
    left, right, top, bottom = at + 12, at + PANEL - 12, 34, 170
    out = [f'<text x="{left}" y="22" font-weight="600">{title}</text>',
           f'<rect x="{left}" y="{top}" width="{right - left}" height="{bottom - top}" fill="none" stroke="#bbb"/>']
    for colour, (threads, curve) in zip(COLOURS, curves.items()):
        points = [(scale(v, values[0], values[-1], left + 8, right - 8), scale(ms, low, high, bottom, top)) for v, ms in zip(values, curve)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        out += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>' for x, y in points]
        if threads == 1:
            out.append(f'<text x="{points[-1][0] - 4:.0f}" y="{points[-1][1] - 7:.0f}" text-anchor="end">{curve[-1]:.3g} ms</text>')
            out.append(f'<text x="{points[0][0]:.0f}" y="{points[0][1] - 7:.0f}">{curve[0]:.3g} ms</text>')
    out.append(f'<text x="{left}" y="186">{option} {values[0]} to {values[-1]}</text>')
    return out


def main():
    svg, width = [], PANEL * len(SWEEPS)
    print("| workload | setting | " + "ms, 1 thread | ms, 2 threads | 2 against 1 | ms per unit, against the first |")
    print("|---|---|---|---|---|---|")
    for number, (option, values, workload) in enumerate(SWEEPS):
        curves = {threads: [milliseconds(workload, option, v, threads) for v in values] for threads in (1, 2)}
        for i, value in enumerate(values):
            one, two = curves[1][i], curves[2][i]
            unit = value**2 / values[0]**2 if option == "image" else value / values[0]
            print(f"| {workload} | {option} {value} | {one:.3g} | {two:.3g} | {one / two:.2f} | {one / curves[1][0] / unit:.2f} |", flush=True)
        svg += panel(PANEL * number, workload, option, values, curves)
    svg.append(f'<text x="12" y="208" fill="{COLOURS[0]}">one thread</text><text x="90" y="208" fill="{COLOURS[1]}">two threads</text>')
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} 216" font-family="Inter, sans-serif" font-size="11">'
    with open("bench/scaling.svg", "w") as file:
        file.write("\n".join([head, f'<rect width="{width}" height="216" fill="white"/>'] + svg + ["</svg>"]) + "\n")


if __name__ == "__main__":
    main()
