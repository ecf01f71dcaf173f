#!/usr/bin/env bats
# status and history: what is known about accounts and messages, without a
# server.

load ../lib/helpers

setup() {
    common_setup
    make_mail 10
    start_server --folder "$work/mail"
    write_rc
}

teardown() {
    common_teardown
}

# An rc file with several accounts: a, and those named.
write_accounts() {
    local name
    for name in "$@"; do
        printf 'account %s { maildir = "%s/%s" }\n' "$name" "$work" "$name" >>"$rc"
    done
}

# from_json EXPRESSION...: values in the last run's output (one line).
from_json() {
    printf '%s' "$output" >"$work/json"
    local path
    for path in "$@"; do
        sqlite3 :memory: "SELECT json_extract(readfile('$work/json'), '\$.$path')"
    done
}

# An active run: its server waits before it answers RETR.
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
    "$KEEPMAIL" -vv -f "$rc" 2>"$work/trace" 3>&- &
    pid=$!
    soon grep '> RETR' "$work/trace"
}

# Makes the last success an unrecorded one, this many seconds ago.
note_success() {
    in_store "UPDATE run SET ended = ended - 1000000, started = started - 1000000"
    printf '%020d\n' "$(($(date +%s) - $1))" >"$work/state/a.last-success"
}

@test "status says when an account was last fetched, what is kept and what is on the server" {
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

@test "an account that was never fetched is reported as such, and nothing is created" {
    wanted 0 status
    [ "$output" = "a: never fetched" ]
    wanted 0 status --json
    [ "$(from_json last_success last_run kept)" = "

0" ]
    [ ! -e "$work/state" ]
}

@test "status needs no server and no password" {
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

@test "status and history work during a run, without affecting it" {
    start_slow_run
    wanted 0 status
    says "a run is in progress"
    wanted 0 status --json
    [ "$(from_json at_work)" = 1 ]
    wanted 0 history a
    wait $pid
    [ "$(kept)" -eq 1 ]
    wanted 0 status
    says "1 kept"
    says_not "at work"
}

@test "during a run that stores mail, its committed records are visible" {
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

@test "status and history change no byte and no time, and leave nothing behind" {
    wanted 0
    before=$(sha256sum <"$work/state/a.db")$(stat -c %y "$work/state/a.db")
    files=$(ls "$work/state")
    wanted 0 status
    wanted 0 history a
    wanted 0 history a 000001.eml
    [ "$(sha256sum <"$work/state/a.db")$(stat -c %y "$work/state/a.db")" = "$before" ]
    [ "$(ls "$work/state")" = "$files" ]
}

@test "the store of a killed run can be read" {
    wanted 0
    sqlite3 "$work/state/a.db" ".dbconfig no_ckpt_on_close on" \
        "UPDATE message SET held_at = 1 WHERE id = 1" >/dev/null
    [ -s "$work/state/a.db-wal" ]
    before=$(sha256sum <"$work/state/a.db-wal")
    wanted 0 status
    says "1 held"
    [ "$(sha256sum <"$work/state/a.db-wal")" = "$before" ]
}

@test "a failure is shown with its age and message, and does not affect the exit status of status" {
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

@test "a success that wrote nothing is shown with its age, even after a failure or a hold" {
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

@test "a write to the store does not count as a success" {
    wanted 0
    in_store "UPDATE run SET ended = ended - 90000"
    touch "$work/state/a.db"
    wanted 0 status
    says "last success 25 hours ago"
    # Nor does a note that is torn, or has a time in the future.
    printf '1795' >"$work/state/a.last-success"
    wanted 0 status
    says "last success 25 hours ago"
    printf '%020d\n' "$(($(date +%s) + 999999999))" >"$work/state/a.last-success"
    wanted 0 status
    says "last success 25 hours ago"
}

@test "a store that only a retry made says that nothing was fetched" {
    wanted 0 -v retry a
    says "0 messages will be tried again in the next run"
    wanted 0 status
    [ "$output" = "a: never fetched" ]
}

@test "due messages are counted, and the time of the next one is shown" {
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
    says "1 held: never deleted from the server (keepmail release a UID releases it)"
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
    says "deleted 9"
    wanted 0 status
    says "10 kept"
    says "1 on the server, none due now"
}

@test "status does not say that nothing is due if mail is erased by size or by the copies here" {
    wanted 0
    write_rc "max-server-size = 1M"
    wanted 0 status
    says_not "nothing is due"
    says "due by size"
    write_rc 'delete = "when trashed"'
    wanted 0 status
    says "due when trashed here"
}

@test "troubled and quarantined messages are reported, with their errors" {
    wanted 0
    in_store "INSERT INTO trouble VALUES (CAST('one' AS BLOB), 0, 2, 1, 2, 3, NULL, 'it was refused');
        INSERT INTO trouble VALUES (CAST('two' || char(27) || '[2J' AS BLOB), 0, 9, 1, 2, 3, 4, 'refused' || char(27))"
    wanted 0 status
    says "  1 failed so far"
    says "  1 in quarantine"
    says '    uid two\x1b[2J: 9 failed attempts, the last: refused\x1b'
    wanted 0 status --json
    [ "$(from_json trouble quarantined)" = "1
1" ]
}

@test "imported or marked messages are reported as long as the server lists them" {
    wanted 0 mark-seen a
    wanted 0 status
    says "  10 on the server count as seen, never fetched"
    find "$work/mail" -type f ! -name 000001.eml -delete
    wanted 0
    wanted 0 status
    says "  1 on the server counts as seen, never fetched"
    wanted 0 status --json
    [ "$(from_json seen)" -eq 1 ]
    rm "$work/mail/000001.eml"
    wanted 0
    wanted 0 status
    says_not "as seen"
}

@test "messages over max-size on the server are reported as long as they are there" {
    printf 'Subject: large\n\n%020000d\n' 0 >"$work/mail/large.eml"
    write_rc "max-size = 19000"
    large=$(find "$work/mail" -size +19000c | wc -l)
    wanted 0
    wanted 0 status
    says "  $large on the server larger than max-size"
    wanted 0 status --json
    [ "$(from_json too_large)" -eq "$large" ]
    wanted 0
    wanted 0 status
    says "  $large on the server larger than max-size"
    rm "$work/mail/large.eml"
    wanted 0
    wanted 0 status --json
    [ "$(from_json too_large)" -eq "$((large - 1))" ]
    write_rc
    wanted 0
    wanted 0 status --json
    [ "$(from_json too_large)" -eq 0 ]
    same_mail "$work/mail" "$work/Mail"
}

@test "history says of a message that only its size is on record" {
    printf 'Subject: large\n\n%020000d\n' 0 >"$work/mail/large.eml"
    write_rc "max-size = 19000"
    wanted 0
    size=$(in_store "SELECT size FROM oversize WHERE CAST(uid AS TEXT) = 'large.eml'")
    wanted 0 history a large.eml
    [ "${#lines[@]}" -eq 3 ]
    says "uid large.eml"
    says "  state       larger than max-size, not fetched"
    says "  size        $size bytes on the server"
    wanted 0 history a large.eml --json
    [ "$output" = '{"account":"a","uid":"large.eml","ordinal":0,"state":"too-large","size":'"$size"'}' ]
    # A message of which more is on record is shown once.
    in_store "INSERT INTO oversize SELECT uid, ordinal, 20000, 1 FROM message
        WHERE CAST(uid AS TEXT) = '000001.eml';
        INSERT INTO oversize VALUES (CAST('000001.eml' AS BLOB), 1, 30000, 1)"
    wanted 0 history a 000001.eml --json
    [ "${#lines[@]}" -eq 2 ]
    says '"ordinal":1,"state":"too-large","size":30000}'
    wanted 0 history a 000001.eml
    says "uid 000001.eml, number 2 with this uid"
}

@test "a message that is no longer over max-size according to LIST is fetched" {
    rm -f "$work/mail"/*
    printf 'Subject: one\n\n%05000d\n' 0 >"$work/mail/one"
    write_rc "max-size = 1000"
    wanted 0
    wanted 0 status --json
    [ "$(from_json too_large)" -eq 1 ]
    printf 'Subject: one\n\n' >"$work/mail/one"
    in_store "DELETE FROM quiet"
    wanted 0
    [ "$(kept)" -eq 1 ]
    wanted 0 status --json
    [ "$(from_json too_large)" -eq 0 ]
}

@test "a store that is damaged, foreign or newer exits 65, and the others are shown" {
    write_accounts b
    wanted 0 -j 1
    size=$(stat -c %s "$work/state/a.db")
    version=$(in_store "PRAGMA user_version")
    in_store "PRAGMA user_version = 99"
    wanted 65 status
    says "newer keepmail"
    in_store "PRAGMA user_version = $version"
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
    says "is not a keepmail database"
}

@test "a store of an older keepmail is shown, and left unchanged" {
    wanted 0
    in_store "DROP INDEX message_present; DROP TABLE clock; DROP TABLE oversize;
        ALTER TABLE message DROP COLUMN damage;
        ALTER TABLE message DROP COLUMN damaged_at; DROP INDEX message_came;
        ALTER TABLE message DROP COLUMN came_sha256;
        ALTER TABLE message DROP COLUMN came_header_sha256;
        ALTER TABLE message DROP COLUMN handed; ALTER TABLE message DROP COLUMN sought;
        ALTER TABLE place DROP COLUMN born;
        ALTER TABLE place DROP COLUMN inode;
        ALTER TABLE message DROP COLUMN head_octets;
        ALTER TABLE message DROP COLUMN head_sha256;
        ALTER TABLE mailbox DROP COLUMN proof_form;
        DROP TABLE note; DROP TABLE root; DROP TABLE trouble;
        ALTER TABLE message DROP COLUMN returned_at;
        ALTER TABLE message DROP COLUMN doubtful_at;
        ALTER TABLE mailbox DROP COLUMN loose_sizes_at;
        ALTER TABLE mailbox DROP COLUMN said; DROP INDEX message_sha256;
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

@test "accounts of several users are read by processes of these users" {
    [ "$(id -u)" -eq 0 ] || skip "becoming another user needs root"
    # Which complains that another user cannot write its counts.
    ! grep -q __gcov_dump "$KEEPMAIL" || skip "not in a build for coverage"
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

@test "history names the file that contains a message, and its digest is the one shown" {
    wanted 0
    name=$(in_store "SELECT name FROM message WHERE cast(uid AS text) = '000003.eml'")
    wanted 0 history a 000003.eml
    says "uid 000003.eml"
    says "kept here, and on the server"
    says "Message-ID"
    file=$(sed -n 's/^  stored in  *//p' <<<"$output")
    [ "$file" = "$work/Mail/new/$name" ]
    digest=$(sed -n 's/^  SHA-256  *//p' <<<"$output")
    [ "$(sha256sum <"$file")" = "$digest  -" ]
    [[ $output =~ kept\ +[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}[+-][0-9]{2}:[0-9]{2} ]]
    # It was read, and then moved to a folder.
    mv "$file" "$work/Mail/cur/$name:2,S"
    wanted 0 history a 000003.eml
    says "stored in   $work/Mail/cur/$name:2,S"
    mkdir -p "$work/Mail/.old/cur"
    mv "$work/Mail/cur/$name:2,S" "$work/Mail/.old/cur/$name:2,RS"
    wanted 0 history a 000003.eml --json
    [ "$(from_json uid state place.path place.name place.file sha256)" = "000003.eml
kept
$work/Mail
$name
$work/Mail/.old/cur/$name:2,RS
$digest" ]
    rm "$work/Mail/.old/cur/$name:2,RS"
    wanted 0 history a 000003.eml
    says "stored in   $work/Mail"
    says "no longer there"
}

@test "history says where in an mbox a message is" {
    write_rc "mbox = \"$work/box\""
    sed -i '/^maildir/d' "$rc"
    wanted 0
    wanted 0 history a 000002.eml
    says "stored in   $work/box, "
    wanted 0 history a 000002.eml --json
    read -r -d '' offset length < <(from_json place.offset place.length) || true
    [[ $(tail -c +$((offset + 1)) "$work/box" | head -n 1) == "From "* ]]
    [ "$length" -gt 0 ]
}

@test "history says what became of a message" {
    wanted 0
    wanted 0 hold a 000001.eml
    write_rc "delete = now"
    wanted 0
    wanted 0 history a 000001.eml 000002.eml
    says "  held "
    says "kept here, deleted from the server"
    says "  deleted "
    rm "$work/mail/000001.eml"
    wanted 0
    wanted 0 history a 000001.eml
    says "kept here; no longer listed by the server"
    says "  vanished "
    in_store "INSERT INTO trouble VALUES (CAST('bad' AS BLOB), 0, 9, 1, 2, 3, 4, 'it was refused')"
    wanted 0 history a bad
    says "9 failed attempts"
    says "because     it was refused"
    wanted 0 history a bad --json
    [ "$(from_json state tries quarantined_at)" = "trouble
9
4" ]
}

@test "history of an account shows its runs, the newest last" {
    wanted 0 history a
    [ "$output" = "no runs recorded" ]
    wanted 0
    write_rc "delete = now"
    wanted 0
    stop_server
    wanted 75
    wanted 0 history a
    [ "${#lines[@]}" -eq 3 ]
    [[ ${lines[0]} == *"  fetched 10 ("*"), deleted 0, left 10" ]]
    [[ ${lines[1]} == *"  fetched 0 (0 B), deleted 10, left 0" ]]
    [[ ${lines[2]} == *"; exit status 75: cannot connect"* ]]
    wanted 0 history a --json
    [ "${#lines[@]}" -eq 3 ]
    for line in "${lines[@]}"; do
        [ "$(sqlite3 :memory: "SELECT json_valid('${line//\'/\'\'}')")" = 1 ]
    done
    output=${lines[1]} && [ "$(from_json account fetched erased left status)" = "a
0
10
0
0" ]
    start_server --folder "$work/mail"
    write_rc
    wanted 0
    wanted 0
    note_success 60
    wanted 0 history a
    [[ ${lines[4]} == *"  found nothing new" ]]
}

@test "an unknown uid exits 64, and nothing is shown" {
    wanted 0
    run --separate-stderr keepmail history a 000001.eml no-such
    [ "$status" -eq 64 ]
    [ -z "$output" ]
    [[ $stderr == "a: no message with the uid no-such is on record: keepmail list --local -v shows all of them"* ]]
    wanted 64 history
    says "needs the name of an account"
    wanted 64 history b
}

@test "lines of status and history are broken at spaces on a narrow terminal, and only there" {
    write_rc 'delete = "after 2 days"'
    wanted 0
    wanted 0 hold a 000001.eml
    in_store "INSERT INTO trouble VALUES (CAST('two' AS BLOB), 0, 9, 1, 2, 3, 4, 'the server refused to send message 2 (uid two): the next run tries again')"
    stop_server
    wanted 75
    for columns in 60 40; do
        on_terminal status
        no_wider $columns
        says "    uid two: 9 failed"
        on_terminal history a
        no_wider $columns
        says "fetched 10"
        on_terminal history a 000001.eml two
        no_wider $columns
        says "  SHA-256 "
        says "  because "
    done
    wanted 0 history a 000001.eml
    digest=$(in_store "SELECT lower(hex(sha256)) FROM message WHERE CAST(uid AS TEXT) = '000001.eml'")
    says "  SHA-256     $digest"
    wanted 0 status
    says "    uid two: 9 failed attempts, the last: the server refused to send message 2 (uid two): the next run tries again"
}

@test "text from a server or a message is shown harmlessly" {
    cat >"$work/hostile.pop" <<END
login PIPELINING
C: UIDL
S: +OK
S: 1 u$(printf '\033')[2J
S: .
C: LIST
S: +OK
S: .
C: RETR 1
S: +OK
S: Message-ID: <$(printf '\033')]0;evil$(printf '\007')@example.org>
S:
S: .
C: QUIT
S: +OK
END
    start_server --dialog "$work/hostile.pop"
    write_rc "tls = off" "port = $port"
    sed -i '/tls-ca/d' "$rc"
    run keepmail
    [ "$(in_store "SELECT count(*) FROM message")" -eq 1 ] || skip "it is refused at once"
    uid=$(in_store "SELECT cast(uid AS text) FROM message")
    in_store "UPDATE message SET message_id = '<' || char(27) || 'c>', origin = char(7);
        UPDATE run SET status = 70, error = 'bad' || char(27) || '[2J'"
    escape=$(printf '\033')
    wanted 0 history a "$uid"
    says 'uid u\x1b[2J'
    says '<\x1bc>'
    says_not "$escape"
    wanted 0 history a "$uid" --json
    says_not "$escape"
    [ "$(from_json state)" = kept ]
    [ "$(from_json uid)" = "$uid" ]
    wanted 0 history a
    says 'bad\x1b[2J'
    says_not "$escape"
    wanted 0 status
    says 'bad\x1b[2J'
    says_not "$escape"
    wanted 0 status --json
    says_not "$escape"
}
