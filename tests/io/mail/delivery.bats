#!/usr/bin/env bats
# Every message, once, unchanged: into Maildir and mbox, over every kind of
# connection.

load ../../lib/helpers

setup() {
    common_setup
    make_mail 120
}

teardown() {
    common_teardown
}

@test "mail is delivered to a Maildir byte for byte, and a second run fetches nothing" {
    start_server --folder "$work/mail"
    write_rc
    wanted 0
    says_nothing
    same_mail "$work/sent" "$work/Mail"
    wanted 0
    says_nothing
    same_mail "$work/sent" "$work/Mail"
    stop_server
    [ "$(reported retrs)" -eq 120 ]
    [ "$(files "$work/Mail/tmp")" -eq 0 ]
}

@test "mail is delivered to an mbox byte for byte, and a second run fetches nothing" {
    start_server --folder "$work/mail"
    write_rc "mbox = \"$work/mbox\""
    wanted 0
    says_nothing
    same_mail "$work/sent" "$work/mbox"
    wanted 0
    same_mail "$work/sent" "$work/mbox"
    [ ! -e "$work/mbox.lock" ]
}

@test "without PIPELINING, one command is in flight at a time, with the same result" {
    start_server --folder "$work/mail" --no PIPELINING
    write_rc
    wanted 0
    same_mail "$work/sent" "$work/Mail"
    stop_server
    [ "$(reported depth)" -eq 1 ]
}

@test "with PIPELINING hundreds of commands are in flight" {
    start_server --folder "$work/mail"
    write_rc
    wanted 0
    stop_server
    [ "$(reported depth)" -ge 100 ]
}

@test "PIPELINING announced only after the login is noticed" {
    start_server --folder "$work/mail" --late PIPELINING
    write_rc
    wanted 0
    stop_server
    [ "$(reported depth)" -ge 100 ]
}

@test "mail is fetched over STLS, and in clear text from this machine" {
    start_server --folder "$work/mail"
    write_rc "tls = starttls" "port = $port"
    wanted 0 -v
    says "left 120"
    same_mail "$work/sent" "$work/Mail"
    rm -rf "$work/Mail" "$work/state"
    write_rc
    sed -i '/tls-ca/d' "$rc"
    sed -i "s/^account a {/&\n  tls = off\n  port = $port/" "$rc"
    wanted 0
    same_mail "$work/sent" "$work/Mail"
}

@test "USER and PASS are used if SASL PLAIN is not offered, even without CAPA" {
    start_server --folder "$work/mail" --no SASL
    write_rc
    wanted 0
    same_mail "$work/sent" "$work/Mail"
    rm -rf "$work/Mail" "$work/state"
    start_server --folder "$work/mail" --no SASL --no CAPA
    write_rc
    wanted 0
    same_mail "$work/sent" "$work/Mail"
}

@test "a greeting with a timestamp does not prevent the login" {
    start_server --folder "$work/mail" --apop --no SASL
    write_rc
    wanted 0
    same_mail "$work/sent" "$work/Mail"
    run grep -c '^apop' "$work/server/report"
    [ "$output" = 0 ]
}

@test "UTF8 is sent before the login if it is announced" {
    start_server --folder "$work/mail" --extra UTF8
    write_rc
    wanted 0
    [ "$(grep -c '^utf8' "$work/server/report")" -eq 1 ]
    same_mail "$work/sent" "$work/Mail"
}

@test "libcurl's mechanisms are used if the account names one" {
    start_server --folder "$work/mail"
    write_rc "auth = login"
    wanted 77
    write_rc "auth = plain"
    wanted 0
    same_mail "$work/sent" "$work/Mail"
}

@test "a long password is sent without an initial response" {
    password=$(printf 'x%.0s' {1..300})
    start_server --folder "$work/mail" --password "$password"
    write_rc
    wanted 0
    same_mail "$work/sent" "$work/Mail"
}

@test "two messages with the same uid are both fetched, once" {
    start_server --folder "$work/mail" --twice
    write_rc
    wanted 0
    same_mail "$work/sent" "$work/Mail"
    wanted 0
    same_mail "$work/sent" "$work/Mail"
    write_rc "delete = now"
    wanted 0
    [ "$(files "$work/mail")" -eq 0 ]
    same_mail "$work/sent" "$work/Mail"
}

