#!/usr/bin/env bats
# Clocks that are wrong, for one run or from the beginning.

load ../lib/helpers

setup() {
    common_setup
    command -v faketime >/dev/null || skip "no faketime here"
    mkdir -p "$work/mail"
    make_letters 1 5
    start_server --folder "$work/mail"
    write_clear 'delete = "after 30 days"'
}

teardown() {
    common_teardown
}

make_letters() {
    local i
    for ((i = $1; i <= $2; i++)); do
        printf 'Received: from a by b; %s\nMessage-ID: <%d@x>\nSubject: %d\n\ntext %d\n' \
            "${3:-Mon, 2 Nov 2026 10:00:00 +0000}" "$i" "$i" "$i" >"$work/mail/$i.eml"
    done
}

# Without TLS, whose certificate would tell the date, too.
write_clear() {
    write_rc "server = 127.0.0.1" "port = $port" "tls = off" "$@"
}

on_server() {
    files "$work/mail"
}

# at WHEN STATUS [ARGUMENT...]: runs keepmail with another clock.
at() {
    local when=$1 expected=$2
    shift 2
    ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0 \
        run faketime -f "$when" "$KEEPMAIL" -f "$rc" "$@"
    [ "$status" -eq "$expected" ] && return 0
    echo "# at $when: exit status $status, not $expected"
    echo "# $output"
    return 1
}

@test "the days of mail fetched in 1970 are counted from the first run with a correct clock" {
    at "@1970-01-01 00:01:00" 0
    [ "$(kept)" -eq 5 ]
    wanted 0
    [ "$(on_server)" -eq 5 ]
    wanted 0 -n
    says "delete 0, leave 5"
    at "+29d" 0
    [ "$(on_server)" -eq 5 ]
    at "+31d" 0
    [ "$(on_server)" -eq 0 ]
}

@test "a clock that was once ten years ahead causes nothing to be erased, then or later" {
    wanted 0
    make_letters 6 7
    at "+3650d" 0
    says "the clock says"
    says "5 messages that are due stay on the server until a run on another day"
    [ "$(kept)" -eq 7 ]
    [ "$(on_server)" -eq 7 ]
    # Again on the same day: still nothing.
    at "+3650d" 0
    [ "$(on_server)" -eq 7 ]
    # With the correct time, all messages have their real ages.
    wanted 0
    says_nothing
    [ "$(on_server)" -eq 7 ]
    wanted 0 -n -v
    says_not "clock may be wrong"
    at "+29d" 0
    [ "$(on_server)" -eq 7 ]
    at "+31d" 0
    [ "$(on_server)" -eq 0 ]
}

@test "after a long time without a run, a second run on another day erases due messages" {
    wanted 0
    at "+100d" 0
    says "stay on the server until a run on another day confirms this"
    [ "$(on_server)" -eq 5 ]
    at "+101d" 0
    says_nothing
    [ "$(on_server)" -eq 0 ]
}

@test "mail later than the clock's time shows that the clock is behind" {
    rm "$work/mail"/*
    make_letters 1 5 "$(date -R -d '+400 days')"
    wanted 0
    in_store "SELECT count(*) FROM message WHERE kept_at IS NULL" | grep -qx 5
    at "+31d" 0
    [ "$(on_server)" -eq 5 ]
    at "+405d" 0
    at "+406d" 0
    [ "$(on_server)" -eq 5 ]
    at "+437d" 0
    at "+438d" 0
    [ "$(on_server)" -eq 0 ]
}

@test "with a clock set back by years, nothing is erased or forgotten" {
    wanted 0
    days_pass 31
    rm "$work/mail/1.eml"
    at "-1000d" 0
    [ "$(on_server)" -eq 4 ]
    wanted 0
    [ "$(on_server)" -eq 0 ]
    # The owner may confirm that the clock is correct.
    make_letters 6 6
    wanted 0
    at "-60d" 0
    days_pass 100
    at "-60d" 0
    says "if it is right, run once with --no-brake"
    [ "$(on_server)" -eq 1 ]
    at "-60d" 0 --no-brake
    [ "$(on_server)" -eq 0 ]
}

@test "a last success in the future is ignored" {
    wanted 0
    make_letters 6 6
    at "+3650d" 0
    wanted 0 status --json
    says_not "\"last_success\":2"
    wanted 0
    wanted 0 status --json
    says "\"last_success\":1"
}
