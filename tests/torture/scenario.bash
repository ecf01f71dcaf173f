# SPDX-License-Identifier: ISC
# A scenario: mail, a server that has it, and how far an account came.
# shellcheck disable=SC2154 # the worker's variables: w, mine, of, turn

# The worker's server, which lets a login wait until the session before it ended.
server_start() {
    mkdir -p "$w/server" "$w/mail"
    "$lib/popserver" --work "$w/server" --folder "$w/mail" --patient \
        --harm "$w/harm" >"$w/server/output" 2>&1 &
    echo $! >"$w/server.pid"
    # Nothing in this shell waits for it.
    disown
    local i
    for ((i = 0; i < 400; i++)); do
        [ -s "$w/server/ports" ] && break
        sleep 0.02
    done
    read -r port tls_port <"$w/server/ports"
}

server_stop() {
    kill "$(cat "$w/server.pid")" 2>/dev/null
    rm -f "$w/server.pid"
}

# scenario KIND POLICY PHASE [SETTING...]: the state that each of its points
# starts from, saved. KIND: maildir, mbox. POLICY: never, now, after. PHASE:
# first (a new account), later (half of the mail is known), recover (and a run was
# killed while storing), many (two batches), rebound (half of the mail is known, and
# the server gave all of it new uids).
scenario() {
    kind=$1 policy=$2 phase=$3
    shift 3
    local count=12 file i=0
    what="$kind, delete = $policy, $phase run"
    rm -rf "$w/sent" "$w/saved" "$state" "$place" "$w/mail"
    mkdir -p "$w/sent" "$w/mail"
    [ "$phase" != many ] || count=0
    [ $count -eq 0 ] || "$lib/genmail" "$w/sent" $count
    # More than the 1,024 messages of a batch, and small ones.
    while [ "$phase" = many ] && [ $((i += 1)) -le 1040 ]; do
        printf 'Subject: %d\n\n%d\n' $i $i >"$w/sent/$i"
    done
    write_rc "$@"
    [ "$phase" = first ] || [ "$phase" = many ] || be_later
    for file in "$w/sent"/*; do
        ln -f "$file" "$w/mail/"
    done
    [ "$policy" != now ] || [ "$phase" = first ] || [ "$phase" = many ] || forget_erased
    [ "$phase" != rebound ] || be_moved
    [ "$phase" != recover ] || be_killed
    mkdir "$w/saved"
    cp -a "$w/mail" "$w/saved/mail"
    [ ! -e "$state" ] || cp -a "$state" "$w/saved/state"
    [ ! -e "$place" ] || cp -a "$place" "$w/saved/place"
}

write_rc() {
    local delete=$policy
    [ "$policy" != after ] || delete="after 30 days"
    rc=$w/rc
    {
        printf 'state = "%s"\nuser = test\npassword = test\n' "$state"
        [ "$(id -u)" -ne 0 ] || echo 'run-as = root'
        printf 'account a {\n'
        if [ "$link" = tls ]; then
            printf '  server = localhost\n  port = %s\n  tls-ca = "%s"\n' \
                "$tls_port" "$w/server/cert.pem"
        else
            printf '  server = 127.0.0.1\n  port = %s\n  tls = off\n' "$port"
        fi
        printf '  %s = "%s"\n  delete = "%s"\n' "$kind" "$place" "$delete"
        [ $# -eq 0 ] || printf '  %s\n' "$@"
        printf '}\n'
    } >"$rc"
    chmod 600 "$rc"
}

# Half of the mail came in an earlier run, 31 days ago.
be_later() {
    local file n=0
    for file in "$w/sent"/*; do
        [ $((n += 1)) -gt 6 ] || ln -f "$file" "$w/mail/"
    done
    known=("$w/mail"/*)
    "$KEEPMAIL" -f "$rc" || scenario_failed "no earlier run"
    sqlite3 "$state/a.db" "UPDATE message SET kept_at = kept_at - 31 * 86400"
}

# The server was moved: all its mail has new uids.
be_moved() {
    local file
    for file in "$w/mail"/*; do
        mv "$file" "$w/mail/new-${file##*/}"
    done
}

# What the earlier run erased is not served again.
forget_erased() {
    local file
    for file in "${known[@]}"; do
        rm -f "$w/mail/${file##*/}"
    done
}

# The scenario is not what it is called: that counts as a failure of its own.
scenario_failed() {
    echo "$what: $1" >>"$w/failures"
    echo "0 0 0 0 0 0 1" >>"$w/results"
}

