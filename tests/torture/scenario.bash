# SPDX-License-Identifier: ISC
# A scenario: mail, a server that has it, and the state of an account.
# shellcheck disable=SC2154 # the worker's variables: w, mine, of, turn

# The worker's server, which delays a login until the previous session has
# ended.
server_start() {
    mkdir -p "$w/server" "$w/mail"
    "$lib/popserver" --work "$w/server" --folder "$w/mail" --patient \
        --harm "$w/harm" >"$w/server/output" 2>&1 &
    echo $! >"$w/server.pid"
    # This shell does not wait for it.
    disown
    local i
    for ((i = 0; i < 400; i++)); do
        [ -s "$w/server/ports" ] && break
        sleep 0.02
    done
    read -r port tls_port <"$w/server/ports"
}

server_stop() {
    local pid
    for pid in "$w"/*.pid; do
        kill "$(cat "$pid")" 2>/dev/null
        rm -f "$pid"
    done
}

# taker_start lmtp | imap [OPTION...]: a server for this kind, which stores what it
# takes as a Maildir, at $place; that of imap listens on port $(cat $w/imap).
taker_start() {
    local taker=$1
    shift
    mkdir -p "$place"/{new,cur,tmp}
    [ ! -e "$w/$taker.pid" ] || kill "$(cat "$w/$taker.pid")"
    rm -f "$w/$taker"
    "$lib/${taker}server" "$@" --harm "$w/taker-harm" "$w/$taker" "$place" \
        >"$w/taker.out" 2>&1 &
    echo $! >"$w/$taker.pid"
    disown
    local i
    for ((i = 0; i < 400; i++)); do
        [ -e "$w/$taker" ] && break
        sleep 0.02
    done
}

# The command for kind pipe, which does the same.
agent_write() {
    cat >"$w/agent" <<END
#!/bin/sh
cat >"$place/tmp/\$KEEPMAIL_KEY.\$\$" &&
    mv "$place/tmp/\$KEEPMAIL_KEY.\$\$" "$place/new/\$KEEPMAIL_KEY.\$\$" || exit 75
END
    chmod 700 "$w/agent"
}

# Is mail handed over, so that it can be found at $place only by chance?
hands_over() {
    [ "$kind" = lmtp ] || [ "$kind" = imap ] || [ "$kind" = pipe ]
}

# With the setting also, the copy: $copy says of which kind it is, or is "".
copies() {
    [ -n "${copy:-}" ] && hands_over
}

# scenario KIND POLICY PHASE [SETTING...]: creates and saves the state from
# which each of its points starts. KIND: maildir, mbox, lmtp, imap, pipe. POLICY: never, now,
# after, trashed, purged, large (delete-larger-than), room (max-server-size),
# brake (when trashed, and most is missing). PHASE: first (a new account), later
# (half of the mail is known), recover (and a run was killed while storing),
# many (two batches), rebound (half of the mail is known, and the server gave
# new uids to all of it).
scenario() {
    kind=$1 policy=$2 phase=$3
    shift 3
    local count=12 file i=0
    what="$kind${copy:+ and $copy}, delete = $policy, $phase run"
    known_count=6 expects=0
    rm -rf "$w/sent" "$w/saved" "$state" "$place" "$w/mail" "$w/copy"
    mkdir -p "$w/sent" "$w/mail"
    ! hands_over || mkdir -p "$place"/{new,cur,tmp}
    [ "$policy" != brake ] || count=30 known_count=24 expects=65
    # Each costs some processes, and a hundred calls.
    [ "$kind" != pipe ] || count=2 known_count=1
    [ "$phase" != many ] || count=0
    [ $count -eq 0 ] || "$lib/genmail" "$w/sent" $count
    # More than the 1,024 messages of a batch, and small ones.
    while [ "$phase" = many ] && [ $((i += 1)) -le 1040 ]; do
        printf 'Subject: %d\n\n%d\n' $i $i >"$w/sent/$i"
    done
    # These two differ only by their number.
    case $phase in
    first | recover)
        printf '\nno header\n' >"$w/sent/y1"
        printf '\nno header\n' >"$w/sent/y2"
        ;;
    esac
    measure_mail
    write_rc "$@"
    known=()
    [ "$phase" = first ] || [ "$phase" = many ] || be_later
    for file in "$w/sent"/*; do
        ln -f "$file" "$w/mail/"
    done
    [ "$policy" != now ] || [ "$phase" = first ] || [ "$phase" = many ] || forget_erased
    note_stays
    be_owner
    [ "$phase" != rebound ] || be_moved
    [ "$phase" != recover ] || be_killed
    mkdir "$w/saved"
    cp -a "$w/mail" "$w/saved/mail"
    [ ! -e "$state" ] || cp -a "$state" "$w/saved/state"
    [ ! -e "$place" ] || cp -a "$place" "$w/saved/place"
    [ ! -e "$w/copy" ] || cp -a "$w/copy" "$w/saved/copy"
}

# The names and sizes of all mail, in order. Three messages are larger than
# $large, and without the first three all of it fits into $room.
measure_mail() {
    local file
    names=()
    for file in "$w/sent"/*; do
        names+=("${file##*/}")
        LC_ALL=C awk -v name="${file##*/}" '{ sub(/\r$/, ""); n += length($0) + 2 }
            END { print n, name }' "$file"
    done >"$w/sizes"
    large=$(sort -n "$w/sizes" | awk '{ size[NR] = $1 }
        END { print int((size[NR - 3] + size[NR - 2]) / 2) }')
    room=$(awk 'NR > 3 { n += $1 } END { print n + 50 }' "$w/sizes")
}

