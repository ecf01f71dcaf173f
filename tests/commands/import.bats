#!/usr/bin/env bats
# What counts as seen without having been fetched: another fetcher's records,
# mark-seen, and start.

load ../lib/helpers

setup() {
    common_setup
    samples=$TESTS_SRC/import
}

teardown() {
    common_teardown
}

# serve UID...: a server for u10 that lists messages with these uids.
serve() {
    rm -rf "$work/mail"
    mkdir -p "$work/mail"
    local uid
    for uid in "$@"; do
        printf 'Subject: %s\n\ntext\n' "$uid" >"$work/mail/$uid"
    done
    start_server --folder "$work/mail" --user "${user:-u10}"
    write_rc "user = \"${user:-u10}\"" 'delete = now'
}

# The ten Dovecot uids that most samples have; the last one is left out.
serve_u10() {
    local i uids=()
    for i in 1 2 3 4 5 6 7 8 9; do
        uids+=("0000000${i}6b00d60f")
    done
    serve "${uids[@]}"
}

# Imports FILE of PROGRAM; after that, nothing is fetched or erased.
imports() {
    rm -rf "$work/state" "$work/Mail"
    serve_u10
    wanted 0 -v import --from "$1" a "$2"
    says "imported 10 uids (9 on the server); 0 already known"
    [ "$(in_store "SELECT count(*) FROM message WHERE state = 4
        AND origin = 'import $1' AND place = 0 AND name = '' AND octets = 0
        AND sha256 = x'' AND abs(kept_at - unixepoch()) < 100
        AND vanished_at IS NULL")" -eq 10 ]
    wanted 0 -v
    says "fetched 0 "
    says "left 9"
    stop_server
    [ "$(reported retrs)" -eq 0 ]
    [ "$(files "$work/mail")" -eq 9 ]
    [ "$(kept)" -eq 0 ]
}

@test "messages seen by fetchmail are not fetched, and never erased" {
    imports fetchmail "$samples/fetchmail/fetchids.u10"
    imports fetchmail "$samples/fetchmail/fetchids.multi"
}

@test "messages seen by getmail are not fetched, and never erased" {
    imports getmail "$samples/getmail/oldmail-localhost-11010-u10"
}

@test "messages seen by mpop are not fetched, and never erased" {
    imports mpop "$samples/mpop/u10_at_localhost"
    imports mpop "$samples/mpop/shared_uidls_file"
}

@test "messages seen by fdm are not fetched, and never erased" {
    imports fdm "$samples/fdm/fdm-pop3-cache.u10"
}

@test "messages seen by Thunderbird are not fetched, and never erased" {
    imports thunderbird "$samples/thunderbird/popstate.dat"
}

@test "messages seen by Claws Mail are not fetched, and never erased" {
    imports claws "$samples/claws/localhost-u10"
}

