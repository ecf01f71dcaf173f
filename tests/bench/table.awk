# SPDX-License-Identifier: ISC
# Medians of bench.tsv (scenario, tool, wall s, cpu s, peak KiB, exit status),
# with each tool's wall time as a multiple of keepmail's.

function median(list, n,    values, i, j, t) {
    split(list, values, " ")
    for (i = 2; i <= n; i++)
        for (j = i; j > 1 && values[j - 1] + 0 > values[j] + 0; j--) {
            t = values[j]
            values[j] = values[j - 1]
            values[j - 1] = t
        }
    return n % 2 ? values[(n + 1) / 2] : (values[n / 2] + values[n / 2 + 1]) / 2
}

BEGIN { FS = "\t" }

{
    key = $1 FS $2
    if (!(key in runs))
        order[++count] = key
    runs[key]++
    wall[key] = wall[key] " " $3
    cpu[key] = cpu[key] " " $4
    peak[key] = peak[key] " " $5
    bad[key] += $6 != 0
}

END {
    printf "%-14s %-9s %5s %9s %9s %10s %7s\n", "scenario", "tool", "runs",
        "wall s", "cpu s", "peak MiB", "ratio"
    for (i = 1; i <= count; i++) {
        key = order[i]
        split(key, part, FS)
        w = median(wall[key], runs[key])
        if (part[2] == "keepmail")
            base = w
        printf "%-14s %-9s %5d %9.3f %9.3f %10.1f %7.2f%s\n", part[1], part[2],
            runs[key], w, median(cpu[key], runs[key]),
            median(peak[key], runs[key]) / 1024, w / base,
            bad[key] ? "  (" bad[key] " failed)" : ""
    }
}