# The messages that no run may erase: their names are in stays.
note_stays() {
    local file
    case $policy in
    now) ;;
    # Those that the owner trashes below.
    trashed) printf '%s\n' "${names[@]:3}" ;;
    purged) printf '%s\n' "${names[@]:2}" ;;
    large) awk -v large="$large" '$1 <= large { print $2 }' "$w/sizes" ;;
    room) awk 'NR > 3 { print $2 }' "$w/sizes" ;;
    after) printf '%s\n' "${names[@]:known_count}" ;;
    never | brake) printf '%s\n' "${names[@]}" ;;
    esac >"$w/stays"
    mapfile -t stays <"$w/stays"
}

# The copy of the n-th message in a Maildir.
copy_of() {
    sqlite3 "$state/a.db" "SELECT '$place/new/' || name FROM message
        WHERE CAST(uid AS TEXT) = '${names[$1 - 1]}'"
}

# What the owner did with the mail since. Removed mail does not count as lost.
be_owner() {
    local i name gone=()
    case $kind-$policy in
    maildir-trashed)
        mkdir -p "$place/.Trash"/{new,cur,tmp}
        mv "$(copy_of 1)" "$(copy_of 1 | sed 's,/new/,/cur/,'):2,ST"
        mv "$(copy_of 2)" "$place/.Trash/cur"
        rm "$(copy_of 3)"
        gone=("${names[2]}")
        ;;
    maildir-purged)
        rm "$(copy_of 1)" "$(copy_of 2)"
        gone=("${names[@]:0:2}")
        ;;
    mbox-purged)
        awk '/^From / && (NR == 1 || blank) { n++ } { blank = $0 == "" } n > 2' \
            "$place" >"$w/new"
        cat "$w/new" >"$place"
        gone=("${names[@]:0:2}")
        ;;
    maildir-brake)
        for ((i = 1; i <= 15; i++)); do
            rm "$(copy_of $i)"
            gone+=("${names[i - 1]}")
        done
        ;;
    esac
    for name in "${gone[@]}"; do
        rm "$w/sent/$name"
    done
}

