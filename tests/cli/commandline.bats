#!/usr/bin/env bats
# Options, exit statuses, and what is printed where.

load ../lib/helpers

setup() {
    common_setup
}

teardown() {
    common_teardown
}

@test "--help and --version print to standard output" {
    for arguments in --help -h help "-n -h" "--help no-such-account"; do
        # shellcheck disable=SC2086 # a word or two
        run --separate-stderr "$KEEPMAIL" $arguments
        [ "$status" -eq 0 ]
        says "--dry-run"
        says "mark-seen"
        [ -z "$stderr" ]
        [ -z "$(awk 'length > 80' <<<"$output")" ]
    done
    run "$KEEPMAIL" -V
    [ "$status" -eq 0 ]
    [[ ${lines[0]} == "keepmail "*" (libcurl "*", SQLite 3."*", OpenSSL 3."*")" ]]
    says "Destinations: maildir"
    says "Logins: plain"
    says "Confinement: "
}

@test "help COMMAND, and COMMAND --help, show a command and its options" {
    for command in $(commands); do
        run --separate-stderr "$KEEPMAIL" help "$command"
        [ "$status" -eq 0 ]
        [ -z "$stderr" ]
        [[ ${lines[0]} == "usage: keepmail"* ]]
        [ -z "$(awk 'length > 80' <<<"$output")" ]
        shown=$output
        [ "$command" != help ] || continue
        run "$KEEPMAIL" "$command" -h
        [ "$status" -eq 0 ]
        [ "$output" = "$shown" ]
    done
    run "$KEEPMAIL" help hold
    says "usage: keepmail [-qv] [-f FILE] [--state-dir DIR] hold ACCOUNT UID..."
    says_not "--json"
    run "$KEEPMAIL" help import
    says "fetchmail, getmail, mpop, fdm, thunderbird or claws"
    run "$KEEPMAIL" help improt
    [ "$status" -eq 64 ]
    says "no command named 'improt': did you mean 'import'?"
    run "$KEEPMAIL" help fetch check
    [ "$status" -eq 64 ]
    run "$KEEPMAIL" -n help
    [ "$status" -eq 64 ]
}

# The commands that --help lists.
commands() {
    "$KEEPMAIL" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z-]*\) .*/\1/p'
}

# The options that --help (or help COMMAND) lists, as "f config FILE", "- json".
options() {
    "$KEEPMAIL" help "$@" |
        sed -n '/^Options:/,/^$/s/^ *\(-.*\)/\1/p' |
        awk '{
            letter = $1 ~ /,$/ ? substr($1, 2, 1) : "-"
            at = letter == "-" ? 1 : 2
            print letter, substr($at, 3) ($(at + 1) ~ /^[A-Z]+$/ ? " " $(at + 1) : "")
        }' | sort
}

# usage COMMAND: its usage line, joined, without "usage: ".
usage() {
    "$KEEPMAIL" help "$1" | sed '/^$/,$d' | tr -s ' \n' ' ' |
        sed 's/^usage: //; s/ $//'
    echo
}

man=$TESTS_SRC/../man/keepmail.1
completions=$TESTS_SRC/../contrib/completion

@test "the manual has each command with its arguments, and no others" {
    for command in $(commands); do
        usage "$command" | sed "s/.* $command/$command/"
    done | sort >"$work/commands"
    sed -n '/^\.Sh COMMANDS/,/^\.Sh RETENTION/s/^\.It Cm //p' "$man" |
        awk '{
            text = $1; open = 0
            for (i = 2; i <= NF; i++) {
                if ($i == "Op") { open = 1; continue }
                if ($i == "Fl") { text = text " -"; join = 1; continue }
                if ($i == "Ar") { upper = 1; continue }
                word = $i == "..." ? $i : upper ? toupper($i) : $i
                separator = join || $i == "..." ? "" : " "
                text = text separator (open == 1 ? "[" : "") word
                if (open) open = 2
                join = 0
            }
            print text (open ? "]" : "")
            upper = 0
        }' | sort >"$work/manual"
    diff "$work/commands" "$work/manual"
    # The synopsis, too, has each command once.
    sed -n '/^\.Sh SYNOPSIS/,/^\.Sh DESCRIPTION/s/^\.\(Op \)\{0,1\}Cm //p' "$man" |
        sed 's/ | /\n/g' | sort >"$work/synopses"
    commands | sort | diff - "$work/synopses"
}