@test "a refused message affects only that message, and is fetched next time" {
    start_server --folder "$work/mail" --refuse 7
    write_rc
    wanted 75
    says "refused to send message 7"
    says "cannot read it"
    [ "$(kept)" -eq 119 ]
    start_server --folder "$work/mail"
    write_rc
    wanted 0
    same_mail "$work/sent" "$work/Mail"
}

@test "mail over max-size stays on the server, and is fetched when the limit is removed" {
    start_server --folder "$work/mail"
    write_rc "max-size = 100k" "delete = now"
    wanted 0 -v
    says "over max-size"
    left=$(files "$work/mail")
    [ "$left" -gt 0 ]
    [ "$left" -eq "$(find "$work/sent" -size +100k | wc -l)" ]
    write_rc "delete = now"
    wanted 0
    [ "$(files "$work/mail")" -eq 0 ]
    same_mail "$work/sent" "$work/Mail"
}

@test "everything created is private: directories 0700, mail, store and mbox 0600" {
    start_server --folder "$work/mail"
    write_rc "maildir = \"$work/a/b/Mail\""
    wanted 0
    write_rc "mbox = \"$work/c/d/mbox\"" "state = \"$work/e/state\""
    wanted 0
    [ -z "$(find "$work/a" "$work/c" "$work/e" -type d ! -perm 0700)" ]
    [ -z "$(find "$work/a" "$work/c" "$work/e" -type f ! -perm 0600)" ]
}

@test "an mbox with others' mail is appended to, with the sender in the From_ line" {
    printf 'From me@here Thu Jan  1 00:00:00 1970\nSubject: old\n\nold mail' \
        >"$work/mbox"
    start_server --folder "$work/mail"
    write_rc "mbox = \"$work/mbox\""
    # The mail may be keepmail's, from a lost store: the owner has to confirm.
    wanted 65
    wanted 0 rebuild a
    wanted 0
    [ "$(kept "$work/mbox")" -eq 121 ]
    grep -q '^From sender0@example.org ' "$work/mbox"
    head -n 4 "$work/mbox" | grep -q '^old mail$'
}

@test "an mbox locked by another program is waited for" {
    : >"$work/mbox"
    start_server --folder "$work/mail"
    write_rc "mbox = \"$work/mbox\""
    : >"$work/mbox.lock"
    (
        sleep 1
        rm "$work/mbox.lock"
    ) 3>&- &
    wanted 0
    same_mail "$work/sent" "$work/mbox"
}

# As in a chroot or a small container: hidden from this run only.
@test "mail is delivered to an mbox and a Maildir if /proc is not mounted, for root and others" {
    needs_plain_build # they need /proc
    hide='mount -t tmpfs none /proc && exec "$@"'
    unshare -m sh -c "$hide" sh true 2>/dev/null ||
        skip "no mount namespace can be made here"
    make_mail 5
    start_server --folder "$work/mail" --shared
    for kind in mbox maildir; do
        rm -rf "$work/state" "$work/box"
        write_rc "$kind = \"$work/box/mail\""
        run unshare -m sh -c "$hide" sh "$KEEPMAIL" -f "$rc"
        [ "$status" -eq 0 ] || { echo "# $output"; return 1; }
        same_mail "$work/sent" "$work/box/mail"
    done
    # Before Linux 6.10, linking a file by its descriptor requires a capability.
    id nobody >/dev/null || return 0
    mkdir -p "$work/nobody"
    chown nobody "$work/nobody"
    let_pass "$work"
    chmod 755 "$work/server"
    chmod 644 "$work/server/cert.pem"
    write_rc "run-as = nobody" "state = \"$work/nobody/state\"" \
        "mbox = \"$work/nobody/mail\""
    sed -i '/^run-as/d' "$rc"
    run unshare -m sh -c "$hide" sh "$KEEPMAIL" -f "$rc"
    [ "$status" -eq 0 ] || { echo "# $output"; return 1; }
    same_mail "$work/sent" "$work/nobody/mail"
    [ ! -e "$work/nobody/mail.lock" ]
}