write_rc() {
    local delete=$policy rule=
    case $policy in
    after) delete="after 30 days" ;;
    trashed | brake) delete="when trashed" ;;
    purged) delete="when purged" ;;
    large) delete=never rule="delete-larger-than = $large" ;;
    room) delete=never rule="max-server-size = $room" ;;
    esac
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
        if [ "$kind" = pipe ]; then
            printf '  pipe = "%s"\n' "$w/agent"
        elif [ "$kind" = lmtp ]; then
            printf '  lmtp = "unix:%s"\n  recipient = a\n' "$w/lmtp"
        elif [ "$kind" = imap ]; then
            (umask 077 && echo pw >"$w/pw")
            printf '  imap = "imap://a@localhost:%s"\n' "$(cat "$w/imap")"
            printf '  imap-password-file = "%s"\n' "$w/pw"
        else
            printf '  %s = "%s"\n' "$kind" "$place"
        fi
        ! copies || printf '  also = "%s"\n' "$copy $w/copy"
        printf '  delete = "%s"\n' "$delete"
        [ -z "$rule" ] || printf '  %s\n' "$rule"
        [ $# -eq 0 ] || printf '  %s\n' "$@"
        printf '}\n'
    } >"$rc"
    chmod 600 "$rc"
}

# Half of the mail came in an earlier run, 31 days ago.
be_later() {
    local file n=0
    for file in "$w/sent"/*; do
        [ $((n += 1)) -gt "$known_count" ] || ln -f "$file" "$w/mail/"
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

# Messages that the earlier run erased are not served again.
forget_erased() {
    local file
    for file in "${known[@]}"; do
        rm -f "$w/mail/${file##*/}"
    done
}

# The scenario could not be created as intended: this counts as a failure.
scenario_failed() {
    echo "$what: $1" >>"$w/failures"
    echo "0 0 0 0 0 0 1" >>"$w/results"
}

# A run was killed in the middle of its batch: rows are "arriving".
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
    # Part of the written data had not reached the file.
    [ "$kind" = maildir ] || truncate -s -300 "$place"
}

# Restores the saved state of the scenario.
reset() {
    rm -rf "$state" "$place" "$w/mail" "$w/copy"
    ! hands_over || mkdir -p "$place"/{new,cur,tmp}
    # One process instead of three: there are many points.
    if [ "$state $place" = "$w/state $w/place" ]; then
        cp -a "$w/saved/." "$w"
        return
    fi
    cp -a "$w/saved/mail" "$w/mail"
    [ ! -e "$w/saved/state" ] || cp -a "$w/saved/state" "$state"
    [ ! -e "$w/saved/place" ] || {
        rm -rf "$place"
        cp -a "$w/saved/place" "$place"
    }
}

# Is the next scenario this worker's? When all points are tried, each worker
# takes its share of each scenario. In a slice, setting scenarios up takes longer
# than the few points of each, so a worker takes all points of the scenarios that
# no other took before; which points these are does not depend on that.
is_my_scenario() {
    [ "$stride" -gt 1 ] || return 0
    scenarios=$((scenarios + 1))
    turn=$((scenarios * 37))
    mkdir "$base/taken-$family-$scenarios" 2>/dev/null
}

# Does the next point belong to this worker?
is_mine() {
    turn=$((turn + 1))
    [ $((turn % stride)) -eq $((offset % stride)) ] &&
        { [ "$scenarios" -gt 0 ] || [ $((turn / stride % of)) -eq "$mine" ]; }
}

# ---- verdicts ------------------------------------------------------------------

# point_begin: starts counting failures for this point.
point_begin() {
    lost=0 doubled=0 erased=0 hangs=0 crashes=0 other=0 again=0
    complaint=
}

complain() {
    other=$((other + 1))
    complaint="$complaint; $1"
}

# point_end NAME: evaluates a line of results, and reports failures.
point_end() {
    echo "1 $lost $doubled $erased $hangs $crashes $other $again" >>"$w/results"
    [ $((lost + doubled + erased + hangs + crashes + other)) -eq 0 ] ||
        echo "$what, $1: lost $lost, doubled $doubled, erased $erased," \
            "hangs $hangs, crashes $crashes$complaint" >>"$w/failures"
}

