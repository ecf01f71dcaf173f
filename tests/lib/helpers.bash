# SPDX-License-Identifier: ISC
# For all .bats files: a server, an rc file, and checks of what became of the
# mail.
# shellcheck disable=SC2034,SC2154 # the tests use what is set here, and bats sets

: "${TESTS_SRC:?run this by make check}" "${TESTS_BUILD:?}" "${KEEPMAIL:?}"
lib=$TESTS_BUILD/lib

# An empty home for each test; the user's own files are not touched.
common_setup() {
    # distcheck shows that the archive is complete: for that, some of each file do.
    [ $((BATS_TEST_NUMBER % ${KEEPMAIL_THIN:-1})) -eq $((1 % ${KEEPMAIL_THIN:-1})) ] ||
        skip "the gate ran it before"
    unset KEEPMAIL_CONFIG KEEPMAIL_STATE XDG_CONFIG_HOME XDG_STATE_HOME
    work=$BATS_TEST_TMPDIR
    export HOME=$work/home
    mkdir -p "$HOME" "$work/server"
    umask 022
    server_pid=
    password='test'
}

common_teardown() {
    stop_server
}

# start_server [popserver's options]: sets $port and $tls_port.
start_server() {
    stop_server
    rm -f "$work/server/ports"
    "$lib/popserver" --work "$work/server" "$@" \
        >"$work/server/output" 2>&1 3>&- &
    server_pid=$!
    local i
    for ((i = 0; i < 200; i++)); do
        [ -s "$work/server/ports" ] && break
        sleep 0.05
    done
    read -r port tls_port <"$work/server/ports"
}

# Stops the server, so that its report is complete.
stop_server() {
    [ -n "$server_pid" ] || return 0
    kill "$server_pid" 2>/dev/null || true
    wait "$server_pid" 2>/dev/null || true
    server_pid=
}

# reported NAME: a number from the server's reports, added up over its runs.
reported() {
    awk -v name="$1" '$1 == name { n += $2 } END { print n + 0 }' \
        "$work/server/report"
}

# make_mail COUNT [SEED]: varied messages in $work/mail, served by --folder.
make_mail() {
    rm -rf "$work/mail" "$work/sent"
    mkdir -p "$work/mail"
    "$lib/genmail" "$work/mail" "$@"
    cp -r "$work/mail" "$work/sent"
}

# no_longer_runs PID: it has ended, or is a zombie.
no_longer_runs() {
    ! grep '^State:' "/proc/$1/status" 2>/dev/null | grep -qv Z
}

# with_mail COUNT: as make_mail, and a server that has it.
with_mail() {
    make_mail "$1"
    start_server --folder "$work/mail" --shared
}

# How many messages are left on that server, and how many are in the Maildir.
left() {
    find "$work/mail" -type f | wc -l
}

stored() {
    find "$work/Mail/new" "$work/Mail/cur" -type f | wc -l
}