@test "an mbox is locked even if an unnamed file cannot be linked" {
    start_server --synthetic 2
    write_rc "mbox = \"$work/mbox\""
    # The leak checker does not work under strace.
    ASAN_OPTIONS=detect_leaks=0 run strace -f -qq -o "$work/trace" \
        -e trace=linkat,openat -e inject=linkat:error=ENOENT "$KEEPMAIL" -f "$rc"
    grep -q 'linkat.*INJECTED' "$work/trace" || skip "no strace that can say so"
    [ "$status" -eq 0 ]
    grep -q 'mbox.lock", .*O_EXCL.* = [0-9]' "$work/trace"
    [ "$(kept "$work/mbox")" -eq 2 ]
    [ ! -e "$work/mbox.lock" ]
}

@test "a dot-lock left behind by a killed keepmail does not block" {
    printf '%s\nkeepmail %s\n' 999999 "$(hostname)" >"$work/mbox.lock"
    start_server --folder "$work/mail"
    write_rc "mbox = \"$work/mbox\""
    wanted 0
    same_mail "$work/sent" "$work/mbox"
}

@test "several accounts are fetched in parallel, and one that fails does not stop the others" {
    start_server --synthetic 20 --shared
    write_rc
    for name in b c d; do
        printf 'account %s { maildir = "%s/Mail-%s" }\n' \
            "$name" "$work" "$name" >>"$rc"
    done
    printf 'account broken { user = nobody }\n' >>"$rc"
    wanted 77 -j 3
    says "broken:"
    says "refused the login"
    for name in Mail Mail-b Mail-c Mail-d; do
        [ "$(kept "$work/$name")" -eq 20 ]
    done
    wanted 0 a b d
    wanted 77 --json
    [ "$(printf '%s\n' "$output" | grep -c '"account"')" -eq 5 ]
}

@test "accounts that share a Maildir may create it at the same time" {
    start_server --synthetic 3 --shared
    write_rc
    for name in b c d; do printf 'account %s { }\n' $name >>"$rc"; done
    for ((i = 0; i < 15; i++)); do
        rm -rf "$work/Mail" "$work/state"
        wanted 0
        [ "$(kept)" -eq 12 ]
    done
}

# in_tmp COUNT: COUNT messages are in the Maildir's tmp.
in_tmp() {
    [ "$(find "$work/Mail/tmp" -type f | wc -l)" -eq "$1" ]
}

@test "SIGTERM ends a run between messages: kept messages are recorded, and nothing is erased" {
    cat >"$work/slow.pop" <<'END'
login PIPELINING
C: UIDL
S: +OK
S: 1 one
S: 2 two
S: .
C: LIST
S: +OK
S: .
C: RETR 1
S: +OK
S: Subject: one
S:
S: whole
S: .
C: RETR 2
S: +OK
S: half
stall
END
    start_server --dialog "$work/slow.pop"
    write_rc "tls = off" "port = $port" "delete = now"
    sed -i '/tls-ca/d' "$rc"
    "$KEEPMAIL" -f "$rc" >"$work/out" 2>&1 3>&- &
    pid=$!
    # One is complete, and one has begun.
    soon in_tmp 2
    kill -TERM $pid
    wait $pid && status=0 || status=$?
    [ "$status" -eq 75 ]
    grep -q "stopped by a signal" "$work/out"
    [ "$(kept)" -eq 1 ]
    [ "$(in_store "SELECT count(*) FROM message WHERE state = 2")" -eq 1 ]
    [ "$(files "$work/Mail/tmp")" -eq 0 ]
}

@test "an empty mailbox is not an error" {
    start_server --synthetic 0
    write_rc
    wanted 0
    says_nothing
}

# understate: a server whose LIST reports 10 bytes for a message of 16,000.
understate() {
    cat >"$work/small.pop" <<'E'
login PIPELINING
C: UIDL
S: +OK
S: 1 one
S: .
C: LIST
S: +OK
S: 1 10
S: .
C: RETR 1
S: +OK
X: 1000 abcdefghijklmn\r\n
S: .
C: UIDL 1
S: +OK 1 one
C: QUIT
S: +OK
E
    start_server --dialog "$work/small.pop"
}

