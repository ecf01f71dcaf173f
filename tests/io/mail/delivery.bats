#!/usr/bin/env bats
# Every message, once, as it was: into Maildir and mbox, over every road.

load ../../lib/helpers

setup() {
    common_setup
    make_mail 120
}

teardown() {
    common_teardown
}

@test "mail goes into a Maildir octet by octet, and a second run fetches nothing" {
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

@test "mail goes into an mbox octet by octet, and a second run fetches nothing" {
    start_server --folder "$work/mail"
    write_rc "mbox = \"$work/mbox\""
    wanted 0
    says_nothing
    same_mail "$work/sent" "$work/mbox"
    wanted 0
    same_mail "$work/sent" "$work/mbox"
    [ ! -e "$work/mbox.lock" ]
}

@test "without PIPELINING one command is in flight at a time, with the same mail" {
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

@test "PIPELINING announced only after the login is found there" {
    start_server --folder "$work/mail" --late PIPELINING
    write_rc
    wanted 0
    stop_server
    [ "$(reported depth)" -ge 100 ]
}

@test "STLS is a road, and so is a clear connection to this machine" {
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

@test "USER and PASS serve where SASL PLAIN is missing, even without CAPA" {
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

@test "a greeting with a timestamp locks nobody out" {
    start_server --folder "$work/mail" --apop --no SASL
    write_rc
    wanted 0
    same_mail "$work/sent" "$work/Mail"
    run grep -c '^apop' "$work/server/report"
    [ "$output" = 0 ]
}

@test "UTF8 is asked for before the login where it is announced" {
    start_server --folder "$work/mail" --extra UTF8
    write_rc
    wanted 0
    [ "$(grep -c '^utf8' "$work/server/report")" -eq 1 ]
    same_mail "$work/sent" "$work/Mail"
}

@test "libcurl's mechanisms log in where the account names one" {
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

@test "two messages under one uid are both fetched, once" {
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

@test "a refused message costs that message only, and is fetched next time" {
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

@test "mail over max-size stays, and is fetched when the limit goes" {
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

@test "what is made is private: directories 0700, mail, store and mbox 0600" {
    start_server --folder "$work/mail"
    write_rc "maildir = \"$work/a/b/Mail\""
    wanted 0
    write_rc "mbox = \"$work/c/d/mbox\"" "state = \"$work/e/state\""
    wanted 0
    [ -z "$(find "$work/a" "$work/c" "$work/e" -type d ! -perm 0700)" ]
    [ -z "$(find "$work/a" "$work/c" "$work/e" -type f ! -perm 0600)" ]
}

@test "an mbox with mail of others is appended to, with a From_ line of the sender" {
    printf 'From me@here Thu Jan  1 00:00:00 1970\nSubject: old\n\nold mail' \
        >"$work/mbox"
    start_server --folder "$work/mail"
    write_rc "mbox = \"$work/mbox\""
    # It may be keepmail's, whose store was lost: its owner looks once.
    wanted 65
    wanted 0 rebuild a
    wanted 0
    [ "$(kept "$work/mbox")" -eq 121 ]
    grep -q '^From sender0@example.org ' "$work/mbox"
    head -n 4 "$work/mbox" | grep -q '^old mail$'
}

@test "an mbox that another program locks is waited for" {
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

# As it is in a chroot or a small container: hidden from this run alone.
@test "an mbox and a Maildir are delivered to where /proc is not mounted, by root and others" {
    ! nm -D "$KEEPMAIL" | grep -q __asan_init || skip "sanitizers need /proc"
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
    # Naming a file by its descriptor takes a capability before Linux 6.10.
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

@test "an mbox is locked where a file without a name can be given none" {
    start_server --synthetic 2
    write_rc "mbox = \"$work/mbox\""
    # The leak checker cannot trace what is traced.
    ASAN_OPTIONS=detect_leaks=0 run strace -f -qq -o "$work/trace" \
        -e trace=linkat,openat -e inject=linkat:error=ENOENT "$KEEPMAIL" -f "$rc"
    grep -q 'linkat.*INJECTED' "$work/trace" || skip "no strace that can say so"
    [ "$status" -eq 0 ]
    grep -q 'mbox.lock", .*O_EXCL.* = [0-9]' "$work/trace"
    [ "$(kept "$work/mbox")" -eq 2 ]
    [ ! -e "$work/mbox.lock" ]
}

@test "a dot-lock that a killed keepmail left behind is no obstacle" {
    printf '%s\nkeepmail %s\n' 999999 "$(hostname)" >"$work/mbox.lock"
    start_server --folder "$work/mail"
    write_rc "mbox = \"$work/mbox\""
    wanted 0
    same_mail "$work/sent" "$work/mbox"
}

@test "many accounts are fetched side by side, and one that fails stops no other" {
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

@test "accounts that share a Maildir may make it together" {
    start_server --synthetic 3 --shared
    write_rc
    for name in b c d; do printf 'account %s { }\n' $name >>"$rc"; done
    for ((i = 0; i < 15; i++)); do
        rm -rf "$work/Mail" "$work/state"
        wanted 0
        [ "$(kept)" -eq 12 ]
    done
}

# in_tmp COUNT: so many messages are in the Maildir's tmp.
in_tmp() {
    [ "$(find "$work/Mail/tmp" -type f | wc -l)" -eq "$1" ]
}

@test "SIGTERM ends a run between messages: what is kept is recorded, nothing is erased" {
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
    # One is whole and one has begun.
    soon in_tmp 2
    kill -TERM $pid
    wait $pid && status=0 || status=$?
    [ "$status" -eq 75 ]
    grep -q "stopped by a signal" "$work/out"
    [ "$(kept)" -eq 1 ]
    [ "$(in_store "SELECT count(*) FROM message WHERE state = 2")" -eq 1 ]
    [ "$(files "$work/Mail/tmp")" -eq 0 ]
}

@test "an empty mailbox is fine" {
    start_server --synthetic 0
    write_rc
    wanted 0
    says_nothing
}

# understate: a server whose LIST says 10 octets of a message that has 16,000.
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

@test "what is larger than LIST says is remembered, until max-size or the listing is another" {
    understate
    write_rc "max-size = 4K" "tls = off" "port = $port"
    wanted 0 -v
    says "larger than max-size, and than the server had said"
    [ "$(in_store "SELECT CAST(uid AS TEXT), ordinal, size FROM oversize")" = "one|0|16000" ]
    wanted 0 -n -v
    says "larger than max-size"
    # The dialog goes on without RETR: only the listings are asked for.
    wanted 0 -v
    says_not "than the server had said"
    says "over max-size"
    write_rc "max-size = 16K" "tls = off" "port = $port"
    wanted 0 -v
    [ "$(kept)" -eq 1 ]
    [ "$(in_store "SELECT count(*) FROM oversize")" -eq 0 ]
}

@test "what was larger than LIST said is forgotten with the listing" {
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
