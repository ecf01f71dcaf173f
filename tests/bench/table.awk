# SPDX-License-Identifier: ISC
# Medians of bench.tsv, with each tool's wall time as a multiple of keepmail's,
# and the targets that are met. The input begins with a file of facts: "fact", a
# name, a number.

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

# Was this measured for the tool? what: wall, cpu, peak (MiB), or turns.
function has(scenario, tool) {
    return (scenario FS tool) in runs
}

function of(what, scenario, tool) {
    return median(lists[what, scenario, tool], runs[scenario FS tool])
}

# value must be at most limit; if below is set, less than limit.
function target(scenario, text, value, limit, below) {
    printf "%-14s %-34s %8s  %-9s %-8s %s\n", scenario, text, short(value),
        below ? "less than" : "at most", short(limit), \
        (below ? value < limit : value <= limit) ? "met" : \
        "missed (" short(value) " of " short(limit) ")"
}

function short(number) {
    return number == int(number) ? number "" : sprintf("%.2f", number)
}

# keepmail's wall or CPU time must be at most limit times another tool's.
function times(scenario, what, other, limit, below) {
    if (has(scenario, "keepmail") && has(scenario, other))
        target(scenario, what " time, times " other "'s", \
            of(what, scenario, "keepmail") / of(what, scenario, other), \
            limit, below)
}

function at_most(scenario, what, text, limit, below) {
    if (has(scenario, "keepmail"))
        target(scenario, text, of(what, scenario, "keepmail"), limit, below)
}

function all_targets() {
    times("A-fake", "wall", "limit", 1.5)
    times("A-fake", "wall", "mpop", 1 / 3)
    times("A-plain", "wall", "limit", 1.3)
    times("A-plain", "wall", "mpop", 1 / 2.5)
    times("A-tls", "wall", "limit", 1.3)
    times("A-tls", "wall", "mpop", 1 / 2.5)
    at_most("B-keep", "turns", "turns", 7)
    times("B-keep", "wall", "mpop", 0.65)
    at_most("B-dele", "turns", "turns", 8)
    times("B-dele", "wall", "mpop", 0.6)
    polls("C-100k")
    polls("C-1m")
    if (has("C-100k", "keepmail") && has("C-1m", "keepmail"))
        target("C-1m", "wall time, times that of C-100k", \
            of("wall", "C-1m", "keepmail") / \
            of("wall", "C-100k", "keepmail"), 11)
    at_most("C-1m", "peak", "peak MiB", 128, 1)
    times("D", "wall", "limit", 1.1)
    times("D", "cpu", "limit", 1.6)
    at_most("D", "peak", "peak MiB", 16, 1)
    times("E", "wall", "mpop", 0.85)
    times("E", "cpu", "mpop", 1, 1)
    times("F-fake", "wall", "limit", 1.5)
    times("F-fake", "wall", "mpop", 1, 1)
    times("G-lmtp", "wall", "fetchmail", 0.5)
    at_most("G-lmtp", "peak", "peak MiB", 24, 1)
    times("G-imap", "wall", "fetchmail", 0.5)
    at_most("G-imap", "peak", "peak MiB", 24, 1)
}

function polls(scenario) {
    times(scenario, "wall", "mpop", 0.5)
    if (has(scenario, "keepmail"))
        printf "%-14s %-62s %s\n", scenario, "the store is unchanged", \
            facts[scenario " unchanged"] ? "met" : "missed"
}

function instructions(part, what, each) {
    if (("instructions " part) in facts)
        printf "%-14s %.1f for each %s\n", "instructions", \
            facts["instructions " part] / facts["instructions of " what], each
}

BEGIN { FS = "\t" }

$1 == "fact" {
    facts[$2] = $3
    next
}

$1 == "scenario" { next }

{
    key = $1 FS $2
    if (!(key in runs))
        order[++count] = key
    runs[key]++
    lists["wall", $1, $2] = lists["wall", $1, $2] " " $3
    lists["cpu", $1, $2] = lists["cpu", $1, $2] " " $4
    lists["peak", $1, $2] = lists["peak", $1, $2] " " $5 / 1024
    lists["turns", $1, $2] = lists["turns", $1, $2] " " $9
    bad[key] += $6 != 0 || $7 != $8
}

END {
    if (count > 0)
        printf "%-14s %-9s %4s %9s %9s %9s %6s %6s\n", "scenario", "tool",
            "runs", "wall s", "cpu s", "peak MiB", "turns", "ratio"
    for (i = 1; i <= count; i++) {
        key = order[i]
        split(key, part, FS)
        turned = of("turns", part[1], part[2])
        printf "%-14s %-9s %4d %9.3f %9.3f %9.1f %6s %6.2f%s\n", part[1],
            part[2], runs[key], of("wall", part[1], part[2]),
            of("cpu", part[1], part[2]), of("peak", part[1], part[2]),
            lists["turns", part[1], part[2]] ~ /-/ ? "" : turned,
            has(part[1], "keepmail") ? \
            of("wall", part[1], part[2]) / of("wall", part[1], "keepmail") : 0,
            bad[key] ? "  (" bad[key] " failed)" : ""
    }
    for (name in facts)
        if (name ~ /^E /)
            printf "%-14s %d%s\n", "E", facts[name], substr(name, 2)
    instructions("listing", "listed", "message listed")
    instructions("messages", "octets", "octet of a message")
    print ""
    all_targets()
}