# A run was killed half-way through its batch: rows are "arriving".
be_killed() {
    local at
    cp -a "$w/mail" "$w/before.mail"
    cp -a "$state" "$w/before.state"
    cp -a "$place" "$w/before.place"
    "$strike" -o "$w/log" "$KEEPMAIL" -f "$rc"
    rm -rf "$w/mail" "$state" "$place"
    mv "$w/before.mail" "$w/mail"
    mv "$w/before.state" "$state"
    mv "$w/before.place" "$place"
    if [ "$kind" = maildir ]; then
        at=$(awk '$2 ~ /^rename/ { if (++n == 3) print $1 }' "$w/log")
    else
        at=$(awk -v mbox="$place" '$2 == "fsync" && $3 == mbox { n = $1 }
            END { print n }' "$w/log")
    fi
    if [ -z "$at" ]; then
        scenario_failed "no call to be killed at"
        return
    fi
    "$strike" -n "$at" "$KEEPMAIL" -f "$rc"
    # Part of what was written had not reached the file.
    [ "$kind" = maildir ] || truncate -s -300 "$place"
}

# The scenario's state again, as it was saved.
reset() {
    rm -rf "$state" "$place" "$w/mail"
    cp -a "$w/saved/mail" "$w/mail"
    [ ! -e "$w/saved/state" ] || cp -a "$w/saved/state" "$state"
    [ ! -e "$w/saved/place" ] || cp -a "$w/saved/place" "$place"
}

# Is the next point one of this worker's?
is_mine() {
    turn=$((turn + 1))
    [ $((turn % stride)) -eq $((offset % stride)) ] &&
        [ $((turn / stride % of)) -eq "$mine" ]
}

# ---- verdicts ------------------------------------------------------------------

# point_begin: what will be counted against this point.
point_begin() {
    lost=0 doubled=0 erased=0 hangs=0 crashes=0 other=0
    complaint=
}

complain() {
    other=$((other + 1))
    complaint="$complaint; $1"
}

# point_end NAME: one line of results; what went wrong is told.
point_end() {
    echo "1 $lost $doubled $erased $hangs $crashes $other" >>"$w/results"
    [ $((lost + doubled + erased + hangs + crashes + other)) -eq 0 ] ||
        echo "$what, $1: lost $lost, doubled $doubled, erased $erased," \
            "hangs $hangs, crashes $crashes$complaint" >>"$w/failures"
}

# A file, not a process substitution: bash loses count of those where process
# numbers come round, and waits for ever.
verdict() {
    "$judge" "$@" "$w/sent" "$w/mail" "$place" >"$w/verdict"
}

# Right after the blow: is anything erased that is not here, or torn in sight?
judge_now() {
    local l d t e
    verdict
    read -r _ l _ d _ t _ e <"$w/verdict" || {
        complain "no verdict"
        return
    }
    erased=$((erased + e))
    # The end of an mbox may be torn until the next run.
    [ "$kind" = mbox ] || [ "$t" -eq 0 ] || complain "$t torn in sight"
    [ "$kind" = mbox ] || doubled=$((doubled + d))
}

# One undisturbed run, which must come through.
run_through() {
    said=$(timeout 60 "$KEEPMAIL" -f "$rc" 2>&1)
    status=$?
    [ $status -eq 0 ] && [ -z "$said" ] && return
    if [ $status -eq 124 ]; then
        hangs=$((hangs + 1))
    elif [ $status -ge 128 ]; then
        crashes=$((crashes + 1))
    else
        complain "the run after it: $status $said"
    fi
}

# To the end, and once more: all is here once, and the last run changes nothing.
judge_end() {
    local l d t e integrity sum last again
    run_through
    verdict -s "$state/a.db"
    read -r _ _ _ _ _ _ _ _ _ _ _ sum <"$w/verdict"
    run_through
    verdict -s "$state/a.db"
    read -r _ l _ d _ t _ e _ integrity _ again <"$w/verdict"
    lost=$((lost + l))
    doubled=$((doubled + d))
    erased=$((erased + e))
    [ "$t" -eq 0 ] || complain "$t torn"
    [ "$integrity" = ok ] || complain "store: $integrity"
    [ "$sum" = "$again" ] || complain "the last run changed something"
    last=$(find "$w/mail" -type f | wc -l)
    case $policy in
    after) # What was kept for 31 days goes, and what is new stays.
        [ "$last" -eq 6 ] ||
            complain "delete = after, and $last left on the server" ;;
    now) [ "$last" -eq 0 ] || complain "$last left on the server" ;;
    never) [ "$last" -eq "$(find "$w/saved/mail" -type f | wc -l)" ] ||
        complain "delete = never, and $last left on the server" ;;
    esac
}

# struck_status STATUS: how a run ended that was not killed.
struck_status() {
    case $1 in
    124) hangs=$((hangs + 1)) ;;
    70 | 12[5-9] | 1[3-9]? | 2??) crashes=$((crashes + 1))
        complaint="$complaint; exit status $1" ;;
    esac
}
