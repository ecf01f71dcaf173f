# SPDX-License-Identifier: ISC
# The families of torture: scenarios, points, and the kind of harm.
# shellcheck disable=SC2034 # scenario.bash reads harms
# shellcheck disable=SC2154 # the worker's and the scenario's variables

# each_scenario FUNCTION: runs it for the scenarios of kills, faults and cuts.
each_scenario() {
    local kind policy phase
    for kind in maildir mbox; do
        for policy in never now after; do
            for phase in first later recover rebound; do
                [ "$policy-$phase" != after-first ] || continue
                # Nothing would be left there to be recognised.
                [ "$policy-$phase" != now-rebound ] || continue
                can_do "$kind" $phase || continue
                is_my_scenario || continue
                scenario $kind $policy $phase
                "$1"
            done
        done
    done
    # Policies that depend on the copy here, and on sizes.
    for policy in trashed purged large room; do
        is_my_scenario || continue
        scenario maildir $policy later
        "$1"
    done
    is_my_scenario || return 0
    scenario mbox purged later
    "$1"
}

# Without privileges, a tracer cannot see which file a call concerns, since
# keepmail is not dumpable.
can_do() {
    [ "$(id -u)" -eq 0 ] || [ "$1-$2" != mbox-recover ]
}

# Counts the calls of a run from the scenario's state: they are listed in call_lines and
# $w/log.
count_calls() {
    reset
    "$strike" -o "$w/log" "$KEEPMAIL" -f "$rc" >/dev/null 2>&1
    mapfile -t call_lines <"$w/log"
    calls=${#call_lines[@]}
}

# ---- crash -----------------------------------------------------------------------

crash_point() {
    local k=$1
    point_begin
    reset
    "$strike" -n "$k" "$KEEPMAIL" -f "$rc" >/dev/null 2>&1
    [ $? -ne 126 ] || return
    judge_now
    [ $((k % 2)) -eq 0 ] || be_read
    # Killed again during the recovery, each time at another call.
    "$strike" -n $((1 + k * 7 % calls)) "$KEEPMAIL" -f "$rc" >/dev/null 2>&1
    judge_now
    judge_end
    point_end "killed before call ${call_lines[k - 1]/"$w/"/}"
}

# Meanwhile, a mail reader reads the mail, which moves and flags it.
be_read() {
    local file
    [ "$kind" = maildir ] || return 0
    for file in "$place"/new/*; do
        [ ! -e "$file" ] || mv "$file" "$place/cur/${file##*/}:2,S"
    done
}

crash_calls() {
    local k
    count_calls
    for ((k = 1; k <= calls; k++)); do
        ! is_mine || crash_point $k
    done
}

crash_family() {
    local kind k
    state=$w/state place=$w/place link=clear
    each_scenario crash_calls
    if is_my_scenario; then
        scenario maildir brake later
        crash_calls
    fi
    # There are many similar calls, so only every forty-first is struck.
    for kind in maildir mbox; do
        is_my_scenario || continue
        scenario $kind now many
        count_calls
        for ((k = 1; k <= calls; k += 41)); do
            ! is_mine || crash_point $k
        done
    done
}

# ---- power ----------------------------------------------------------------------

disk_make() {
    truncate -s 24M "$w/image-$1" &&
        mkfs.ext4 -q -F "$w/image-$1" 2>/dev/null && mkdir -p "$w/disk-$1" &&
        mount -o loop "$w/image-$1" "$w/disk-$1"
}

# The power is back: the journals are replayed, and unsynced data is lost.
disks_again() {
    umount "$w/disk-a" "$w/disk-b" &&
        mount -o loop "$w/image-a" "$w/disk-a" &&
        mount -o loop "$w/image-b" "$w/disk-b"
}

power_is_possible() {
    local ok
    [ "$(id -u)" -eq 0 ] && [ "$(uname -s)" = Linux ] || return 1
    command -v mkfs.ext4 >/dev/null || return 1
    w=$base/power-try
    mkdir -p "$w"
    disk_make a 2>/dev/null
    ok=$?
    umount -q "$w/disk-a" 2>/dev/null
    rm -rf "$w"
    return $ok
}

