#!/usr/bin/env bats
# Protection against others: passwords, links that others planted, and the
# program itself. TLS: errors.bats; confinement: confine.bats; root:
# privilege.bats.

load ../../lib/helpers

setup() {
    common_setup
    # Does not occur anywhere else by chance, in any of its forms.
    secret='Sesam-0ffne-Dich'
    forms=("$secret" "$(printf %s "$secret" | base64)"
        "$(printf '\0test\0%s' "$secret" | base64)")
    printf '%s\n' "$secret" >"$HOME/secret"
    chmod 600 "$HOME/secret"
}

teardown() {
    common_teardown
}

# not_in FILE...: the password is not there, in clear text or in base64.
not_in() {
    local form
    for form in "${forms[@]}"; do
        if grep -aFl -e "$form" "$@"; then
            echo "# the password is in these"
            return 1
        fi
    done
}

is_instrumented() {
    grep -q '__asan_init\|valgrind\|gcov_' "$KEEPMAIL"
}

# What other users' tools see of a process: its arguments and its environment.
look_at() {
    local pid
    for pid in $(pgrep -f "$KEEPMAIL" || true); do
        cat "/proc/$pid/cmdline" "/proc/$pid/environ" "/proc/$pid/status" \
            2>/dev/null || true
    done
    # The test server gets the password in its arguments.
    # shellcheck disable=SC2009 # pgrep shows no environment
    ps axeww | grep -v popserver
}

# stalled_run SETTING...: starts a run that hangs after its login; $pid is its
# process id.
stalled_run() {
    start_server --synthetic 3 --password "$secret" --harm "$work/harm"
    write_rc "$@"
    # Enough for the login, not for the listing.
    echo "stall 150" >"$work/harm"
    : >"$work/trace"
    "$KEEPMAIL" -vv -f "$rc" >"$work/trace" 2>&1 3>&- &
    pid=$!
    soon grep '> UIDL' "$work/trace" || {
        sed "s,^,# ," "$work/trace" "$work/server/output"
        return 1
    }
}