# write_rc [SETTING...]: account "a" over TLS into a Maildir; later settings
# override.
write_rc() {
    rc=$work/rc
    {
        printf 'state = "%s"\n' "$work/state"
        [ "$(id -u)" -ne 0 ] || printf 'run-as = root\n'
        [ -z "${UNCONFINED:-}" ] || printf 'confine = false\n'
        printf 'server = localhost\nport = %s\n' "$tls_port"
        printf 'tls-ca = "%s"\n' "$work/server/cert.pem"
        printf 'user = test\npassword = %s\ntimeout = 10\n' "$password"
        printf 'maildir = "%s"\n' "$work/Mail"
        printf 'account a {\n'
        [ $# -eq 0 ] || printf '  %s\n' "$@"
        printf '}\n'
    } >"$rc"
    chmod 600 "$rc"
}

keepmail() {
    "$KEEPMAIL" -f "$rc" "$@"
}

# wanted STATUS [ARGUMENT...]: runs keepmail, which must exit with STATUS.
wanted() {
    local expected=$1
    shift
    run keepmail "$@"
    if [ "$status" -ne "$expected" ]; then
        echo "# keepmail $*: exit status $status, not $expected"
        echo "# $output"
        return 1
    fi
}

# Sanitizers and valgrind bear no tracer, and no library that is loaded first.
needs_plain_build() {
    ! grep -q '__asan_init\|valgrind' "$KEEPMAIL" || skip "not with sanitizers"
}

# killed_at CALLS N: kills keepmail before the Nth of these calls. False if
# there were fewer, and it finished.
killed_at() {
    run strace -qq -f -o /dev/null -e trace="$1" \
        -e inject="$1:signal=KILL:when=$2" "$KEEPMAIL" -f "$rc"
    [ "$status" -ne 0 ]
}

no_keepmail() {
    ! pgrep -f "^$KEEPMAIL .*$rc"
}

# typed PASSWORD: runs keepmail on a terminal where PASSWORD is typed when
# asked.
typed() {
    command -v script >/dev/null || skip "no script(1) here"
    # What is typed before the question is not used as the answer.
    run script -qefc "exec '$KEEPMAIL' -f '$rc'" "$work/typed" < <(
        soon grep -qi password "$work/typed"
        echo "$1"
        soon no_keepmail
    )
}

# on_terminal ARGUMENT...: runs keepmail on a terminal of $columns columns (80).
on_terminal() {
    command -v script >/dev/null || skip "no script(1) here"
    run script -qec "stty cols ${columns:-80}; '$KEEPMAIL' -f '$rc' $*" /dev/null
    output=${output//$'\r'/}
    mapfile -t lines <<<"$output"
}

# no_wider COLUMNS: the last run printed no line wider than this.
no_wider() {
    [ "$(LC_ALL=C.UTF-8 wc -L <<<"$output")" -le "$1" ] && return 0
    echo "# wider than $1 columns:"
    echo "# $output"
    return 1
}

# says TEXT: the last run's output contains it.
says() {
    [[ $output == *"$1"* ]] && return 0
    echo "# not said: $1"
    echo "# said:     $output"
    return 1
}

says_not() {
    [[ $output != *"$1"* ]] && return 0
    echo "# said, but should not be: $1"
    echo "# $output"
    return 1
}

# No output, as cron needs it.
says_nothing() {
    [ -z "$output" ] && return 0
    echo "# said: $output"
    return 1
}

# same_mail SERVED PATH...: every message once, byte for byte.
same_mail() {
    local served=$1
    shift
    "$lib/mailsum" -s "$served" >"$work/sums.sent"
    "$lib/mailsum" "$@" >"$work/sums.kept"
    cmp -s "$work/sums.sent" "$work/sums.kept" && return 0
    echo "# sent $(wc -l <"$work/sums.sent"), kept $(wc -l <"$work/sums.kept")"
    echo "# lost or changed: $(comm -23 "$work/sums.sent" "$work/sums.kept" | wc -l)"
    echo "# doubled or made up: $(comm -13 "$work/sums.sent" "$work/sums.kept" | wc -l)"
    return 1
}

# The number of messages in a Maildir or an mbox, and of files in a folder.
kept() {
    "$lib/mailsum" "${1:-$work/Mail}" | wc -l
}

files() {
    find "$@" -type f | wc -l
}

# in_store SQL: runs it on the store of account a.
in_store() {
    sqlite3 "$work/state/a.db" "$1"
}

# Moves the times in the store: all kept mail was kept this many days earlier.
days_pass() {
    in_store "UPDATE message SET kept_at = kept_at - $1 * 86400"
}

# let_pass DIRECTORY: makes it reachable for any user.
let_pass() {
    local at=$1
    while [ "$at" != / ]; do
        chmod a+x "$at"
        at=$(dirname "$at")
    done
}

# soon COMMAND...: waits until it succeeds, for at most 20 seconds.
soon() {
    local i
    for ((i = 0; i < 1000; i++)); do
        ! "$@" >/dev/null 2>&1 || return 0
        sleep 0.02
    done
    echo "# in vain: $*"
    return 1
}

# patiently: a run that must succeed, once the server has ended the session of a
# run that was killed.
patiently() {
    local i
    for ((i = 0; i < 100; i++)); do
        run keepmail
        [ "$status" -eq 75 ] || break
        sleep 0.1
    done
    [ "$status" -eq 0 ] && return 0
    echo "# exit status $status: $output"
    return 1
}
