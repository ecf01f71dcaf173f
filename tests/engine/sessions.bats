#!/usr/bin/env bats
# A run continues in another session if one did not see everything, or broke.

load ../lib/helpers

setup() {
    common_setup
    mkdir "$work/hidden"
}

teardown() {
    common_teardown
}

# sessions COUNT: checks the number of sessions, after the server has stopped.
sessions() {
    stop_server
    local n
    n=$(reported sessions)
    [ "$n" -eq "$1" ] && return 0
    echo "# $n sessions, not $1"
    return 1
}

# A server that lists 10 messages at a time, and hides those already fetched.
windowed() { # COUNT [popserver's options]
    make_mail "$1"
    shift
    start_server --folder "$work/mail" --window 10 --hidden "$work/hidden" "$@"
    write_rc
}

@test "a server that lists only a window is asked again in the same run, until nothing new comes" {
    windowed 45 --no PIPELINING
    wanted 0 -v
    [ "$(kept)" -eq 45 ]
    says "fetched 45"
    same_mail "$work/sent" "$work/Mail"
    # The last session finds nothing.
    sessions 6
}

@test "a server that announces EXPIRE 0 is asked again, too" {
    windowed 25 --extra "EXPIRE 0"
    wanted 0
    [ "$(kept)" -eq 25 ]
    sessions 4
}

