#!/usr/bin/env bats
# A run goes on in another session where one did not see all, or broke.

load lib/helpers

setup() {
    common_setup
    mkdir "$work/hidden"
}

teardown() {
    common_teardown
}

# sessions COUNT: so many there were, now that the server is stopped.
sessions() {
    stop_server
    local n
    n=$(reported sessions)
    [ "$n" -eq "$1" ] && return 0
    echo "# $n sessions, not $1"
    return 1
}

# A server that shows 10 at a time, and hides what was fetched once.
windowed() { # COUNT [popserver's options]
    make_mail "$1"
    shift
    start_server --folder "$work/mail" --window 10 --hidden "$work/hidden" "$@"
    write_rc
}

@test "a server that shows a window is asked again, in one run, until nothing new comes" {
    windowed 45 --no PIPELINING
    wanted 0 -v
    [ "$(kept)" -eq 45 ]
    says "fetched 45"
    same_mail "$work/sent" "$work/Mail"
    # The last one finds nothing.
    sessions 6
}

@test "a server that says EXPIRE 0 is asked again, too" {
    windowed 25 --extra "EXPIRE 0"
    wanted 0
    [ "$(kept)" -eq 25 ]
    sessions 4
}

@test "a window that a server with a pipeline does not tell of shows in the next run" {
    windowed 50
    wanted 0
    [ "$(kept)" -eq 10 ]
    sessions 1
    rm "$work/server/report"
    start_server --folder "$work/mail" --window 10 --hidden "$work/hidden" \
        --tls-port "$tls_port"
    wanted 0
    [ "$(kept)" -eq 50 ]
    same_mail "$work/sent" "$work/Mail"
    sessions 5
}

@test "sessions = N asks again so often, whatever the server is like; 1 never does" {
    windowed 50
    write_rc "sessions = 3"
    wanted 0
    [ "$(kept)" -eq 30 ]
    write_rc "sessions = 1"
    wanted 0
    [ "$(kept)" -eq 40 ]
    sessions 4
}

@test "what is out of the window is neither forgotten nor fetched twice" {
    windowed 30 --no PIPELINING
    wanted 0
    [ "$(kept)" -eq 30 ]
    # All of it is shown once more.
    rm "$work/hidden"/*
    wanted 0
    [ "$(kept)" -eq 30 ]
    [ "$(in_store "SELECT count(*) FROM message WHERE state = 2")" -eq 30 ]
}

@test "several accounts, and --json: one report each for all of their sessions" {
    windowed 25 --no PIPELINING --shared
    printf 'account b {\n maildir = "~/b"\n}\n' >>"$rc"
    wanted 0 --json b
    [ "$(wc -l <<<"$output")" -eq 1 ]
    says '"account":"b","status":0,"fetched":25'
    rm "$work/hidden"/*
    wanted 0 --json a b
    [ "$(grep -c '"account"' <<<"$output")" -eq 2 ]
    says '"account":"a","status":0,"fetched":25'
    says '"account":"b","status":0,"fetched":0'
}

@test "the password of another session may stand in a file that includes the account's" {
    windowed 25 --no PIPELINING
    sed -n '/^account/,$p' "$rc" >"$work/included"
    sed -i '/^account/,$d' "$rc"
    printf 'include("%s")\n' "$work/included" >>"$rc"
    chmod 600 "$work/included"
    wanted 0
    [ "$(kept)" -eq 25 ]
}

@test "a password that cannot be had again is no failure: the run ends with what came" {
    windowed 25 --no PIPELINING
    sed -i "s,^password = .*,password-command = \"test ! -e $work/gone \&\& touch $work/gone \&\& echo test\"," "$rc"
    wanted 0
    [ "$(kept)" -eq 10 ]
    wanted 78
    rm "$work/gone"
    wanted 0
    [ "$(kept)" -eq 20 ]
}

@test "a password that was typed is not asked for again: the run ends there" {
    command -v script >/dev/null || skip "no script(1) here"
    windowed 30 --no PIPELINING
    sed -i '/^password/d' "$rc"
    run script -qec "'$KEEPMAIL' -f '$rc'" /dev/null < <(
        sleep 1
        echo test
        sleep 1
    )
    [ "$status" -eq 0 ]
    says "fetched 10"
    [ "$(kept)" -eq 10 ]
    sessions 1
}

@test "a message that breaks the session does not hold up the others" {
    make_mail 40
    start_server --folder "$work/mail" --poison 000011.eml
    write_rc "delete = now"
    wanted 75
    # It is said once, and the rest is here, and erased there.
    [ "$(wc -l <<<"$output")" -eq 1 ]
    says "was lost"
    [ "$(kept)" -eq 39 ]
    [ "$(ls "$work/mail")" = 000011.eml ] || { ls "$work/mail"; false; }
    # It was tried once more after all others, and then left alone.
    sessions 3
    [ "$(in_store "SELECT tries FROM trouble")" -eq 2 ]
}

@test "a message that breaks a session once comes in the next one: nothing is said" {
    make_mail 40
    echo "cut 20000" >"$work/harm"
    start_server --folder "$work/mail" --harm "$work/harm"
    write_rc
    wanted 0
    says_nothing
    same_mail "$work/sent" "$work/Mail"
    sessions 2
    [ "$(in_store "SELECT count(*) FROM trouble")" -eq 0 ]
}

@test "with sessions = 1 a broken session is the run's end" {
    make_mail 40
    start_server --folder "$work/mail" --poison 000011.eml
    write_rc "sessions = 1"
    wanted 75
    [ "$(kept)" -lt 39 ]
    sessions 1
}

@test "where the next session cannot be had, the broken one is the run's outcome" {
    make_mail 40
    start_server --folder "$work/mail" --poison 000011.eml --sessions 1
    write_rc
    wanted 75 --json
    [ "$(grep -c '"account"' <<<"$output")" -eq 1 ]
    says '"status":75'
    says "was lost"
    says_not "cannot connect"
}