# Uses a file, not a process substitution: bash confuses those when process ids
# are reused, and then waits for ever.
verdict() {
    "$judge" "$@" "$w/sent" "$w/mail" "$place" "$place/.Trash" >"$w/verdict"
}

# judge_copy now | end: nothing is erased that the copy does not have, too; in the
# end, it has all mail once.
judge_copy() {
    local l d t e
    copies || return 0
    "$judge" "$w/sent" "$w/mail" "$w/copy" >"$w/verdict"
    read -r _ l _ d _ t _ e <"$w/verdict" || {
        complain "no verdict on the copy"
        return
    }
    erased=$((erased + e))
    [ "$copy" = mbox ] || [ "$t" -eq 0 ] || complain "$t torn in the copy"
    [ "$copy-$1" = mbox-now ] || doubled=$((doubled + d))
    [ "$1" = now ] || lost=$((lost + l))
}

# At any time: mail that no rule erases stays on the server.
judge_stays() {
    local name
    for name in "${stays[@]}"; do
        [ -e "$w/mail/$name" ] || [ -e "$w/mail/new-$name" ] || {
            erased=$((erased + 1))
            complaint="$complaint; $name was erased by no rule"
        }
    done
}

# Right after the harm: is anything erased that is not here, or visibly torn?
judge_now() {
    local l d t e
    verdict
    read -r _ l _ d _ t _ e <"$w/verdict" || {
        complain "no verdict"
        return
    }
    erased=$((erased + e))
    judge_stays
    # The end of an mbox may be torn until the next run.
    [ "$kind" = mbox ] || [ "$t" -eq 0 ] || complain "$t torn in sight"
    [ "$kind" != maildir ] || doubled=$((doubled + d))
    judge_copy now
}

# An undisturbed run, which must succeed.
run_through() {
    timeout 60 "$KEEPMAIL" -f "$rc" >"$w/after" 2>&1
    status=$?
    # It must print nothing, unless a brake applies.
    if [ $status -eq "$expects" ]; then
        [ $status -eq 0 ] && [ -s "$w/after" ] || return
    fi
    if [ $status -eq 124 ]; then
        hangs=$((hangs + 1))
    elif [ $status -ge 128 ]; then
        crashes=$((crashes + 1))
    else
        complain "the run after it: $status $(cat "$w/after")"
    fi
}

# Finally, and once more: all mail is here once, and the last run changes
# nothing.
judge_end() {
    local l d t e integrity sum left same
    run_through
    # Mail that a rule of sizes erases was fetched by an earlier run.
    case $policy in large | room) run_through ;; esac
    verdict -s "$state/a.db"
    read -r _ _ _ _ _ _ _ _ _ _ _ sum <"$w/verdict"
    run_through
    verdict -s "$state/a.db"
    read -r _ l _ d _ t _ e _ integrity _ same <"$w/verdict"
    lost=$((lost + l))
    erased=$((erased + e))
    # The message whose answer was lost is handed over again.
    if hands_over && [ "$d" -le "$harms" ]; then
        again=$((again + d))
    else
        doubled=$((doubled + d))
    fi
    [ "$t" -eq 0 ] || complain "$t torn"
    judge_copy end
    [ "$integrity" = ok ] || complain "store: $integrity"
    [ "$sum" = "$same" ] || complain "the last run changed something"
    judge_stays
    left=("$w/mail"/*)
    [ -e "${left[0]}" ] || left=()
    [ ${#left[@]} -eq ${#stays[@]} ] ||
        complain "${#left[@]} left on the server, not ${#stays[@]}"
}

# struck_status STATUS: how a run ended that was not killed.
struck_status() {
    case $1 in
    124) hangs=$((hangs + 1)) ;;
    70 | 12[5-9] | 1[3-9]? | 2??) crashes=$((crashes + 1))
        complaint="$complaint; exit status $1" ;;
    esac
}