@test "a message larger than LIST says is remembered, until max-size or the listing changes" {
    understate
    write_rc "max-size = 4K" "tls = off" "port = $port"
    wanted 0 -v
    says "larger than max-size, although the server reported a smaller size"
    [ "$(in_store "SELECT CAST(uid AS TEXT), ordinal, size FROM oversize")" = "one|0|16000" ]
    wanted 0 -n -v
    says "larger than max-size"
    # The dialog continues without RETR: only the listings are requested.
    wanted 0 -v
    says_not "although the server reported"
    says "over max-size"
    write_rc "max-size = 16K" "tls = off" "port = $port"
    wanted 0 -v
    [ "$(kept)" -eq 1 ]
    [ "$(in_store "SELECT count(*) FROM oversize")" -eq 0 ]
}

@test "the record of a message larger than LIST said is forgotten when it is no longer listed" {
    understate
    write_rc "max-size = 4K" "tls = off" "port = $port"
    wanted 0
    [ "$(in_store "SELECT count(*) FROM oversize")" -eq 1 ]
    stop_server
    make_mail 2
    start_server --folder "$work/mail"
    write_rc "max-size = 4K"
    wanted 0
    [ "$(in_store "SELECT count(*) FROM oversize")" -eq 0 ]
}

@test "mode: the files of a Maildir, and the directories that are created, are for a group" {
    make_mail 12
    start_server --folder "$work/mail" --shared
    write_rc "mode = 0640"
    wanted 0
    [ "$(find "$work/Mail/new" -type f -perm 0640 | wc -l)" -eq 12 ]
    for directory in "$work/Mail" "$work/Mail"/{tmp,new,cur}; do
        [ "$(stat -c %a "$directory")" = 750 ]
    done
    # Otherwise they are for their owner alone.
    rm -rf "$work/Mail" "$work/state"
    write_rc
    wanted 0
    [ "$(find "$work/Mail/new" -type f -perm 0600 | wc -l)" -eq 12 ]
    [ "$(stat -c %a "$work/Mail/new")" = 700 ]
}

@test "mode: below a directory with the setgid bit, mail belongs to its group" {
    [ "$(id -u)" -eq 0 ] || skip "needs another group"
    make_mail 3
    start_server --folder "$work/mail" --shared
    mkdir "$work/shared"
    chgrp mail "$work/shared"
    chmod 2770 "$work/shared"
    write_rc "maildir = \"$work/shared/Mail\"" "mode = 0660"
    wanted 0
    [ "$(find "$work/shared/Mail/new" -type f -perm 0660 -group mail | wc -l)" -eq 3 ]
    [ "$(find "$work/shared/Mail" -type d -perm 2770 -group mail | wc -l)" -eq 4 ]
    # What exists keeps its mode.
    chmod 2700 "$work/shared/Mail/cur"
    wanted 0
    [ "$(stat -c %a "$work/shared/Mail/cur")" = 2700 ]
}

@test "maildir-size: names end in the size, and copies are found by what precedes it" {
    make_mail 12
    start_server --folder "$work/mail" --shared
    write_rc "maildir-size = true" 'delete = "when purged"' "brake = 50" "verify = digest"
    wanted 0
    local file
    for file in "$work/Mail/new"/*; do
        [ "${file##*,S=}" -eq "$(stat -c %s "$file")" ]
    done
    keepmail verify
    # A reader moves and flags them, and removes one.
    for file in "$work/Mail/new"/*; do
        mv "$file" "$work/Mail/cur/${file##*/}:2,S"
    done
    rm "$work/Mail/cur"/*Q5R*
    wanted 0
    [ "$(find "$work/mail" -type f | wc -l)" -eq 11 ]
    [ "$(find "$work/Mail" -type f | wc -l)" -eq 11 ]
}

@test "maildir-size: killed at each rename, no mail is lost or doubled" {
    local n
    make_mail 5
    for ((n = 1; ; n++)); do
        rm -rf "$work/Mail" "$work/state"
        start_server --folder "$work/mail" --shared
        write_rc "maildir-size = true"
        killed_at renameat,rename $n || break
        wanted 0
        [ "$(kept)" -eq 5 ]
        [ "$(find "$work/Mail/new" -name '*,S=*' | wc -l)" -eq 5 ]
        stop_server
    done
    [ "$n" -gt 4 ]
}