@test "the password is in no process list, environment, trace, log or store" {
    for source in 'password-command = "cat $HOME/secret"' \
        "password-file = \"$HOME/secret\""; do
        stalled_run "$source"
        look_at >"$work/looked"
        kill "$pid"
        wait "$pid" || true
        # The search does find other strings.
        grep -qa "$KEEPMAIL" "$work/looked"
        not_in "$work/looked" "$work/trace"
        wanted 0 -vv
        printf '%s\n' "$output" >"$work/said"
        not_in "$work/said" "$work/state"/* "$work/server/report"
        rm -rf "$work/state" "$work/Mail"
    done
}

@test "a wrong password is in no error and not in the store" {
    start_server --synthetic 3
    write_rc "password = $secret"
    wanted 77 -vv
    printf '%s\n' "$output" >"$work/said"
    not_in "$work/said" "$work/state"/*
}

# read_memory PID: all mappings that are private and writable.
read_memory() {
    local from to
    awk '$2 ~ /^rw-p/ { print $1 }' "/proc/$1/maps" >"$work/maps"
    while IFS=- read -r from to; do
        dd if="/proc/$1/mem" bs=4096 iflag=skip_bytes,count_bytes \
            skip=$((16#$from)) count=$((16#$to - 16#$from)) \
            2>/dev/null || true
    done <"$work/maps"
}

@test "the password is wiped after the login, in the worker and its parent" {
    [ "$(id -u)" -eq 0 ] || skip "only root may look into memory"
    ! is_instrumented || skip "not with sanitizers"
    [ -r /proc/self/mem ] || skip "no /proc/PID/mem here"
    for source in "password-file = \"$HOME/secret\"" \
        'password-command = "cat $HOME/secret"' "password = $secret"; do
        stalled_run "$source"
        worker=$(pgrep -P "$pid")
        for one in "$pid" "$worker"; do
            read_memory "$one" >"$work/memory.$one"
            # The memory was read: another value of the rc file is found in it.
            grep -qaF "$work/state" "$work/memory.$one"
        done
        cat "$work"/memory.* >"$work/memory"
        rm "$work"/memory.*
        kill "$pid"
        wait "$pid" || true
        not_in "$work/memory" || {
            echo "# found with $source"
            return 1
        }
        rm -rf "$work/state" "$work/Mail"
    done
}

@test "a crash leaves no core dump" {
    ! is_instrumented || skip "not with sanitizers"
    ulimit -c unlimited 2>/dev/null || skip "no core files here at all"
    stalled_run "password-file = \"$HOME/secret\""
    grep -q '^Max core file size  *0 ' "/proc/$pid/limits"
    # Not dumpable: its files in /proc belong to root.
    [ "$(stat -c %u "/proc/$pid/mem")" -eq 0 ]
    cd "$work"
    kill -SEGV "$pid"
    wait "$pid" || true
    [ -z "$(find "$work" -name 'core*')" ]
}

@test "a symbolic link that another user planted in a spool is not followed" {
    start_server --synthetic 3 --shared
    mkdir "$work/spool"
    chmod 1777 "$work/spool"
    echo precious >"$work/victim"
    for name in mbox mbox.lock; do
        rm -rf "$work/state" "$work/spool"/*
        ln -s "$work/victim" "$work/spool/$name"
        write_rc "password = test" "mbox = \"$work/spool/mbox\""
        run timeout 60 "$KEEPMAIL" -f "$rc"
        [ "$(cat "$work/victim")" = precious ]
    done
    # A hard link is refused, too.
    rm -rf "$work/state" "$work/spool"/*
    ln "$work/victim" "$work/spool/mbox"
    wanted 73
    says "is not a regular file of yours with one name"
    [ "$(cat "$work/victim")" = precious ]
}

@test "the parts of a Maildir may not be links, and must belong to its owner" {
    start_server --synthetic 3 --shared
    write_rc "password = test"
    mkdir -p "$work/Mail/cur" "$work/Mail/tmp" "$work/elsewhere"
    ln -s "$work/elsewhere" "$work/Mail/new"
    wanted 73
    [ -z "$(ls "$work/elsewhere")" ]
    [ "$(id -u)" -eq 0 ] || skip "only root can give a directory away"
    rm -rf "$work/Mail"
    mkdir -p "$work/Mail"/{cur,new,tmp}
    chown 65534 "$work/Mail"
    wanted 73
    says "belongs to another user"
}

@test "the program is built with hardening against exploits" {
    command -v readelf >/dev/null || skip "readelf is missing"
    ! is_instrumented || skip "a mode of its own"
    readelf -hdlW "$KEEPMAIL" >"$work/elf"
    grep -q 'Type: *DYN' "$work/elf"
    grep -q 'NOW' "$work/elf"
    grep -q 'GNU_RELRO' "$work/elf"
    grep 'GNU_STACK' "$work/elf" | grep -qv 'RWE'
    readelf -W --dyn-syms "$KEEPMAIL" | grep -q __stack_chk_fail
}

# closed DESCRIPTORS ARGUMENT...: starts keepmail with these descriptors closed.
closed() {
    local redirections='' fd
    for fd in $1; do redirections+=" $fd>&-"; done
    shift
    run bash -c '"$0" -f "$@"'"$redirections" "$KEEPMAIL" "$rc" "$@"
}

# The stores are intact, and contain no text that was to be printed.
stores_are_whole() {
    [ "$(in_store "PRAGMA integrity_check")" = ok ] &&
        [ "$(in_store "SELECT count(*) FROM message")" -ge "$1" ] &&
        ! grep -aq "a: \|usage: \|\"account\"" "$work/state/a.db"
}

@test "no command writes into the store what was meant for a closed descriptor" {
    printf '%s\n' localhost:test:u1 >"$work/ids"
    commands=("" "-v" "-n" "-v -n" "--json" "-q" "check" "check --json" "-q check" "status" "status --json" "list a"
        "list a --json" "history a" "history a uid --json" "hold a uid"
        "hold a no-such" "release a uid" "retry a" "retry a no-such"
        "verify" "verify --json" "verify --refetch" "rebuild a" "-n rebuild a"
        "import --from fdm a $work/ids" "mark-seen a" "-n -v mark-seen a"
        "no-such" "--no-such" "--help" "--version")
    start_server --synthetic 3
    write_rc
    wanted 0
    uid=$(in_store "SELECT CAST(uid AS text) FROM message LIMIT 1")
    for descriptors in 0 1 2 "0 1" "1 2" "0 1 2"; do
        for command in "${commands[@]}"; do
            # A letter whose copy verify finds missing, and one to fetch.
            find "$work/Mail/new" -type f | head -n 1 | xargs rm -f
            # shellcheck disable=SC2086 # words of a command
            closed "$descriptors" ${command/ uid/ "$uid"}
            stores_are_whole 3 || {
                echo "# $command, with $descriptors closed: status $status"
                return 1
            }
        done
    done
}

@test "a closed standard output is reported if something was to be printed" {
    start_server --synthetic 3
    write_rc
    for command in "-n" "--json" "list a" "status" "status --json" "check" "check --json" "history a" \
        "--version" "--help"; do
        # shellcheck disable=SC2086 # words of a command
        closed 1 $command
        [ "$status" -eq 74 ] || { echo "# $command: status $status"; return 1; }
        says "to standard output"
        # shellcheck disable=SC2086 # words of a command
        closed "1 2" $command
        [ "$status" -eq 74 ]
        says_nothing
    done
    closed 1
    [ "$status" -eq 0 ]
    says_nothing
    closed "0 1 2" --same-mailbox
    [ "$status" -eq 0 ]
}

@test "without /dev/null, nothing is begun with a descriptor closed" {
    unshare -rm true 2>/dev/null || skip "no namespaces for mounts here"
    start_server --synthetic 3
    write_rc
    in_bare_dev='mount -t tmpfs none /dev && exec "$0" -f "$@"'
    run unshare -rm bash -c "$in_bare_dev 2>&-" "$KEEPMAIL" "$rc"
    [ "$status" -eq 71 ]
    [ ! -e "$work/state" ]
}

# hardened_by OPTION...: the hardening flags that configure chooses. The build's
# own results are reused, so that it does not test the compiler again.
hardened_by() {
    [ -z "${KEEPMAIL_THIN:-}" ] || skip "the gate ran it before"
    if [ ! -x "$TESTS_SRC/../configure" ] || [ ! -f "$TESTS_BUILD/../config.log" ]; then
        skip "no configure here"
    fi
    mkdir "$work/configured"
    cd "$work/configured" || return 1
    sed -n '/_cv_env_/d; /^\(ac\|am\|pkg\)_cv_[a-zA-Z0-9_]*=/p' \
        "$TESTS_BUILD/../config.log" >cache
    "$TESTS_SRC/../configure" -q --no-create --cache-file=cache \
        --without-libseccomp "$@" >said 2>&1 || {
        sed 's/^/# /' said
        return 1
    }
    hardened=$(sed -n 's/^S\["HARD_CFLAGS"\]=//p' config.status)
}

@test "hardening is kept with other flags, as is a stronger FORTIFY level" {
    hardened_by --enable-hardening --disable-sanitizers --disable-coverage \
        --disable-fuzzing CPPFLAGS=-D_FORTIFY_SOURCE=3
    [[ $hardened == *-fstack-protector-strong* ]]
    [[ $hardened != *FORTIFY* ]]
}

@test "--disable-hardening builds without hardening" {
    hardened_by --disable-hardening
    [ "$hardened" = '""' ]
}

@test "keepmail waits for a password-command, but not for an agent that it started" {
    start_server --synthetic 1
    write_rc "timeout = 30"
    sed -i '/^password = /d' "$rc"
    sed -i 's/^account a {/&\n  password-command = "echo test; sleep 60 2>\/dev\/null 3>\&- \&"/' "$rc"
    SECONDS=0
    wanted 0
    [ "$(kept)" -eq 1 ]
    [ $SECONDS -lt 20 ]
}

@test "a token of 16,000 bytes is accepted, and never shown" {
    start_server --synthetic 1
    write_rc "auth = xoauth2"
    printf '#!/bin/sh\nhead -c 16000 /dev/zero | tr "\\0" A\n' >"$work/token"
    chmod +x "$work/token"
    sed -i "s|^password = .*|password-command = \"$work/token\"|" "$rc"
    wanted 77 -vv
    says_not AAAAAAAAAAAAAAAAAAAA
    says_not "is longer than"
}
