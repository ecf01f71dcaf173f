#!/usr/bin/env bats
# With a real server: a private Dovecot on loopback.

load ../../lib/helpers
load ../../lib/dovecot

setup() {
    [ -z "${KEEPMAIL_THIN:-}" ] || skip "the gate ran it whole before"
    common_setup
    find_dovecot || skip "no Dovecot 2.3 (contrib/bootstrap check unpacks one)"
    make_mail 1000
    start_dovecot
    serve_again
    password=pw
}

teardown() {
    stop_dovecot
    common_teardown
}

# road tls
# starttls
# off DESTINATION [SETTING...]: writes an rc file for this combination.
road() {
    local tls=$1 destination=$2
    shift 2
    case $tls in
    implicit) write_rc "tls = implicit" "user = u" "$destination" "$@" ;;
    starttls)
        write_rc "tls = starttls" "port = $port" "user = u" "$destination" "$@"
        ;;
    off)
        write_rc "tls = off" "port = $port" "user = u" "$destination" "$@"
        sed -i '/tls-ca/d' "$rc"
        ;;
    esac
}

# The whole life of a mailbox with one kind of connection and destination.
whole_life() {
    local tls=$1 destination=$2 path=$3
    road "$tls" "$destination"
    wanted 0
    says_nothing
    same_mail "$work/sent" "$path"
    wanted 0 -v
    says "fetched 0 (0 B), deleted 0, left 1000"
    same_mail "$work/sent" "$path"
    road "$tls" "$destination" 'delete = "after 30 days"'
    days_pass 29
    wanted 0
    [ "$(served)" -eq 1000 ]
    days_pass 1
    wanted 0 -v
    says "deleted 1000, left 0"
    [ "$(served)" -eq 0 ]
    same_mail "$work/sent" "$path"
    serve_again
    road "$tls" "$destination" "delete = now"
    wanted 0
    [ "$(served)" -eq 0 ]
    same_mail "$work/sent" "$path"
    wanted 0
    same_mail "$work/sent" "$path"
}

@test "1,000 messages over TLS into a Maildir: fetched, polled again, erased after 30 days, and at once" {
    whole_life implicit "maildir = \"$work/Mail\"" "$work/Mail"
}

@test "1,000 messages over TLS into an mbox: fetched, polled again, erased after 30 days, and at once" {
    whole_life implicit "mbox = \"$work/mbox\"" "$work/mbox"
}

@test "1,000 messages over STLS into a Maildir: fetched, polled again, erased after 30 days, and at once" {
    whole_life starttls "maildir = \"$work/Mail\"" "$work/Mail"
}

@test "1,000 messages over STLS into an mbox: fetched, polled again, erased after 30 days, and at once" {
    whole_life starttls "mbox = \"$work/mbox\"" "$work/mbox"
}

@test "1,000 messages in clear text on loopback into a Maildir: fetched, polled again, erased after 30 days, and at once" {
    whole_life off "maildir = \"$work/Mail\"" "$work/Mail"
}

@test "1,000 messages in clear text on loopback into an mbox: fetched, polled again, erased after 30 days, and at once" {
    whole_life off "mbox = \"$work/mbox\"" "$work/mbox"
}

# kill_each PATH CALLS...: kills a run of 1,000 messages before the first and a
# later one of each of these calls; the next run repairs everything.
kill_each() {
    local path=$1 calls when
    shift
    command -v strace >/dev/null || skip "strace is missing"
    strace -qq -o /dev/null true 2>/dev/null || skip "strace may not trace here"
    for calls in "$@"; do
        for when in 1 3; do
            rm -rf "$work/state" "$path"
            [ "$(served)" -eq 1000 ] || serve_again
            killed_at "$calls" $when || { echo "# not killed at $calls $when"; return 1; }
            patiently
            same_mail "$work/sent" "$path" || { echo "# at $calls $when"; return 1; }
            patiently
            same_mail "$work/sent" "$path" || { echo "# at $calls $when"; return 1; }
            [ "$(served)" -eq 0 ]
        done
    done
}

@test "killed at each step of the commit ladder, Maildir" {
    road implicit "maildir = \"$work/Mail\"" "delete = now"
    kill_each "$work/Mail" fdatasync renameat sendto
}

@test "killed at each step of the commit ladder, mbox" {
    road implicit "mbox = \"$work/mbox\"" "delete = now"
    kill_each "$work/mbox" fdatasync pwrite64 sendto
}

@test "two runs at once for one account: one works, the other exits 75, and no message comes twice" {
    road implicit "maildir = \"$work/Mail\""
    "$KEEPMAIL" -f "$rc" >/dev/null 2>&1 3>&- &
    first=$!
    sleep 0.02
    run keepmail
    second=$status
    wait $first && first=0 || first=$?
    [ "$first $second" = "0 75" ] || [ "$first $second" = "75 0" ]
    same_mail "$work/sent" "$work/Mail"
}

@test "a wrong password exits 77" {
    password=wrong
    road implicit "maildir = \"$work/Mail\""
    wanted 77
    says "refused the login"
}