@test "the manual has each option with its argument, and no others" {
    sed -n '/^\.Sh OPTIONS/,/^\.Sh CHANGING/s/^\.It Fl //p' "$man" |
        sed 's/ , Fl -no-progress/\n-no-progress/' |
        awk '{
            letter = $1 ~ /^-/ ? "-" : $1
            for (i = 1; i <= NF; i++) if ($i ~ /^-/) break
            print letter, substr($i, 2) ($(i + 1) == "Ar" ? " " toupper($(i + 2)) : "")
        }' | sed 's/DIRECTORY/DIR/' | sort >"$work/manual"
    options | diff - "$work/manual"
}

@test "the completions match the commands and options (make completion)" {
    mkdir "$work/made"
    sh "$completions/generate" "$KEEPMAIL" "$work/made"
    for file in keepmail _keepmail keepmail.fish; do
        diff "$work/made/$file" "$completions/$file"
    done
    bash -n "$completions/keepmail"
    if command -v zsh >/dev/null; then
        zsh -n "$completions/_keepmail"
    fi
    if command -v fish >/dev/null; then
        fish --no-execute "$completions/keepmail.fish"
    fi
}

# completed WORD...: what bash offers for the last word.
completed() {
    # shellcheck source=/dev/null
    source "$completions/keepmail"
    COMP_WORDS=(keepmail "$@")
    COMP_CWORD=$#
    _keepmail
    printf '%s\n' "${COMPREPLY[@]}"
}

@test "bash completes commands, accounts, and the options that a command takes" {
    tls_port=995
    touch "$work/server/cert.pem"
    write_rc
    export KEEPMAIL_CONFIG=$rc
    [ "$(completed re | sort | tr '\n' ' ')" = "rebuild release rename retry " ]
    completed '' | grep -qx a
    [ "$(completed fetch '')" = a ]
    [ "$(completed --json fetch '')" = a ]
    [ "$(completed help imp)" = import ]
    [ "$(completed import --from th)" = thunderbird ]
    completed -- | grep -qx -e --refetch
    for command in $(commands); do
        options "$command" | awk '{ if ($1 != "-") print "-" $1; print "--" $2 }' |
            sort >"$work/taken"
        completed "$command" - | sort >"$work/offered"
        # help takes none of the options that all others take.
        [ "$command" = help ] || diff "$work/taken" "$work/offered"
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

@test "an unknown account exits 64, and the one that was probably meant is named" {
    tls_port=995
    touch "$work/server/cert.pem"
    write_rc
    printf 'account work { }\n' >>"$rc"
    wanted 64 wrok
    says "did you mean 'work'?"
    wanted 64 something
    says "no command or account named 'something'"
}

# synopsis COMMAND: as in the man page, in the words of the usage line.
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

# used LETTER-OR-NAME: the option as one would type it, with an argument.
used() {
    case $2 in
    jobs) echo -j 2 ;;
    config) echo -f /dev/null ;;
    state-dir) echo --state-dir /x ;;
    from) echo --from fdm ;;
    key) echo --key /x ;;
    set | name | autoconfig) echo "--$2 /x" ;;
    # echo would take -n as an option of its own.
    *) if [ "$1" = - ]; then printf -- '--%s' "$2"; else printf -- '-%s' "$1"; fi ;;
    esac
}

