#!/usr/bin/env bats
# Options, exit statuses, and who is told what.

load lib/helpers

setup() {
    common_setup
}

teardown() {
    common_teardown
}

@test "--help and --version answer on standard output" {
    run --separate-stderr "$KEEPMAIL" --help
    [ "$status" -eq 0 ]
    says "--dry-run"
    [ -z "$stderr" ]
    run "$KEEPMAIL" -V
    [ "$status" -eq 0 ]
    [[ $output == "keepmail "* ]]
}

@test "every option of --help stands in the man page and in each completion" {
    for option in $("$KEEPMAIL" --help | grep -o -- '--[a-z-]*' | sort -u); do
        grep -q -- "${option#--}" "$TESTS_SRC/../man/keepmail.1"
        for file in keepmail _keepmail keepmail.fish; do
            grep -q -- "${option#--}" "$TESTS_SRC/../contrib/completion/$file"
        done
    done
}

@test "every command of --help stands in the man page and in each completion" {
    commands=$("$KEEPMAIL" --help | sed -n 's/^  \([a-z][a-z-]*\) .*ACCOUNT.*/\1/p')
    [[ $commands == *status*history*hold*release* ]]
    for command in fetch $commands; do
        grep -q "^\.It Cm $command" "$TESTS_SRC/../man/keepmail.1"
        for file in keepmail _keepmail keepmail.fish; do
            grep -qw -- "$command" "$TESTS_SRC/../contrib/completion/$file"
        done
    done
}

@test "a wrong command line exits 64 and says what to do" {
    rc=$work/rc
    wanted 64 --no-such-option
    says "keepmail --help"
    wanted 64 --jobs none
    says "a number from 1 to 64, not 'none'"
    wanted 64 --state-dir here
    says "an absolute path"
    wanted 64 -q -v
}

@test "an unknown account exits 64, with the one that was probably meant" {
    tls_port=995
    touch "$work/server/cert.pem"
    write_rc
    printf 'account work { }\n' >>"$rc"
    wanted 64 wrok
    says "did you mean 'work'?"
    wanted 64 something
    says "no account named 'something'"
}

@test "fetch is a command, and what no command means" {
    start_server --synthetic 3
    write_rc
    wanted 0 fetch
    wanted 0 fetch a
    wanted 0 a
    [ "$(kept)" -eq 3 ]
}

@test "under cron success is silent, and -v tells each message" {
    start_server --synthetic 3
    write_rc
    wanted 0
    says_nothing
    rm -rf "$work/Mail" "$work/state"
    wanted 0 -v
    says "a: fetched 1 (uid 000000016553f100"
    says "to $work/Mail/new/"
    says "a: fetched 3 ("
}

@test "-q shows errors only" {
    start_server --synthetic 3
    write_rc "password = wrong"
    wanted 77 -q
    says "refused the login"
}

@test "-vv shows the wire, and never the password" {
    password=geheim-42
    start_server --synthetic 2 --password "$password"
    write_rc
    wanted 0 -vv
    says "> UIDL"
    says "< +OK"
    says "> QUIT"
    says "the login is not shown"
    says_not "$password"
    says_not "$(printf '\0test\0%s' "$password" | base64)"
    start_server --synthetic 2 --password other
    write_rc
    wanted 77 -vv
    says_not "$password"
}

@test "a terminal gets a progress bar and a summary" {
    start_server --synthetic 2000
    write_rc
    run script -qec "'$KEEPMAIL' -f '$rc' --progress" /dev/null
    [ "$status" -eq 0 ]
    says "/2000 messages"
    says "a: fetched 2000 ("
    rm -rf "$work/Mail" "$work/state"
    run script -qec "'$KEEPMAIL' -f '$rc' --no-progress" /dev/null
    says_not "messages,"
    says "a: fetched 2000 ("
}

@test "--json prints an object for each account" {
    start_server --synthetic 3
    write_rc
    run --separate-stderr keepmail --json
    [ "$status" -eq 0 ]
    [ -z "$stderr" ]
    printf '%s' "$output" >"$work/json"
    [ "$(sqlite3 :memory: "SELECT json_extract(readfile('$work/json'), '\$.account')
        || json_extract(readfile('$work/json'), '\$.fetched')
        || json_extract(readfile('$work/json'), '\$.left')")" = a33 ]
    stop_server
    run --separate-stderr keepmail --json
    [ "$status" -eq 75 ]
    [[ $output == *'"status":75'*'"left":null'*'"error":"cannot connect'* ]]
    # An account that never got so far has its object, too.
    sed -i '/^password/d' "$rc"
    run --separate-stderr setsid "$KEEPMAIL" -f "$rc" --json
    [ "$status" -eq 78 ]
    [[ $output == *'"account":"a","status":78'* ]]
}

@test "standard output that cannot be written exits 74" {
    start_server --synthetic 3
    write_rc
    run bash -c "'$KEEPMAIL' -f '$rc' --json >/dev/full"
    [ "$status" -eq 74 ]
    says "cannot write to standard output"
    run bash -c "'$KEEPMAIL' --help >/dev/full"
    [ "$status" -eq 74 ]
}

@test "the state directory is --state-dir's, then the environment's" {
    start_server --synthetic 1
    write_rc
    wanted 0 --state-dir "$work/other"
    [ -f "$work/other/a.db" ]
    rm -r "$work/Mail"
    sed -i '/^state/d' "$rc"
    KEEPMAIL_STATE=$work/third wanted 0
    [ -f "$work/third/a.db" ]
    rm -r "$work/Mail"
    XDG_STATE_HOME=$work/fourth wanted 0
    [ -f "$work/fourth/keepmail/a.db" ]
    rm -r "$work/Mail"
    wanted 0
    [ -f "$HOME/.local/state/keepmail/a.db" ]
}
