#!/usr/bin/env bats
# Against a real server: Dovecot, private to the test, on loopback.

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

# road tls|starttls|off DESTINATION [SETTING...]: an rc file for it.
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

# The whole life of a mailbox over one road into one destination.
whole_life() {
    local tls=$1 destination=$2 path=$3
    road "$tls" "$destination"
    wanted 0
    says_nothing
    same_mail "$work/sent" "$path"
    wanted 0 -v
    says "fetched 0 (0 B), erased 0, left 1000"
    same_mail "$work/sent" "$path"
    road "$tls" "$destination" 'delete = "after 30 days"'
    days_pass 29
    wanted 0
    [ "$(served)" -eq 1000 ]
    days_pass 1
    wanted 0 -v
    says "erased 1000, left 0"
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

@test "1,000 messages by TLS into a Maildir, again, after 30 days, and at once" {
    whole_life implicit "maildir = \"$work/Mail\"" "$work/Mail"
}

@test "1,000 messages by TLS into an mbox, again, after 30 days, and at once" {
    whole_life implicit "mbox = \"$work/mbox\"" "$work/mbox"
}

@test "1,000 messages by STLS into a Maildir, again, after 30 days, and at once" {
    whole_life starttls "maildir = \"$work/Mail\"" "$work/Mail"
}

@test "1,000 messages by STLS into an mbox, again, after 30 days, and at once" {
    whole_life starttls "mbox = \"$work/mbox\"" "$work/mbox"
}

@test "1,000 messages in clear on loopback into a Maildir, again, after 30 days, and at once" {
    whole_life off "maildir = \"$work/Mail\"" "$work/Mail"
}

@test "1,000 messages in clear on loopback into an mbox, again, after 30 days, and at once" {
    whole_life off "mbox = \"$work/mbox\"" "$work/mbox"
}

# kill_often PATH: hit 20 times at random moments of runs of 1,000 messages; each
# time one comes through, all is compared, and a new mailbox is served.
kill_often() {
    local hits=0 pid
    while [ $hits -lt 20 ]; do
        "$KEEPMAIL" -f "$rc" >/dev/null 2>&1 3>&- &
        pid=$!
        sleep "0.$((RANDOM % 3))$((RANDOM % 10))"
        kill -9 $pid 2>/dev/null || true
        wait $pid && status=0 || status=$?
        [ "$status" -ne 137 ] || hits=$((hits + 1))
        if [ "$status" -eq 0 ]; then
            same_mail "$work/sent" "$1"
            serve_again
        fi
    done
    patiently
    same_mail "$work/sent" "$1"
    patiently
    same_mail "$work/sent" "$1"
    [ "$(served)" -eq 0 ]
}

@test "killed 20 times at random moments, Maildir" {
    road implicit "maildir = \"$work/Mail\"" "delete = now"
    kill_often "$work/Mail"
}

@test "killed 20 times at random moments, mbox" {
    road implicit "mbox = \"$work/mbox\"" "delete = now"
    kill_often "$work/mbox"
}

@test "two at once on one account: one works, the other exits 75, no message twice" {
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