@test "a window that a pipelining server does not reveal is seen by the next run" {
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

@test "the progress bar of a run with several sessions never shows more messages than there are" {
    command -v script >/dev/null || skip "no script(1) here"
    windowed 60 --extra "EXPIRE 0"
    run script -qec "'$KEEPMAIL' -f '$rc' --progress" /dev/null </dev/null
    [ "$status" -eq 0 ]
    [ "$(kept)" -eq 60 ]
    shown=$(tr '\r' '\n' <<<"$output" | grep -o '[0-9]\+/[0-9]\+ messages')
    [ -n "$shown" ]
    [ -z "$(awk -F '[/ ]' '$1 > $2' <<<"$shown")" ] ||
        { echo "# $shown"; false; }
}

@test "with sessions = N there are up to N sessions, whatever the server does, and with 1 only one" {
    windowed 50
    write_rc "sessions = 3"
    wanted 0
    [ "$(kept)" -eq 30 ]
    write_rc "sessions = 1"
    wanted 0
    [ "$(kept)" -eq 40 ]
    sessions 4
}

@test "messages outside the window are neither forgotten nor fetched twice" {
    windowed 30 --no PIPELINING
    wanted 0
    [ "$(kept)" -eq 30 ]
    # All of them are listed once more.
    rm "$work/hidden"/*
    wanted 0
    [ "$(kept)" -eq 30 ]
    [ "$(in_store "SELECT count(*) FROM message WHERE state = 2")" -eq 30 ]
}

@test "several accounts, and --json, report once for all sessions of an account" {
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

@test "the password for another session may be in a file that includes the account's" {
    windowed 25 --no PIPELINING
    sed -n '/^account/,$p' "$rc" >"$work/included"
    sed -i '/^account/,$d' "$rc"
    printf 'include("%s")\n' "$work/included" >>"$rc"
    chmod 600 "$work/included"
    wanted 0
    [ "$(kept)" -eq 25 ]
}

@test "a password that cannot be obtained again is reported, after the mail that came" {
    windowed 25 --no PIPELINING
    # It returns the password only once.
    sed -i "s,^password = .*,password-command = \"test ! -e $work/gone \&\& touch $work/gone \&\& echo test\"," "$rc"
    wanted 78
    says "password-command"
    [ "$(kept)" -eq 10 ]
    rm "$work/gone"
    sed -i '/^account/a sessions = 1' "$rc"
    wanted 0
    [ "$(kept)" -eq 20 ]
}

@test "the rc file's password is not sent to another server than before" {
    windowed 45 --no PIPELINING
    # Meanwhile, the owner changes the account to another mailbox.
    sed "s/^server = .*/server = 127.0.0.1/; s/^password = .*/password = other/" \
        "$rc" >"$work/changed"
    "$KEEPMAIL" -f "$rc" -vv >"$work/trace" 2>&1 3>&- &
    pid=$!
    soon grep "> UIDL" "$work/trace"
    cat "$work/changed" >"$rc"
    wait $pid
    [ "$(kept)" -ge 10 ]
    stop_server
    # No login was refused, as it would be with a wrong password.
    [ "$(reported logins)" -eq "$(reported sessions)" ]
    run grep "refused" "$work/trace"
    [ "$status" -ne 0 ]
}

@test "a typed password is not asked for again: the run ends there" {
    windowed 30 --no PIPELINING
    sed -i '/^password/d' "$rc"
    typed test
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
    # This is reported once, and the rest is here, and erased there.
    [ "$(wc -l <<<"$output")" -eq 1 ]
    says "was lost"
    [ "$(kept)" -eq 39 ]
    [ "$(ls "$work/mail")" = 000011.eml ] || { ls "$work/mail"; false; }
    # It was tried once more after all the others, and then left alone.
    sessions 3
    [ "$(in_store "SELECT tries FROM trouble")" -eq 2 ]
}

@test "a message that breaks one session and comes in the next is not reported" {
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

@test "with sessions = 1, a broken session ends the run" {
    make_mail 40
    start_server --folder "$work/mail" --poison 000011.eml
    write_rc "sessions = 1"
    wanted 75
    [ "$(kept)" -lt 39 ]
    sessions 1
}

@test "if the next session fails to start, the broken one determines the run's outcome" {
    make_mail 40
    start_server --folder "$work/mail" --poison 000011.eml --sessions 1
    write_rc
    wanted 75 --json
    [ "$(grep -c '"account"' <<<"$output")" -eq 1 ]
    says '"status":75'
    says "was lost"
    says_not "cannot connect"
}

@test "another message under a known uid that breaks the session does not hold up others" {
    make_mail 40
    start_server --folder "$work/mail"
    write_rc
    wanted 0
    printf 'Subject: another\nMessage-ID: <another@x>\n\nand a longer one than it was\n%4000s\n' x \
        >"$work/mail/000001.eml"
    for i in 1 2 3; do
        printf 'Subject: new %d\n\nnew %d\n' $i $i >"$work/mail/new$i"
    done
    start_server --folder "$work/mail" --poison 000001.eml
    write_rc
    wanted 75
    [ "$(kept)" -eq 43 ]
    for ((i = 0; i < 8; i++)); do
        in_store "UPDATE trouble SET next_at = 1"
        run keepmail
    done
    [ -n "$(in_store "SELECT quarantined_at FROM trouble")" ]
    wanted 0
    says_nothing
    wanted 0 status
    says "1 in quarantine"
    # Once the server is fixed, it comes.
    wanted 0 retry a
    start_server --folder "$work/mail"
    write_rc
    wanted 0
    [ "$(kept)" -eq 44 ]
}

@test "a message cut off at the same place each time is quarantined, and comes with retry" {
    make_mail 5
    start_server --folder "$work/mail" --poison 000002.eml
    write_rc "sessions = 1"
    for ((i = 1; i <= 7; i++)); do
        wanted 75
        [ "$(in_store "SELECT tries FROM trouble")" -eq $i ]
        in_store "UPDATE trouble SET next_at = 1"
    done
    says "stays on the server and is no longer tried"
    wanted 0
    says_nothing
    [ "$(kept)" -eq 4 ]
    wanted 0 retry a
    wanted 75
}

@test "a refused message is tried once in a run of many sessions, and reported once" {
    make_mail 36
    start_server --folder "$work/mail" --window 12 --hidden "$work/hidden" \
        --no PIPELINING --refuse 5
    write_rc
    wanted 75 --json
    # Its fifth message, in each session.
    refused=$(grep -c "^a: the server refused to send" <<<"$output")
    [ "$refused" -gt 1 ]
    says "\"failed\":$refused"
    [ "$(in_store "SELECT count(*) FROM trouble")" -eq "$refused" ]
    [ "$(in_store "SELECT max(tries) FROM trouble")" -eq 1 ]
}

@test "messages postponed in one run are tried in the next: the listing is not quiet" {
    make_mail 30
    start_server --folder "$work/mail" --poison 000011.eml
    write_rc
    wanted 75
    [ "$(in_store "SELECT count(*) FROM quiet")" -eq 0 ]
    wanted 75
    [ "$(in_store "SELECT tries FROM trouble")" -ge 3 ]
}

@test "a run of several sessions is recorded as one, and agrees with the exit status" {
    make_mail 40
    start_server --folder "$work/mail" --poison 000011.eml
    write_rc "delete = now"
    wanted 75
    [ "$(in_store "SELECT count(*), max(status), max(fetched) FROM run")" = "1|75|39" ]
    windowed 25 --no PIPELINING
    rm -rf "$work/state" "$work/Mail"
    wanted 0
    [ "$(in_store "SELECT count(*), status, fetched FROM run")" = "1|0|25" ]
}

@test "a local error between two sessions is reported" {
    windowed 45 --no PIPELINING
    "$KEEPMAIL" -f "$rc" -v >"$work/trace" 2>&1 3>&- &
    pid=$!
    soon grep "starting another session" "$work/trace"
    mv "$work/Mail" "$work/away" || true
    status=0
    wait $pid || status=$?
    [ $status -eq 0 ] || [ $status -eq 65 ] || [ $status -eq 74 ] ||
        { echo "# $status"; cat "$work/trace"; false; }
    [ $status -eq 0 ] || grep -q "is its disk mounted\|cannot" "$work/trace"
}

@test "a run started with SIGCHLD blocked or ignored ends normally" {
    command -v perl >/dev/null || skip "perl is missing"
    make_mail 3
    start_server --folder "$work/mail"
    write_rc
    run timeout 20 perl -MPOSIX -e 'sigprocmask(SIG_BLOCK, POSIX::SigSet->new(SIGCHLD, SIGTERM));
        exec @ARGV' "$KEEPMAIL" -f "$rc"
    [ "$status" -eq 0 ]
    run timeout 20 perl -e '$SIG{CHLD} = "IGNORE"; exec @ARGV' "$KEEPMAIL" -f "$rc"
    [ "$status" -eq 0 ]
    [ "$(kept)" -eq 3 ]
}

@test "in a run that one message broke, refused messages are requested once" {
    make_mail 40
    start_server --folder "$work/mail" --poison 000030.eml --refuse 3
    write_rc
    wanted 75 --json
    [ "$(grep -c "^a: the server refused" <<<"$output")" -eq 1 ]
    says '"failed":1'
    [ "$(in_store "SELECT tries FROM trouble WHERE uid <> CAST('000030.eml' AS BLOB)")" -eq 1 ]
    [ "$(kept)" -eq 38 ]
}

@test "from a server that closes the connection after some messages, the rest come in other sessions" {
    make_mail 23
    start_server --folder "$work/mail" --most 5 --no PIPELINING
    write_rc "delete = now"
    wanted 0
    says_nothing
    same_mail "$work/sent" "$work/Mail"
    [ "$(files "$work/mail")" -eq 0 ]
    # No message was blamed.
    [ "$(in_store "SELECT count(*) FROM trouble")" -eq 0 ]
    [ "$(in_store "SELECT count(*), max(status), max(fetched) FROM run")" = "1|0|23" ]
    sessions 5
}

@test "with sessions = 1 such a server is asked once, and its last error is the run's" {
    make_mail 23
    start_server --folder "$work/mail" --most 5 --no PIPELINING
    write_rc "sessions = 1"
    wanted 75
    [ "$(kept)" -eq 5 ]
    [ "$(in_store "SELECT count(*) FROM trouble")" -eq 0 ]
    sessions 1
}

@test "a server that closes the connection before the first message is not asked again" {
    make_mail 3
    printf '%s\n' 'login' 'C: CAPA' 'S: -ERR' 'C: UIDL' 'S: +OK' 'S: 1 one' \
        'S: 2 two' 'S: .' 'C: LIST' 'S: +OK' 'S: .' 'C: RETR 1' close \
        >"$work/none.pop"
    start_server --dialog "$work/none.pop"
    write_rc "tls = off" "port = $port"
    wanted 75
    says "was lost"
    [ "$(in_store "SELECT count(*) FROM trouble")" -eq 0 ]
    sessions 1
}

@test "if every message breaks the session, the run ends after two sessions that kept nothing" {
    make_mail 12
    start_server --folder "$work/mail" --poison '*'
    write_rc
    wanted 75
    [ "$(wc -l <<<"$output")" -eq 1 ]
    says "was lost"
    [ "$(in_store "SELECT count(*) FROM trouble")" -eq 2 ]
    sessions 2
}
