#!/usr/bin/env bats
# The cost of a whole run in turns: the times that the client sends something
# after having received something, each of them a round trip. No clock is
# involved; with --calm, the server counts data that arrived in pieces as one.
#
# TLS handshakes are not counted. The first turn is CAPA, the last is QUIT.

load ../lib/helpers

setup() {
    common_setup
}

teardown() {
    common_teardown
}

# costs TURNS COMMANDS: checks the count of the server, which has stopped.
costs() {
    stop_server
    local turns commands
    turns=$(reported turns)
    commands=$(reported commands)
    [ "$turns" -eq "$1" ] && [ "$commands" -eq "$2" ] && return 0
    echo "# $turns turns and $commands commands, not $1 and $2"
    return 1
}

# serve COUNT [popserver's options]: counting starts here.
serve() {
    local count=$1
    shift
    stop_server
    rm -f "$work/server/report"
    start_server --synthetic "$count" --calm 20 "$@"
}

@test "a poll with nothing new costs 4 turns: CAPA, login, UIDL, QUIT" {
    serve 300
    write_rc
    wanted 0
    serve 300 --port "$port" --tls-port "$tls_port"
    wanted 0
    costs 4 4
}

@test "an empty mailbox also costs 4 turns" {
    serve 0
    write_rc
    wanted 0
    costs 4 4
}

@test "300 new messages cost 5 turns: CAPA, login, UIDL, all of LIST and RETR, QUIT" {
    serve 300
    write_rc
    wanted 0
    [ "$(kept)" -eq 300 ]
    costs 5 365
}

@test "300 new messages with delete = now cost 6 turns: all DELEs are one more" {
    serve 300
    write_rc "delete = now"
    wanted 0
    [ "$(kept)" -eq 300 ]
    costs 6 665
    [ "$(reported erased-in-all)" -eq 300 ]
}
