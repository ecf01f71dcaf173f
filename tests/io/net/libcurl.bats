#!/usr/bin/env bats
# What the session's design takes for granted of libcurl (HACKING, "libcurl").

load ../../lib/helpers

setup() {
    common_setup
}

teardown() {
    common_teardown
}

facts() {
    run "$TESTS_BUILD/io/net/libcurl_facts" "$@"
}

@test "CONNECT_ONLY without a user stops before the login, with a usable channel" {
    start_server --synthetic 1
    facts connect "$port"
    says "code 0"
    says "socket yes"
    says "channel +OK"
    says "heard PIPELINING"
    stop_server
    # CAPA and our NOOP: no login, and no QUIT of libcurl's own.
    [ "$(reported commands)" -eq 2 ]
}

@test "libcurl's own login gives up on a greeting with a timestamp" {
    start_server --synthetic 1 --apop --no SASL
    facts login "$port"
    says "code 67"
    grep -q '^apop' "$work/server/report"
}

@test "libcurl's own RETR takes a message cut off for a whole one" {
    cat >"$work/cut.pop" <<'END'
login USER
C: RETR 1
S: +OK
S: Subject: cut off
S:
S: half of
close
END
    start_server --dialog "$work/cut.pop"
    facts retr "$port"
    says "code 0"
}