@test "if the server lists all uids of a file, none of them is fetched" {
    local file program count uid
    for file in fetchmail/fetchids.u1000 fdm/fdm-pop3-cache.u1000 \
        mpop/u1000_at_localhost getmail/oldmail-localhost-11010-u1000; do
        rm -rf "$work/mail"
        mkdir -p "$work/mail"
        grep -ao '[0-9a-f]\{8\}6b00d624' "$samples/$file" | while read -r uid; do
            printf 'Subject: %s\n\ntext\n' "$uid" >"$work/mail/$uid"
        done
        count=$(files "$work/mail")
        program=${file%/*}
        rm -rf "$work/state" "$work/Mail" "$work/server/report"
        start_server --folder "$work/mail" --user u1000
        write_rc "user = u1000" "delete = now"
        wanted 0 -v import --from "$program" a "$samples/$file"
        says "imported $count uids ($count on the server)"
        wanted 0 -v
        says "fetched 0 "
        stop_server
        [ "$(reported retrs)" -eq 0 ]
        [ "$(files "$work/mail")" -eq "$count" ]
    done
}

@test "messages seen by an older mpop are not fetched, either" {
    rm -rf "$work/mail"
    mkdir -p "$work/mail"
    for uid in uid1 uid2 uid3; do
        printf 'Subject: %s\n\ntext\n' "$uid" >"$work/mail/$uid"
    done
    start_server --folder "$work/mail" --user u
    write_rc "user = u" 'server = "127.0.0.1"' "port = $port" "tls = off" "delete = now"
    sed -i '/tls-ca/d' "$rc"
    wanted 0 -v import --from mpop a "$samples/mpop/uidls.v1.4.23"
    says "(3 on the server)"
    wanted 0 -v
    says "fetched 0 "
    [ "$(files "$work/mail")" -eq 3 ]
}

@test "if no file is given, it is found where each program keeps it" {
    mkdir -p "$HOME/.getmail" "$HOME/.config/getmail" "$HOME/.mpop_uidls/sub" \
        "$HOME/.claws-mail/uidl" "$HOME/.thunderbird/x.default/Mail/localhost" \
        "$HOME/.thunderbird/x.default/Mail/other" "$work/fh"
    cp "$samples/fetchmail/fetchids.multi" "$HOME/.fetchids"
    cp "$samples"/getmail/oldmail-* "$HOME/.getmail"
    cp "$samples"/mpop/* "$HOME/.mpop_uidls"
    cp "$samples"/claws/* "$HOME/.claws-mail/uidl"
    printf 'u1\t1\t0\n' >"$HOME/.claws-mail/uidl/localhost-other"
    cp "$samples"/thunderbird/popstate.dat \
        "$HOME/.thunderbird/x.default/Mail/localhost"
    printf '*other u10\nk u1 1\n' \
        >"$HOME/.thunderbird/x.default/Mail/other/popstate.dat"
    serve_u10
    for program in fetchmail getmail mpop claws thunderbird; do
        rm -rf "$work/state"
        wanted 0 -v import --from $program a
        says "imported 10 uids (9 on the server)"
    done
    # An environment that points elsewhere.
    mv "$HOME/.getmail" "$work/getmail"
    mv "$HOME/.fetchids" "$work/fh"
    rm -rf "$work/state"
    wanted 65 import --from fetchmail a
    says "looked for $HOME/.fetchids"
    FETCHMAILHOME=$work/fh wanted 0 import --from fetchmail a
    rm -rf "$work/state"
    wanted 65 import --from getmail a
    says "looked for $HOME/.config/getmail/oldmail-*, $HOME/.getmail/oldmail-*"
    XDG_CONFIG_HOME=$work wanted 0 import --from getmail a
    wanted 65 import --from fdm a
    says "new-only"
    says "name that file"
}

@test "a second import adds nothing and changes nothing" {
    serve_u10
    wanted 0 -v import --from fdm a "$samples/fdm/fdm-pop3-cache.u10"
    says "imported 10 uids"
    in_store "UPDATE message SET kept_at = kept_at - 1000 WHERE state = 4"
    before=$(in_store .dump | sha256sum)
    wanted 0 -v import --from fdm a "$samples/fdm/fdm-pop3-cache.u10"
    says "imported 0 uids (0 on the server); 10 already known"
    wanted 0 -v import --from claws a "$samples/claws/localhost-u10"
    says "imported 0 uids"
    [ "$(in_store .dump | sha256sum)" = "$before" ]
}

@test "records of messages that keepmail fetched do not change" {
    serve_u10
    write_rc 'user = u10'
    wanted 0
    before=$(in_store "SELECT * FROM message" | sha256sum)
    wanted 0 -v import --from fdm a "$samples/fdm/fdm-pop3-cache.u10"
    says "imported 1 uid (0 on the server); 9 already known"
    [ "$(in_store "SELECT * FROM message WHERE state = 2" | sha256sum)" = "$before" ]
}

@test "a dry run says what would be imported, and creates no store" {
    serve_u10
    wanted 0 -n import --from fdm a "$samples/fdm/fdm-pop3-cache.u10"
    says "a: would import 10 uids (9 on the server); 0 already known; nothing was changed"
    says_not "  seen"
    [ ! -e "$work/state" ]
    wanted 0 -n -v import --from fdm a "$samples/fdm/fdm-pop3-cache.u10"
    [ "$(printf '%s\n' "$output" | grep -c '^  seen  0')" -eq 10 ]
    write_rc 'user = u10'
    wanted 0
    before=$(cat "$work/state"/* | sha256sum)
    wanted 0 -n import --from fdm a "$samples/fdm/fdm-pop3-cache.u10"
    says "would import 1 uid (0 on the server); 9 already known"
    [ "$(cat "$work/state"/* | sha256sum)" = "$before" ]
}

# Nothing is recorded, not even whose mailbox it is.
nothing_recorded() {
    [ "$(sqlite3 "$work/state/a.db" \
        "SELECT (SELECT count(*) FROM message) + (SELECT count(*) FROM mailbox)")" = 0 ]
}

@test "uids that the server does not list at all are refused, and nothing is recorded" {
    serve one two
    wanted 65 import --from fdm a "$samples/fdm/fdm-pop3-cache.u10"
    says "of the 2 messages on the server, none is in the list of fdm: nothing was imported"
    says "Check server, user and file"
    says "mark-seen"
    nothing_recorded
    serve
    wanted 65 import --from fdm a "$samples/fdm/fdm-pop3-cache.u10"
    says "lists no messages"
}

@test "for a file of other accounts, the error says whose it is" {
    serve_u10
    wanted 65 import --from mpop a "$samples/mpop/uidls.user_a_b"
    says "nothing of u10 at localhost, but entries of a b at 127.0.0.1"
    wanted 65 import --from fetchmail a "$samples/fetchmail/fetchids.u1000"
    says "entries of u1000 at localhost"
    [ ! -e "$work/state/a.db" ]
}

@test "a file of another program, a missing file and a directory are refused" {
    serve_u10
    wanted 65 import --from getmail a "$samples/mpop/u10_at_localhost"
    says "is not a file of getmail"
    wanted 65 import --from fdm a "$samples/claws/localhost-u10"
    says "is not a file of fdm"
    wanted 65 import --from mpop a "$samples/fdm/fdm-pop3-cache.u10"
    says "is not a file of mpop"
    wanted 65 import --from mpop a "$work/missing"
    says "cannot read $work/missing: No such file"
    wanted 65 import --from mpop a "$work"
    says "not a regular file"
    : >"$work/empty"
    wanted 65 import --from mpop a "$work/empty"
    says "has no message that mpop has seen"
    [ ! -e "$work/state/a.db" ]
}

@test "days are counted from the import, or from the file's times if they are trusted" {
    serve_u10
    wanted 0 import --from getmail a "$samples/getmail/oldmail-localhost-11010-u10"
    [ "$(in_store "SELECT count(*) FROM message WHERE abs(kept_at - unixepoch()) < 100")" -eq 10 ]
    rm -rf "$work/state"
    sed 's/1795217235/1700000000/; s/0a6b00d60f\x001700000000/0a6b00d60f\x009900000000/' \
        "$samples/getmail/oldmail-localhost-11010-u10" >"$work/times"
    wanted 0 --trust-times import --from getmail a "$work/times"
    [ "$(in_store "SELECT count(*) FROM message WHERE kept_at = 1700000000")" -eq 9 ]
    # A message said to have been fetched in the future counts as fetched now.
    [ "$(in_store "SELECT count(*) FROM message WHERE abs(kept_at - unixepoch()) < 100")" -eq 1 ]
    rm -rf "$work/state"
    wanted 0 --trust-times import --from fdm a "$samples/fdm/fdm-pop3-cache.u10"
    [ "$(in_store "SELECT count(*) FROM message WHERE abs(kept_at - unixepoch()) < 100")" -eq 10 ]
    wanted 0 -v
    says "deleted 0"
}

@test "users with spaces, an @, slashes and backslashes; uids that getmail changed" {
    cat >"$work/dialog" <<'END'
login PIPELINING
C: UIDL
S: +OK
S: 1 u/1@h
S: 2 u2
S: 3 u3
S: .
C: QUIT
S: +OK
== session
login PIPELINING
C: UIDL
S: +OK
S: 1 u/1@h
S: 2 u2
S: .
C: QUIT
S: +OK
END
    for user in 'DOM\joe' 'a b' joe@example.com x/y:z; do
        name=$(printf '%s' "$user" | tr -c 'A-Za-z0-9.\n' _)
        for file in fetchmail/fetchids mpop/uidls; do
            start_server --dialog "$work/dialog"
            write_rc 'tls = off' "port = $port" 'server = "127.0.0.1"' "user = '$user'"
            sed -i '/tls-ca/d' "$rc"
            rm -rf "$work/state"
            wanted 0 -v import --from "${file%/*}" a "$samples/$file.user_$name"
            says "imported 2 uids (2 on the server)"
            [ "$(in_store "SELECT group_concat(cast(uid AS text)) FROM message")" = "u/1@h,u2" ]
            wanted 0 -v
            says "fetched 0 "
        done
    done
    for file in "$samples"/getmail/oldmail-127* "$samples"/getmail/user_*; do
        start_server --dialog "$work/dialog"
        write_rc 'tls = off' "port = $port" 'server = "127.0.0.1"'
        sed -i '/tls-ca/d' "$rc"
        rm -rf "$work/state"
        wanted 0 -v import --from getmail a "$file"
        says "imported 2 uids (2 on the server)"
        [ "$(in_store "SELECT group_concat(cast(uid AS text)) FROM message")" = "u/1@h,u2" ]
        wanted 0 -v
        says "fetched 0 "
    done
}

@test "a uid that fetchmail cut off at a space matches the server's, and all copies of it count as seen" {
    cat >"$work/dialog" <<'END'
login PIPELINING
C: UIDL
S: +OK
S: 1 cut off here
S: 2 same
S: 3 same
S: 4 new
S: .
C: QUIT
S: +OK
END
    printf 'test@localhost cut\ntest@localhost same\n' >"$work/ids"
    start_server --dialog "$work/dialog"
    write_rc 'tls = off' "port = $port"
    sed -i '/tls-ca/d' "$rc"
    wanted 0 -v import --from fetchmail a "$work/ids"
    says "imported 3 uids (3 on the server)"
    [ "$(in_store "SELECT group_concat(cast(uid AS text) || ordinal) FROM message")" = \
        "cut off here0,same0,same1" ]
}

@test "hostile bytes in a file are shown harmlessly, and stop nothing" {
    serve_u10
    {
        head -c 100000 /dev/zero
        printf '\nu10@localhost \033[2J\001\nu10@localhost \n@ \n@\n \n'
        printf '\377\376@\033[31m u\n'
        head -c 3000 /dev/zero | tr '\0' 'x'
        printf '\nu10@localhost '
        head -c 5000 /dev/zero | tr '\0' 'u'
        printf '\r\n\r\nu10@localhost 000000016b00d60f\r\nu10@localhost 000000026b00d60f'
    } >"$work/hostile"
    wanted 0 -v import --from fetchmail a "$work/hostile"
    says "imported 3 uids (2 on the server)"
    says "1 uid is not what RFC 1939 allows"
    says "do not have the format of fetchmail and were skipped, the first is line 1"
    says_not $'\033'
    wanted 0 -n -v import --from fetchmail a "$work/hostile"
    says_not $'\033'
    for program in getmail mpop fdm thunderbird claws fetchmail; do
        head -c 300000 /dev/urandom >"$work/random"
        run keepmail import --from $program a "$work/random"
        [ "$status" -eq 65 ]
        says_not $'\033'
    done
}

@test "a wrong import command line is reported" {
    serve_u10
    wanted 64 import a
    says "import needs --from fetchmail, getmail, mpop, fdm, thunderbird or claws"
    wanted 64 import --from elm a
    says "--from takes fetchmail, getmail, mpop, fdm, thunderbird or claws, not 'elm'"
    wanted 64 import --from fdm
    says "import needs the name of an account"
    wanted 64 import --from fdm a b c
    says "import takes fewer arguments"
    wanted 64 --from fdm a
    says "fetch does not accept the option --from"
    wanted 64 mark-seen
    says "mark-seen needs the name of an account"
}

@test "import and mark-seen fail as fetch does if the server refuses" {
    serve_u10
    write_rc 'user = u10' 'password = wrong'
    wanted 77 import --from fdm a "$samples/fdm/fdm-pop3-cache.u10"
    wanted 77 mark-seen a
    nothing_recorded
    stop_server
    wanted 75 import --from fdm a "$samples/fdm/fdm-pop3-cache.u10"
    wanted 75 mark-seen a
    mkdir -p "$work/state"
    chmod 500 "$work"
    [ "$(id -u)" -eq 0 ] || ! keepmail --state-dir "$work/none" mark-seen a
    chmod 700 "$work"
}

@test "import and mark-seen refuse a store of another mailbox, too" {
    serve_u10
    wanted 0
    in_store "UPDATE mailbox SET user = 'another'"
    wanted 78 mark-seen a
    says "--same-mailbox"
    wanted 78 import --from fdm a "$samples/fdm/fdm-pop3-cache.u10"
    wanted 0 --same-mailbox mark-seen a
    [ "$(in_store "SELECT user FROM mailbox")" = u10 ]
}

@test "with mark-seen, all listed messages count as seen, and later ones as new" {
    serve_u10
    wanted 0 -n mark-seen a
    says "a: 9 messages would count as seen; 0 already known; nothing was changed"
    [ ! -e "$work/state" ]
    wanted 0 -v mark-seen a
    says "a: 9 messages now count as seen; 0 already known"
    [ "$(in_store "SELECT count(*) FROM message WHERE state = 4 AND origin = 'mark-seen'")" -eq 9 ]
    printf 'Subject: new\n\ntext\n' >"$work/mail/new"
    wanted 0 -v
    says "fetched 1 "
    says "deleted 1"
    [ "$(files "$work/mail")" -eq 9 ]
    wanted 0 -v mark-seen a
    says "a: 0 messages now count as seen; 9 already known"
    wanted 0 -n
    says "leave 9 (counts as seen; it was never fetched by keepmail)"
}

@test "mark-seen takes several accounts, and the worst status is returned" {
    start_server --synthetic 3 --shared
    write_rc
    printf 'account b { }\naccount c { password = wrong }\n' >>"$rc"
    wanted 77 -v mark-seen a c b
    says "a: 3 messages now count as seen"
    says "b: 3 messages now count as seen"
    says "c: "
    wanted 0 -v a b
    says "fetched 0 (0 B), deleted 0, left 6"
}

@test "start = now: messages found by the first run count as seen, and later ones as new" {
    serve_u10
    write_rc 'user = u10' 'delete = now' 'start = now'
    wanted 0 -n
    says "would fetch 0"
    says "leave 9 (older than the start setting; counts as seen)"
    [ ! -e "$work/state" ]
    wanted 0 -v
    says "9 messages count as seen (setting start)"
    says "fetched 0 "
    [ "$(in_store "SELECT count(*) FROM message WHERE state = 4 AND origin = 'start'")" -eq 9 ]
    printf 'Subject: new\n\ntext\n' >"$work/mail/new"
    wanted 0 -v
    says "fetched 1 "
    says_not "setting start"
    [ "$(files "$work/mail")" -eq 9 ]
    [ "$(kept)" -eq 1 ]
}

@test "start = now: a first run that found nothing was still the first one" {
    serve
    write_rc 'user = u10' 'start = now'
    wanted 0
    printf 'Subject: new\n\ntext\n' >"$work/mail/new"
    wanted 0
    [ "$(kept)" -eq 1 ]
}

@test "start = now: a first run that failed does not count" {
    serve_u10
    write_rc 'user = u10' 'start = now' 'password = wrong'
    wanted 77
    write_rc 'user = u10' 'start = now'
    wanted 0
    [ "$(kept)" -eq 0 ]
    [ "$(in_store "SELECT count(*) FROM message WHERE state = 4")" -eq 9 ]
}

@test "start has no effect on a store with messages" {
    serve_u10
    write_rc 'user = u10'
    wanted 0
    [ "$(kept)" -eq 9 ]
    printf 'Subject: new\n\ntext\n' >"$work/mail/new"
    write_rc 'user = u10' 'start = now'
    wanted 0
    [ "$(kept)" -eq 10 ]
    # Nor on one after an import: the other fetcher had not seen this message.
    rm -rf "$work/state" "$work/Mail"
    wanted 0 import --from fdm a "$samples/fdm/fdm-pop3-cache.u10"
    wanted 0
    [ "$(kept)" -eq 1 ]
}

# message NAME RECEIVED DATE: ages in days; creates a file on the server.
message() {
    {
        [ -z "$2" ] || printf 'Received: from a by b (c; d)\n\tfor e; %s (x)\n' \
            "$(date -R -d "$2 days ago")"
        [ -z "$2" ] || printf 'Received: x; Thu, 01 Jan 1998 00:00:00 GMT\n'
        [ -z "$3" ] || printf 'Date: %s\n' "$(date -R -d "$3 days ago")"
        printf 'Subject: %s\n\nDate: %s\n' "$1" "$(date -R)"
    } >"$work/mail/$1"
}

@test "start = 30 days fetches messages received since then, and those without a date" {
    serve
    message 1-old 40 40
    message 2-sent-long-ago 3 400
    message 3-old-without-received '' 31
    message 4-young-without-received '' 29
    message 5-without-date '' ''
    message 6-old-with-a-new-date 31 1
    message 7-young 1 1
    write_rc 'user = u10' 'delete = now' 'start = "30 days"'
    wanted 0 -n -v
    says "would fetch 4"
    [ "$(printf '%s\n' "$output" | grep -c 'older than the start setting; counts as seen')" -eq 3 ]
    wanted 0 -v
    says "1 message of unknown age is fetched"
    says "3 messages count as seen (setting start)"
    says "fetched 4 "
    [ "$(cd "$work/mail" && echo *)" = \
        "1-old 3-old-without-received 6-old-with-a-new-date" ]
    message 8-old 400 400
    wanted 0
    [ "$(kept)" -eq 5 ]
}

@test "start = 30 days with many messages, one by one and pipelined" {
    for no in PIPELINING X; do
        rm -rf "$work/mail" "$work/state" "$work/Mail"
        mkdir "$work/mail"
        for i in $(seq 1000 1600); do
            message "$i" $((i % 2 == 0 ? 50 : 5)) ''
        done
        start_server --folder "$work/mail" --no $no
        write_rc 'start = "4 weeks"'
        wanted 0
        [ "$(kept)" -eq 300 ]
        [ "$(in_store "SELECT count(*) FROM message WHERE state = 4
            AND cast(cast(uid AS text) AS integer) % 2 = 0")" -eq 301 ]
    done
}

@test "start = 30 days on a server without TOP fetches all messages, and says so" {
    cat >"$work/dialog" <<'END'
login PIPELINING
C: UIDL
S: +OK
S: 1 one
S: 2 two
S: .
C: TOP 1 0
S: -ERR what?
C: UIDL 1
S: +OK 1 one
C: TOP 2 0
S: -ERR what?
C: UIDL 2
S: +OK 2 two
C: LIST
S: +OK
S: 1 16
S: 2 16
S: .
C: RETR 1
S: +OK
S: Subject: one
S:
S: .
C: RETR 2
S: +OK
S: Subject: two
S:
S: .
C: QUIT
S: +OK
END
    start_server --dialog "$work/dialog"
    write_rc 'tls = off' "port = $port" 'start = "30 days"'
    sed -i '/tls-ca/d' "$rc"
    wanted 0
    says "the server does not support TOP"
    [ "$(kept)" -eq 2 ]
}

@test "start = 30 days: answers of a server that is out of step are not used" {
    cat >"$work/dialog" <<'END'
login PIPELINING
C: UIDL
S: +OK
S: 1 one
S: 2 two
S: 3 three
S: .
C: TOP 1 0
S: +OK
S: Date: Thu, 01 Jan 1998 00:00:00 GMT
S:
S: .
C: UIDL 1
S: +OK 1 one
C: TOP 2 0
S: +OK
S: Date: Thu, 01 Jan 1998 00:00:00 GMT
S:
S: .
S: +OK
S: Date: Thu, 01 Jan 1998 00:00:00 GMT
S:
S: .
C: UIDL 2
S: +OK 2 two
gone
END
    start_server --dialog "$work/dialog"
    write_rc 'tls = off' "port = $port" 'start = "30 days"'
    sed -i '/tls-ca/d' "$rc"
    wanted 76
    [ "$(in_store "SELECT count(*) FROM message")" -eq 0 ]
}

@test "start = 30 days: a session that breaks while dates are requested records nothing" {
    cat >"$work/dialog" <<'END'
login PIPELINING
C: UIDL
S: +OK
S: 1 one
S: 2 two
S: .
C: TOP 2 0
S: +OK
S: Date: Thu, 01 Jan 1998 00:00:00 GMT
S:
S: .
C: UIDL 2
S: +OK 2 two
C: TOP 1 0
S: +OK
S: Date: Thu, 01 Jan 1998 00:
close
END
    start_server --dialog "$work/dialog"
    write_rc 'tls = off' "port = $port" 'start = "30 days"'
    sed -i '/tls-ca/d' "$rc"
    wanted 75
    [ "$(in_store "SELECT count(*) FROM message")" -eq 0 ]
}

@test "import and mark-seen neither count as a successful run nor undo one" {
    serve_u10
    write_rc 'user = u10'
    wanted 0
    in_store "UPDATE run SET started = started - 90000, ended = ended - 90000"
    printf '%020d\n' "$(($(date +%s) - 10800))" >"$work/state/a.last-success"
    wanted 0 status
    says "last success 3 hours ago"
    wanted 0 import --from fdm a "$samples/fdm/fdm-pop3-cache.u10"
    wanted 0 status
    says "last success 3 hours ago"
    printf 'Subject: new\n\ntext\n' >"$work/mail/new"
    wanted 0 mark-seen a
    wanted 0 status
    says "last success 3 hours ago"
    wanted 0 history a new
    says "counts as seen"
    says "mark-seen"
}
