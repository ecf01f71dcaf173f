#!/usr/bin/env bats
# status and history: what is known of accounts and messages, without a server.

load lib/helpers

setup() {
    common_setup
    make_mail 10
    start_server --folder "$work/mail"
    write_rc
}

teardown() {
    common_teardown
}

# An rc file of more than one account: a, and those named.
write_accounts() {
    local name
    for name in "$@"; do
        printf 'account %s { maildir = "%s/%s" }\n' "$name" "$work" "$name" >>"$rc"
    done
}

# from_json EXPRESSION...: what the last run's output (one line) says there.
from_json() {
    printf '%s' "$output" >"$work/json"
    local path
    for path in "$@"; do
        sqlite3 :memory: "SELECT json_extract(readfile('$work/json'), '\$.$path')"
    done
}

# A run at work: a server that waits before it answers RETR.
start_slow_run() {
    cat >"$work/slow.pop" <<'END'
login PIPELINING
C: UIDL
S: +OK
S: 1 one
S: .
C: LIST
S: +OK
S: .
C: RETR 1
wait 3000
S: +OK
S: Subject: one
S:
S: .
C: QUIT
S: +OK
END
    start_server --dialog "$work/slow.pop"
    write_rc "tls = off" "port = $port"
    sed -i '/tls-ca/d' "$rc"
    "$KEEPMAIL" -f "$rc" 3>&- &
    pid=$!
    sleep 0.7
}

# Makes the last success a note on the file: so many seconds ago.
note_success() {
    in_store "UPDATE run SET ended = ended - 1000000, started = started - 1000000"
    touch -d "@$(($(date +%s) - $1))" "$work/state/a.db"
}

