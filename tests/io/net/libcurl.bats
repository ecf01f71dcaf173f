#!/usr/bin/env bats
# What the design of the session relies on in libcurl (HACKING, "libcurl").

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

# A libcurl that has fixed a problem that is worked around is reported, not an
# error.
news() {
    skip "news: libcurl $("$TESTS_BUILD/io/net/libcurl_facts" version) $1, so that HACKING, section 5, can be reconsidered"
}

@test "CONNECT_ONLY without a user stops before the login, with a usable channel" {
    start_server --synthetic 1
    facts connect "$port"
    says "code 0"
    says "socket yes"
    says "channel +OK"
    says "heard PIPELINING"
    stop_server
    # CAPA and our NOOP: no login, and no QUIT from libcurl itself.
    [ "$(reported commands)" -eq 2 ]
}

@test "libcurl's own login fails after a greeting with a timestamp" {
    start_server --synthetic 1 --apop --no SASL
    facts login "$port"
    [[ $output == *"code 67"* ]] || news "no longer gives up there"
    grep -q '^apop' "$work/server/report"
}

@test "libcurl's own RETR accepts a message that was cut off" {
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
    [[ $output == *"code 0"* ]] || news "notices that it was cut off"
}
