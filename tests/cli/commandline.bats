#!/usr/bin/env bats
# Options, exit statuses, and who is told what.

load ../lib/helpers

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

# As the synopsis of the man page has it, in the words of the usage line:
# synopsis COMMAND.
synopsis() {
    sed -n '/^\.Sh SYNOPSIS/,/^\.Sh DESCRIPTION/p' "$TESTS_SRC/../man/keepmail.1" |
        awk -v wanted="$1" '
            function flush() {
                if (index(" " names " ", " " wanted " ")) print "keepmail" line
                line = names = ""
            }
            /^\.Nm/ || /^\.Sh DESC/ { flush(); next }
            /^\.Op Cm fetch/ { names = "fetch"; line = line " fetch"; next }
            /^\.Cm/ { sub(/^\.Cm /, ""); names = $0; gsub(/ \| /, " ", names)
                line = line " " wanted; next }
            /^\.(Op|Fl|Ar)/ {
                optional = sub(/^\.Op /, ""); sub(/^\./, "")
                n = split($0, words, " "); text = ""; upper = 0; flag = 0
                for (i = 1; i <= n; i++) {
                    if (words[i] == "Fl") { flag = 1; continue }
                    if (words[i] == "Ar") { upper = 1; flag = 0; continue }
                    if (words[i] == "...") { text = text "..."; continue }
                    if (words[i] == "|") { text = text " |"; continue }
                    word = upper ? toupper(words[i]) : (flag ? "-" : "") words[i]
                    text = text (text == "" ? "" : " ") word
                }
                line = line " " (optional ? "[" text "]" : text)
            }' | sed 's/\[-hknqVv\]/[-knqv]/; s/DIRECTORY/DIR/'
}

@test "a command takes the options of its synopsis, and refuses all others" {
    rc=/dev/null
    commands=$("$KEEPMAIL" --help | sed -n 's/^  \([a-z][a-z-]*\) .*ACCOUNT.*/\1/p')
    for command in fetch $commands; do
        shown=$(synopsis "$command")
        [[ $shown == "keepmail [-"*" $command"* ]]
        refused=0
        for option in -k -n "-j 2" --json --progress --no-progress --no-brake \
            --refetch --same-mailbox --trust-times "--from fdm"; do
            # shellcheck disable=SC2086 # an option with its argument
            run keepmail $option "$command" a
            # -k and -n stand together; the rest by their names.
            case $option in
            -k | -n) named="^keepmail \[-[a-z]*${option#-}[a-z]*qv\]" ;;
            *) named="[[ ]${option%% *}[] ]" ;;
            esac
            if [[ "$shown " =~ $named ]]; then
                says_not "has no meaning"
            else
                [ "$status" -eq 64 ]
                [[ ${lines[0]} == "keepmail: ${option%% *} has no meaning with $command: nothing was done"* ]]
                [ "${lines[1]}" = "usage: $shown" ] || {
                    printf '# %s\n' "${lines[1]}" "usage: $shown"
                    return 1
                }
                refused=$((refused + 1))
            fi
        done
        [ "$refused" -gt 2 ]
        for option in -q -v "-f $rc" "--state-dir /x"; do
            # shellcheck disable=SC2086 # an option with its argument
            run keepmail $option "$command" a
            says_not "has no meaning"
        done
    done
}

@test "-n changes nothing, whatever the command: it is heeded or refused" {
    start_server --synthetic 3
    write_rc
    wanted 0
    uid=$(in_store "SELECT CAST(uid AS text) FROM message LIMIT 1")
    wanted 0 hold a "$uid"
    in_store "INSERT INTO trouble (uid, ordinal, tries, first_at, last_at, next_at, error)
        VALUES (x'39', 0, 1, 1, 1, 1, 'x')"
    # One that is damaged, and listed still.
    file=$(find "$work/Mail/new" -type f | head -n 1)
    echo torn >"$file"
    cp -r "$work/state" "$work/before"
    in_store ".dump" >"$work/dump.before"
    for command in "hold a $uid" "release a $uid" "retry a"; do
        # shellcheck disable=SC2086 # words of a command
        wanted 64 -n $command
        says "-n has no meaning with ${command%% *}: nothing was done"
    done
    wanted 65 -n verify --refetch a
    says "changed"
    says "the server has 1 of them still, which would be fetched again"
    wanted 0 -n
    [ "$(files "$work/Mail")" -eq 3 ]
    in_store ".dump" >"$work/dump.after"
    cmp "$work/dump.before" "$work/dump.after"
    wanted 0 verify --refetch a
    [ "$(files "$work/Mail")" -eq 4 ]
}

@test "verify --refetch -k fetches again and erases nothing" {
    start_server --synthetic 3
    write_rc
    wanted 0
    rm "$(find "$work/Mail/new" -type f | head -n 1)"
    write_rc "delete = now"
    wanted 0 -k verify --refetch a
    [ "$(kept)" -eq 3 ]
    stop_server
    [ "$(reported erased-in-all)" -eq 0 ]
}

@test "what was probably meant may be a command, too" {
    tls_port=995
    touch "$work/server/cert.pem"
    write_rc
    printf 'account work { }\naccount historie { }\n' >>"$rc"
    wanted 64 fecth
    says "no command and no account named 'fecth': did you mean 'fetch'?"
    wanted 64 stauts work
    says "did you mean 'status'?"
    wanted 64 wrok
    says "no command and no account named 'wrok': did you mean 'work'?"
    # As near: it is the account.
    wanted 64 historiy
    says "did you mean 'historie'?"
    # After a command, accounts alone.
    wanted 64 fetch fecth
    says "no account named 'fecth' in the rc file; there are 3"
    wanted 64 work fecth
    says_not "did you mean"
    wanted 64 --refetch vrefy work
    says "--refetch has no meaning with fetch: nothing was done (did you mean verify?)"
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