@test "status says when an account was fetched, what is kept and what is on the server" {
    wanted 0
    size=$(in_store "SELECT sum(octets) FROM message")
    wanted 0 status
    [[ $output =~ ^a:\ last\ success\ (just\ now|[0-9]+\ seconds\ ago)\;\ 10\ kept\ \(.*\),\ 10\ on\ the\ server,\ nothing\ is\ due\ \(delete\ =\ never\)$ ]]
    wanted 0 status a --json
    [ "$(from_json account status kept octets on_server due next_due last_run.status at_work)" = "a
0
10
$size
10
0

0
0" ]
}

@test "an account that was never fetched says so, and nothing is made" {
    wanted 0 status
    [ "$output" = "a: never fetched" ]
    wanted 0 status --json
    [ "$(from_json last_success last_run kept)" = "

0" ]
    [ ! -e "$work/state" ]
}

@test "status asks no server and no password" {
    wanted 0
    stop_server
    sessions=$(reported sessions)
    sed -i "s|^password = .*|password-command = \"touch $work/asked\"|" "$rc"
    wanted 0 status
    says "10 kept"
    sed -i '/^password/d' "$rc"
    run setsid "$KEEPMAIL" -f "$rc" status
    [ "$status" -eq 0 ]
    says "10 kept"
    [ ! -e "$work/asked" ]
    [ "$(reported sessions)" -eq "$sessions" ]
}

@test "status and history look beside a run, which does not notice" {
    start_slow_run
    wanted 0 status
    says "a run is at work now"
    wanted 0 status --json
    [ "$(from_json at_work)" = 1 ]
    wanted 0 history a
    wait $pid
    [ "$(kept)" -eq 1 ]
    wanted 0 status
    says "1 kept"
    says_not "at work"
}

@test "beside a run that stores mail, what it has committed is seen" {
    start_server --synthetic 3000
    write_rc
    "$KEEPMAIL" -f "$rc" 3>&- &
    pid=$!
    seen=0
    while kill -0 $pid 2>/dev/null; do
        run keepmail status
        [ "$status" -eq 0 ]
        seen=$((seen + 1))
    done
    wait $pid
    [ "$seen" -gt 0 ]
    wanted 0 status
    says "3000 kept"
}

@test "looking changes no octet and no time, and leaves nothing behind" {
    wanted 0
    before=$(sha256sum <"$work/state/a.db")$(stat -c %y "$work/state/a.db")
    wanted 0 status
    wanted 0 history a
    wanted 0 history a 000001.eml
    [ "$(sha256sum <"$work/state/a.db")$(stat -c %y "$work/state/a.db")" = "$before" ]
    [ "$(ls "$work/state")" = a.db ]
}

@test "a run that was killed leaves a store that can be looked at" {
    wanted 0
    sqlite3 "$work/state/a.db" ".dbconfig no_ckpt_on_close on" \
        "UPDATE message SET held_at = 1 WHERE id = 1" >/dev/null
    [ -s "$work/state/a.db-wal" ]
    before=$(sha256sum <"$work/state/a.db-wal")
    wanted 0 status
    says "1 held"
    [ "$(sha256sum <"$work/state/a.db-wal")" = "$before" ]
}

@test "a failure is shown with its age and its sentence, and is none of status" {
    wanted 0
    stop_server
    wanted 75
    in_store "UPDATE run SET ended = ended - 600 WHERE status = 75"
    wanted 0 status
    says "  the last run failed 10 minutes ago, with exit status 75: cannot connect"
    wanted 0 status --json
    [ "$(from_json last_run.status)" = 75 ]
    [[ $(from_json last_run.error) == "cannot connect"* ]]
}

@test "a success that wrote nothing has its age, also after a failure or a hold" {
    wanted 0
    wanted 0
    note_success 10800
    wanted 0 status
    says "last success 3 hours ago"
    wanted 0 hold a 000001.eml
    wanted 0 status
    says "last success 3 hours ago"
    note_success 14400
    stop_server
    wanted 75
    wanted 0 status
    says "last success 4 hours ago"
    says "the last run failed"
    start_server --folder "$work/mail"
    write_rc
    wanted 0
    wanted 0
    wanted 0 status
    [[ $output =~ ^a:\ last\ success\ (just\ now|[0-9]+\ seconds\ ago) ]]
    says_not "failed"
}

@test "that a store was written to is no success" {
    wanted 0
    in_store "UPDATE run SET ended = ended - 90000"
    touch "$work/state/a.db"
    wanted 0 status
    says "last success 25 hours ago"
}

@test "what is due is counted, and when the next will be" {
    write_rc 'delete = "after 2 days"'
    wanted 0
    next=$(in_store "SELECT strftime('%Y-%m-%d %H:%M', min(kept_at) + 2 * 86400, 'unixepoch', 'localtime') FROM message")
    wanted 0 status
    says "10 on the server, none due now, next on $next"
    in_store "UPDATE message SET kept_at = kept_at - 2 * 86400 WHERE id <= 3"
    wanted 0 status
    says "10 on the server, 3 due now, next on $next"
    wanted 0 hold a 000001.eml
    wanted 0 status
    says "2 due now, next"
    says "1 held: never erased on the server"
    days_pass 2
    wanted 0 status --json
    [ "$(from_json due next_due held)" = "9

1" ]
    write_rc 'delete = "after 2 days"' "keep-newest = 8"
    wanted 0 status
    says "2 due now"
    says_not "next"
    write_rc "delete = now"
    wanted 0 -v
    says "erased 9"
    wanted 0 status
    says "10 kept"
    says "1 on the server, none due now"
}

@test "what is in trouble and in quarantine is told, with what stands against it" {
    wanted 0
    in_store "INSERT INTO trouble VALUES (CAST('one' AS BLOB), 0, 2, 1, 2, 3, NULL, 'it was refused');
        INSERT INTO trouble VALUES (CAST('two' || char(27) || '[2J' AS BLOB), 0, 9, 1, 2, 3, 4, 'refused' || char(27))"
    wanted 0 status
    says "  1 in trouble"
    says "  1 in quarantine"
    says '    uid two\x1b[2J: 9 tries, the last: refused\x1b'
    wanted 0 status --json
    [ "$(from_json trouble quarantined)" = "1
1" ]
}

@test "a store that is damaged, foreign or newer exits 65, and the others are shown" {
    write_accounts b
    wanted 0 -j 1
    size=$(stat -c %s "$work/state/a.db")
    in_store "PRAGMA user_version = 99"
    wanted 65 status
    says "newer keepmail"
    dd if=/dev/urandom of="$work/state/a.db" bs=1 seek=4096 \
        count=$((size - 4096)) conv=notrunc status=none
    wanted 65 status
    says "a: the store $work/state/a.db is damaged"
    says "b: last success"
    run --separate-stderr keepmail status --json
    [ "$status" -eq 65 ]
    [[ ${lines[0]} == '{"account":"a","status":65,"error":"the store '* ]]
    [[ ${lines[1]} == '{"account":"b","status":0,'* ]]
    for line in "${lines[@]}"; do
        [ "$(sqlite3 :memory: "SELECT json_valid('${line//\'/\'\'}')")" = 1 ]
    done
    wanted 65 history a
    head -c 8192 /dev/urandom >"$work/state/a.db"
    wanted 65 status a
    rm "$work/state/a.db"
    sqlite3 "$work/state/a.db" "CREATE TABLE theirs (x)"
    wanted 65 status a
    says "none of keepmail's"
}

@test "a store of an older keepmail is shown, and left as it is" {
    wanted 0
    in_store "DROP TABLE trouble;
        ALTER TABLE message DROP COLUMN header_sha256;
        ALTER TABLE message DROP COLUMN held_at;
        ALTER TABLE message DROP COLUMN missing_at;
        ALTER TABLE message DROP COLUMN origin;
        PRAGMA user_version = 3"
    wanted 0 status
    says "10 kept"
    wanted 0 history a 000001.eml
    says "kept here"
    [ "$(in_store "PRAGMA user_version")" -eq 3 ]
}

@test "accounts of several users are looked at by processes of their own" {
    [ "$(id -u)" -eq 0 ] || skip "becoming another user needs root"
    mkdir "$work/nobody"
    chown nobody "$work/nobody"
    let_pass "$work"
    printf 'account n { run-as = nobody, state = "%s/nobody/state" }\n' "$work" >>"$rc"
    sed -i 's/, state/\n state/' "$rc"
    write_accounts b
    wanted 0 status
    [ "$output" = "a: never fetched
n: never fetched
b: never fetched" ]
    sed -i '0,/^run-as = root/{/^run-as = root/d}' "$rc"
    wanted 78 status
    says "n: never fetched"
    says "started by root"
}