@test "a command takes the options in its synopsis, and refuses all others" {
    for command in $(commands); do
        manual=$(synopsis "$command")
        [ "$(usage "$command")" = "$manual" ] || {
            printf '# %s\n' "$(usage "$command")" "$manual"
            return 1
        }
        options "$command" >"$work/taken"
        options >"$work/all"
        while read -r letter name _; do
            option=$(used "$letter" "$name")
            case $name in help | version) continue ;; esac
            # shellcheck disable=SC2086 # an option with its argument
            run "$KEEPMAIL" $option "$command" a b </dev/null
            if grep -q "^$letter $name\( \|$\)" "$work/taken"; then
                says_not "does not accept"
            else
                [ "$status" -eq 64 ]
                [[ ${lines[0]} == "keepmail: $command does not accept the option ${option%% *}"* ]]
                [ "$(tail -n +2 <<<"$output" | tr -s ' \n' ' ')" = "usage: $manual " ]
            fi
        done <"$work/all"
    done
}

@test "-n changes nothing with any command: it is obeyed or refused" {
    start_server --synthetic 3
    write_rc
    wanted 0
    uid=$(in_store "SELECT CAST(uid AS text) FROM message LIMIT 1")
    wanted 0 hold a "$uid"
    in_store "INSERT INTO trouble (uid, ordinal, tries, first_at, last_at, next_at, error)
        VALUES (x'39', 0, 1, 1, 1, 1, 'x')"
    # A message that is damaged, and still listed.
    file=$(find "$work/Mail/new" -type f | head -n 1)
    echo torn >"$file"
    cp -r "$work/state" "$work/before"
    in_store ".dump" >"$work/dump.before"
    for command in "hold a $uid" "release a $uid" "retry a"; do
        # shellcheck disable=SC2086 # words of a command
        wanted 64 -n $command
        says "${command%% *} does not accept the option -n"
    done
    wanted 65 -n verify --refetch a
    says "changed"
    says "1 of them is still on the server and would be fetched again"
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

@test "verify refuses -k and --no-brake unless it fetches" {
    start_server --synthetic 2
    write_rc
    wanted 0
    for option in -k --no-brake; do
        wanted 64 verify $option a
        says "can only be used with --refetch"
        wanted 64 -n verify $option
        wanted 0 verify --refetch $option a
    done
    wanted 0 verify a
}

@test "the suggestion for a mistyped word may be a command, too" {
    tls_port=995
    touch "$work/server/cert.pem"
    write_rc
    printf 'account work { }\naccount historie { }\n' >>"$rc"
    wanted 64 fecth
    says "no command or account named 'fecth': did you mean 'fetch'?"
    wanted 64 stauts work
    says "did you mean 'status'?"
    wanted 64 wrok
    says "no command or account named 'wrok': did you mean 'work'?"
    # If both are equally close, the account is suggested.
    wanted 64 historiy
    says "did you mean 'historie'?"
    # After a command, only accounts are suggested.
    wanted 64 fetch fecth
    says "no account named 'fecth' in the rc file, which has 3 accounts"
    wanted 64 work fecth
    says_not "did you mean"
    wanted 64 --refetch vrefy work
    says "fetch does not accept the option --refetch (did you mean verify?)"
}

@test "fetch is a command, and the default without a command" {
    start_server --synthetic 3
    write_rc
    wanted 0 fetch
    wanted 0 fetch a
    wanted 0 a
    [ "$(kept)" -eq 3 ]
}

@test "under cron, success is silent, and -v reports each message" {
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

@test "-q shows only errors" {
    start_server --synthetic 3
    write_rc "password = wrong"
    wanted 77 -q
    says "refused the login"
}

@test "-vv shows the protocol, and never the password" {
    password=geheim-42
    start_server --synthetic 2 --password "$password"
    write_rc
    wanted 0 -vv
    says "> UIDL"
    says "< +OK"
    says "> QUIT"
    says "by TLSv1.3, TLS_"
    says "the login is not shown"
    says "it announces PIPELINING UIDL"
    says_not "$password"
    says_not "$(printf '\0test\0%s' "$password" | base64)"
    start_server --synthetic 2 --password other
    write_rc
    wanted 77 -vv
    says_not "$password"
}

@test "on a terminal, a progress bar and a summary are shown" {
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
    # An account that fails early has its object, too.
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
    says "cannot write all output to standard output"
    run bash -c "'$KEEPMAIL' --help >/dev/full"
    [ "$status" -eq 74 ]
}

@test "the state directory is taken from --state-dir, then from the environment" {
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
