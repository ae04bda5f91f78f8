#!/usr/bin/env bash
# Times Unpick and, if given, another program on the same workloads, turn by turn on one machine, and prints their ratios.
#
#   bench/compare.sh OURS [THEIRS]      e.g.  bench/compare.sh build/unpick 'python3 bench_torch.py --fast-adam'
#
# THEIRS is called with --threads T --secs S --only LIST and prints one JSON line per workload, {"workload", "ms", ...}.
# ROUNDS (3), THREADS ("1 2"), SECONDS_EACH (1.5) and WORKLOADS can be set in the environment. Medians over the rounds.
set -euo pipefail
ours=$1 theirs=${2:-}
rounds=${ROUNDS:-3} threads=${THREADS:-1 2} seconds=${SECONDS_EACH:-1.5}
workloads=${WORKLOADS:-W1,W2,W3,A1,A2,A3,A3b,A4}
lines=$(mktemp)
trap 'rm -f "$lines"' EXIT
for _ in $(seq "$rounds"); do
  for t in $threads; do
    "$ours" bench --json --threads "$t" --seconds "$seconds" --workload "$workloads" >>"$lines"
    # shellcheck disable=SC2086  # THEIRS is a command with its arguments
    if [[ $theirs ]]; then OMP_NUM_THREADS=$t $theirs --threads "$t" --secs "$seconds" --only "$workloads" >>"$lines"; fi
  done
done
python3 - "$lines" <<'PY'
import json, statistics, sys
times, peers = {}, []
for line in open(sys.argv[1]):
    d = json.loads(line)
    if "ms" not in d: continue
    peer = d["peer"]
    if peer not in peers: peers.append(peer)
    times.setdefault((d["workload"], d["threads"]), {}).setdefault(peer, []).append(d["ms"])
print("| workload | threads | " + " | ".join(p + ", ms" for p in peers) + (" | ratio, median | worst |" if len(peers) > 1 else " |"))
print("|---" * (2 + len(peers) + (2 if len(peers) > 1 else 0)) + "|")
for (workload, threads), by in sorted(times.items(), key=lambda x: (x[0][1], x[0][0])):
    cells = [f"{statistics.median(by[p]):.3g}" if p in by else "" for p in peers]
    if len(peers) > 1 and all(p in by for p in peers[:2]):
        a, b = by[peers[0]], by[peers[1]]
        cells += [f"{statistics.median(b) / statistics.median(a):.2f}", f"{min(b) / max(a):.2f}"]
    print(f"| {workload} | {threads} | " + " | ".join(cells) + " |")
PY