# power_point CALL FIRST: cuts the power, or kills, there; then cuts it
# elsewhere, in the run that recovers. After a kill, unsynced data remains for
# the next run.
power_point() {
    local k=$1 first=$2 second=$((1 + $1 * 5 % calls))
    point_begin
    reset
    sync -f "$w/disk-a" "$w/disk-b"
    "$strike" -a "$first" -m "$w/disk-a" -m "$w/disk-b" -n "$k" \
        "$KEEPMAIL" -f "$rc" >/dev/null 2>&1
    [ $? -ne 126 ] || return
    if [ "$first" = cut ]; then
        disks_again
    else
        # The worst time for the second cut: the run believes that it has
        # finished.
        second=$((calls + 1000))
    fi
    judge_now
    "$strike" -e -a cut -m "$w/disk-a" -m "$w/disk-b" -n $second \
        "$KEEPMAIL" -f "$rc" >/dev/null 2>&1
    disks_again
    judge_now
    judge_end
    point_end "$first, then power cut, before call ${call_lines[k - 1]/"$w/"/}"
}

power_calls() {
    local k
    count_calls
    for ((k = 1; k <= calls; k++)); do
        ! is_mine || power_point $k cut
        ! is_mine || power_point $k kill
    done
}

power_family() {
    local disk kind phase
    link=clear
    if ! disk_make a || ! disk_make b; then
        what=power
        scenario_failed "no disks of its own"
        return
    fi
    for disk in a b; do
        state=$w/disk-a/state place=$w/disk-$disk/place
        for kind in maildir mbox; do
            for phase in first later recover; do
                is_my_scenario || continue
                scenario $kind now $phase
                what="$what, mail on $([ $disk = a ] && echo the same disk ||
                    echo another disk)"
                power_calls
                rm -rf "$state" "$place"
            done
        done
    done
    umount "$w/disk-a" "$w/disk-b"
}

# ---- fault ----------------------------------------------------------------------

# Checks the output of a run with a fault: nothing, or one message, and a status
# that says what to do.
judge_words() {
    local line lines said
    mapfile -t said <"$w/said"
    lines=${#said[@]}
    if [ "$1" -eq 0 ]; then
        [ "$lines" -eq 0 ] || complain "status 0, but: ${said[*]}"
        return
    fi
    [ "$lines" -ge 1 ] || complain "status $1 without a word"
    # With a lasting fault, a first line says that copies cannot be looked for.
    case $policy in
    now | after | trashed | purged | large | room) [ "$lines" -ne 2 ] || lines=1 ;;
    esac
    [ "$lines" -le 1 ] || complain "$lines lines: ${said[*]}"
    for line in "${said[@]}"; do
        [[ $line =~ ^a:\ [^\ ].{30,} ]] || complain "unclear: $line"
    done
    case $1 in
    69 | 71 | 73 | 74 | 75) ;;
    *) complain "exit status $1: ${said[*]}" ;;
    esac
}

# handover_harms N: as many answers can be lost in a point. An IMAP server is
# asked for what it has not answered, so that nothing is doubled.
handover_harms() {
    harms=$1
    [ "$kind" != imap ] || harms=0
}

fault_point() {
    local k=$1 action=$2 result
    shift 2
    handover_harms 1
    # What is lost with a failed sync are all answers of a batch.
    case $kind-$action in lmtp-lose | imap-lose | pipe-lose) harms=99 ;; esac
    point_begin
    reset
    "$strike" -n "$k" -a "$action" "$@" "$KEEPMAIL" -f "$rc" >/dev/null 2>"$w/said"
    result=$?
    [ $result -ne 126 ] || return
    struck_status $result
    judge_words $result
    judge_now
    judge_end
    point_end "$action$* at call ${call_lines[k - 1]/"$w/"/}"
}

# The few most important ones: tried in one scenario of each kind, with any
# stride. Mail that is handed over takes many such calls.
is_special() {
    [ "$stride" -eq 1 ] || hands_over || [ "$policy-$phase" != now-later ] ||
        return 0
    is_mine
}

fault_calls() {
    local k call action
    count_calls
    while read -r k call _; do
        for action in ENOSPC EIO EDQUOT EMFILE EINTR; do
            ! is_mine || fault_point "$k" $action
        done
        # The disk stays full, or broken.
        ! is_mine || fault_point "$k" ENOSPC -f
        ! is_mine || fault_point "$k" EIO -f
        case $call in
        write | pwrite64 | sendto) ! is_special || fault_point "$k" short ;;
        fsync | fdatasync | syncfs)
            [ "$(id -u)" -eq 0 ] || continue
            ! is_special || fault_point "$k" lose
            ! is_mine || fault_point "$k" lose -f
            ;;
        esac
    done <"$w/log"
}

fault_family() {
    state=$w/state place=$w/place link=clear
    each_scenario fault_calls
}

# ---- network ----------------------------------------------------------------------

network_point() {
    local harm=$1 n=$2 result
    point_begin
    reset
    echo "$harm $n" >"$w/harm"
    timeout 20 "$KEEPMAIL" -f "$rc" >/dev/null 2>"$w/said"
    result=$?
    rm -f "$w/harm"
    struck_status $result
    judge_words $result
    judge_now
    judge_end
    point_end "$link: $harm after $n octets"
}

# Records what the server sends in a whole run, and where its lines end.
record_lines() {
    reset
    echo "record 0" >"$w/harm"
    "$KEEPMAIL" -f "$rc" >/dev/null 2>&1
    tr '\0' x <"$w/harm.record" >"$w/stream"
    octets=$(wc -c <"$w/stream")
    LC_ALL=C awk '{ n += length($0) + 1; print n }' "$w/stream" >"$w/bounds"
    # In addition, offsets at regular distances: within lines, messages and
    # CRLF.
    awk -v octets="$octets" 'BEGIN { for (n = 1; n < octets; n += 41) print n }' \
        >>"$w/bounds"
    awk '{ print } NR % 3 == 0 && $1 > 0 { print $1 - 1 }' "$w/bounds" |
        sort -nu -o "$w/bounds"
}

network_points() {
    local harm=$1 every=$2 n
    while read -r n; do
        [ $((n % every)) -ne 0 ] || ! is_mine || network_point "$harm" "$n"
    done <"$w/bounds"
    # The last part, with any stride: DELE and QUIT.
    [ "$harm" = cut ] && [ "$stride" -gt 1 ] && [ "$link-$kind" = clear-maildir ] || return
    tail -n 12 "$w/bounds" >"$w/ends"
    while read -r n; do
        turn=$((turn + 1))
        [ $((turn % of)) -ne "$mine" ] || network_point "$harm" "$n"
    done <"$w/ends"
}

network_family() {
    local kind n every
    state=$w/state place=$w/place
    for link in clear tls; do
        for kind in maildir mbox; do
            scenario $kind now later "timeout = 1"
            record_lines
            [ $link-$kind = clear-maildir ] && every=1 || every=4
            network_points cut $every
            network_points stall 41
            [ $link = clear ] || network_points notify 7
        done
        scenario maildir never first "timeout = 1"
        record_lines
        network_points cut 17
    done
    # Within TLS: the handshake, records, and their ends.
    awk 'BEGIN { for (n = 0; n < 3000; n += 19) print n
        for (; n < 60000; n += 331) print n }' >"$w/bounds"
    scenario maildir now later "timeout = 1"
    network_points raw 1
    network_points rawstall 23
}

# ---- handover --------------------------------------------------------------------

# The server's answers end after n bytes.
answer_point() {
    local n=$1 result
    point_begin
    reset
    echo "$n" >"$w/taker-harm"
    timeout 20 "$KEEPMAIL" -f "$rc" >/dev/null 2>"$w/said"
    result=$?
    rm -f "$w/taker-harm"
    struck_status $result
    judge_words $result
    judge_now
    judge_end
    point_end "the $kind server's answers end after $n bytes"
}

handover_family() {
    local kind phase n
    state=$w/state place=$w/place link=clear
    copy=
    taker_start lmtp
    taker_start imap
    agent_write
    for kind in lmtp imap pipe; do
        for phase in first later; do
            # Once many messages in a command, once many commands.
            [ $kind-$phase != imap-later ] ||
                taker_start imap --no MULTIAPPEND
            is_my_scenario || continue
            scenario $kind now $phase
            # Two kills in each point.
            handover_harms 2
            crash_calls
            fault_calls
            handover_harms 1
            [ $kind != pipe ] || continue
            for ((n = 0; n < 1400; n++)); do
                ! is_mine || answer_point $n
            done
        done
        is_my_scenario || continue
        scenario $kind after later
        handover_harms 2
        crash_calls
    done
    taker_start imap
    for kind in lmtp imap; do
        for copy in maildir mbox; do
            is_my_scenario || continue
            scenario $kind now later
            handover_harms 2
            crash_calls
            fault_calls
            handover_harms 1
            for ((n = 0; n < 1400; n += 7)); do
                ! is_mine || answer_point $n
            done
        done
    done
    copy=
}

# ---- dialogs ---------------------------------------------------------------------

dialogs_family() {
    local out=$base/dialogs.out
    bash "$TESTS_SRC/dialogs.tap" >"$out" 2>&1
    grep -A 5 '^not ok' "$out"
    awk '/^ok / { ok++ } /^not ok/ { bad++ }
        END { printf "%-8s %6d tried  %d broke their promise\n", "dialogs",
            ok + bad, bad; exit ok == 0 || bad > 0 }' "$out"
}
