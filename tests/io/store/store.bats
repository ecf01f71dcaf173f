#!/usr/bin/env bats
# The store: what is kept, with one run at a time, and never silently started
# afresh.

load ../../lib/helpers

setup() {
    common_setup
    make_mail 10
    start_server --folder "$work/mail"
    write_rc
}

teardown() {
    common_teardown
}

@test "the store records uid, size, digests, place and times of each message" {
    wanted 0
    [ "$(in_store "PRAGMA journal_mode")" = wal ]
    [ "$(in_store "PRAGMA application_id")" -eq $((0x6b656570)) ]
    [ "$(in_store "SELECT count(*) FROM message WHERE size > 0 AND octets > 0
        AND first_seen > 0 AND kept_at >= first_seen AND length(sha256) = 32
        AND name <> '' AND erased_at IS NULL")" -eq 10 ]
    [ "$(in_store "SELECT path FROM place")" = "$work/Mail" ]
    [ "$(in_store "SELECT count(*) FROM message WHERE message_id LIKE '<%@example.org>'")" -gt 5 ]
    name=$(in_store "SELECT name FROM message WHERE cast(uid AS text) = '000001.eml'")
    digest=$(in_store "SELECT lower(hex(sha256)) FROM message WHERE cast(uid AS text) = '000001.eml'")
    [ "$(sha256sum <"$work/Mail/new/$name")" = "$digest  -" ]
}

@test "each run is recorded with its counts and its result" {
    wanted 0
    write_rc "delete = now"
    wanted 0
    [ "$(in_store "SELECT fetched, erased, \"left\", status FROM run ORDER BY id")" = "10|0|10|0
0|10|0|0" ]
    stop_server
    wanted 75
    [ "$(in_store "SELECT status, error LIKE '%cannot connect%' FROM run ORDER BY id DESC LIMIT 1")" = "75|1" ]
}

@test "a second run of the same account exits 75 and does no harm" {
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
wait 4000
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
    wanted 75
    says "another keepmail is working on this account"
    wanted 75 -n
    wait $pid
    [ "$(kept)" -eq 1 ]
}

@test "two runs at once for a large mailbox: one works, the other exits 75" {
    start_server --synthetic 3000
    write_rc
    "$KEEPMAIL" -f "$rc" 3>&- &
    first=$!
    run keepmail
    second=$status
    wait $first && first=0 || first=$?
    [ "$first" -eq 0 ] || [ "$second" -eq 0 ]
    [ "$((first + second))" -eq 75 ] || [ "$((first + second))" -eq 0 ]
    [ "$(kept)" -eq 3000 ]
}

@test "a store belongs to one mailbox: another server or user is refused, unless declared to be the same" {
    wanted 0
    write_rc "server = 127.0.0.1"
    wanted 78
    says "the mailbox of test on localhost"
    says "--same-mailbox"
    [ "$(kept)" -eq 10 ]
    wanted 0 --same-mailbox
    wanted 0
    [ "$(kept)" -eq 10 ]
    write_rc "server = 127.0.0.1" "user = other"
    wanted 78
}

@test "a database of another program is left unchanged" {
    mkdir "$work/state"
    sqlite3 "$work/state/a.db" "CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)"
    before=$(sha256sum <"$work/state/a.db")
    wanted 65
    says "is not a keepmail database"
    [ "$(sha256sum <"$work/state/a.db")" = "$before" ]
    [ "$(kept)" -eq 0 ]
}

@test "a file that is not a database is left unchanged" {
    mkdir "$work/state"
    head -c 8192 /dev/urandom >"$work/state/a.db"
    before=$(sha256sum <"$work/state/a.db")
    wanted 65
    says "damaged"
    says "restore it from a backup, or move it away and run keepmail rebuild"
    [ "$(sha256sum <"$work/state/a.db")" = "$before" ]
}

@test "a damaged store is refused with advice, and nothing is fetched again" {
    wanted 0
    size=$(stat -c %s "$work/state/a.db")
    dd if=/dev/urandom of="$work/state/a.db" bs=1 seek=4096 \
        count=$((size - 4096)) conv=notrunc status=none
    wanted 65
    says "damaged"
    [ "$(kept)" -eq 10 ]
}

@test "a store error says what failed, in which file, why, and what to do" {
    command -v strace >/dev/null || skip "no strace here"
    needs_plain_build
    for error in "ENOSPC:the disk is full:Free some space" \
        "EDQUOT:(Disk quota exceeded):Free some space" \
        "EIO:(Input/output error):Run keepmail again once this is fixed; no mail was lost"; do
        IFS=: read -r name why advice <<<"$error"
        rm -rf "$work/state"
        run strace -f -o /dev/null -P "$work/state/a.db-wal" \
            -e inject=pwrite64:error="$name" "$KEEPMAIL" -f "$rc"
        [ "$status" -eq 74 ]
        says "the store $work/state/a.db: "
        says "$why"
        says "$advice"
    done
    # Another program holds the store's write lock.
    sqlite3 "$work/state/a.db" "BEGIN IMMEDIATE" \
        ".shell touch '$work/writes'; until [ -e '$work/done' ]; do sleep 0.1; done" \
        >/dev/null 3>&- &
    writer=$!
    soon test -e "$work/writes"
    run keepmail
    touch "$work/done"
    wait $writer
    [ "$status" -eq 74 ]
    says "the store $work/state/a.db: database is locked"
    says "Another program is using it"
}

@test "a store of a newer keepmail is refused" {
    wanted 0
    in_store "PRAGMA user_version = 99"
    wanted 65
    says "newer keepmail"
}

@test "an account's file in the state directory may not be a symbolic link" {
    mkdir "$work/state"
    ln -s "$work/elsewhere" "$work/state/a.db"
    wanted 73
    [ ! -e "$work/elsewhere" ]
}

@test "a poll that finds nothing new does not change the messages' rows" {
    wanted 0
    before=$(in_store "SELECT * FROM message" | sha256sum)
    wanted 0
    [ "$(in_store "SELECT * FROM message" | sha256sum)" = "$before" ]
}

@test "a poll that finds nothing new writes nothing to the store, and notes its time in a file beside it" {
    needs_plain_build
    wanted 0
    sqlite3 "$work/state/a.db" "PRAGMA wal_checkpoint(TRUNCATE)" >/dev/null
    before=$(sha256sum <"$work/state/a.db")
    wanted 0
    [ "$(sha256sum <"$work/state/a.db")" = "$before" ]
    [ ! -s "$work/state/a.db-wal" ]
    [ $(($(date +%s) - 10#$(cat "$work/state/a.last-success"))) -lt 60 ]
    [ "$(in_store "SELECT count(*) FROM run")" -eq 1 ]
    # Neither records nor indexes were read: the listing is the same.
    run strace -f -e trace=pread64 "$KEEPMAIL" -f "$rc"
    [ "$(grep -c pread64 <<<"$output")" -lt 30 ]
}

@test "a quiet period ends when mail comes, a time is reached, or the policy or a record changes" {
    write_rc 'delete = "after 2 days"'
    wanted 0
    wanted 0
    make_mail 12
    wanted 0 -v
    says "fetched 2"
    wanted 0
    in_store "UPDATE quiet SET until = 1"
    wanted 0
    [ "$(in_store "SELECT until > 1 FROM quiet")" -eq 1 ]
    [ "$(in_store "SELECT until <= unixepoch() + 86400 FROM quiet")" -eq 1 ]
    in_store "UPDATE message SET kept_at = kept_at - 2 * 86400 WHERE id > 6"
    wanted 0 -v
    says "deleted 6"
    wanted 0
    [ "$(in_store "SELECT count(*) FROM quiet")" -eq 1 ]
    write_rc "delete = now"
    wanted 0 -v
    says "deleted 6, left 0"
}

@test "a run that finds nothing is recorded if the one before failed" {
    wanted 0
    stop_server
    wanted 75
    start_server --folder "$work/mail"
    write_rc
    wanted 0
    wanted 0
    [ "$(in_store "SELECT group_concat(status) FROM (SELECT status FROM run ORDER BY id)")" = "0,75,0" ]
}

@test "the last thousand runs are recorded" {
    wanted 0
    in_store "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 1500)
        INSERT INTO run SELECT i, 1, 1, 75, 0, 0, 0, 0, 0, 'x' FROM n"
    wanted 0
    [ "$(in_store "SELECT count(*) FROM run")" -eq 1000 ]
}

# A store as format 5 had it.
make_format_5() {
    in_store "DROP INDEX message_present; DROP TABLE clock; DROP TABLE oversize;
        ALTER TABLE message DROP COLUMN damage;
        ALTER TABLE message DROP COLUMN damaged_at; DROP INDEX message_came;
        ALTER TABLE message DROP COLUMN came_sha256;
        ALTER TABLE message DROP COLUMN came_header_sha256;
        ALTER TABLE message DROP COLUMN handed; ALTER TABLE message DROP COLUMN sought;
        ALTER TABLE place DROP COLUMN born; ALTER TABLE place DROP COLUMN inode;
        ALTER TABLE message DROP COLUMN head_octets;
        ALTER TABLE message DROP COLUMN head_sha256;
        ALTER TABLE mailbox DROP COLUMN proof_form;
        PRAGMA user_version = 5"
}

@test "uids that an older keepmail stored with spaces around them are recognised" {
    wanted 0
    make_format_5
    in_store "UPDATE message SET uid = CAST(CAST(uid AS TEXT) || ' ' AS BLOB)
            WHERE id % 3 = 0;
        UPDATE message SET uid = CAST('  ' || CAST(uid AS TEXT) || char(9) AS BLOB)
            WHERE id % 3 = 1;
        INSERT INTO trouble (uid, ordinal, tries, first_at, last_at, next_at, error)
            VALUES (CAST('gone ' AS BLOB), 0, 1, 1, 1, 1, 'x')"
    wanted 0 -v
    says "fetched 0"
    [ "$(in_store "SELECT count(*) FROM message WHERE vanished_at IS NULL")" -eq 10 ]
    [ "$(in_store "SELECT CAST(uid AS TEXT) || '.' FROM trouble")" = gone. ]
    same_mail "$work/mail" "$work/Mail"
}

@test "a store of format 6 is upgraded, and messages that had vanished are recognised when they return" {
    wanted 0
    mv "$work/mail/000001.eml" "$work/back"
    wanted 0
    in_store "DROP INDEX message_present; ALTER TABLE oversize DROP COLUMN listed;
        ALTER TABLE message DROP COLUMN damage;
        ALTER TABLE message DROP COLUMN damaged_at; DROP INDEX message_came;
        ALTER TABLE message DROP COLUMN came_sha256;
        ALTER TABLE message DROP COLUMN came_header_sha256;
        ALTER TABLE message DROP COLUMN handed; ALTER TABLE message DROP COLUMN sought; PRAGMA user_version = 6"
    before=$(in_store "SELECT uid, ordinal, state, size, kept_at, vanished_at, name, sha256
        FROM message" | sha256sum)
    wanted 0 -n
    says "would fetch 0"
    wanted 0 -v
    says "fetched 0"
    [ "$(in_store "SELECT uid, ordinal, state, size, kept_at, vanished_at, name, sha256
        FROM message" | sha256sum)" = "$before" ]
    [ "$(in_store "PRAGMA user_version")" -eq 10 ]
    [ "$(in_store "PRAGMA integrity_check")" = ok ]
    [ "$(in_store "SELECT count(*) FROM message INDEXED BY message_present
        WHERE vanished_at IS NULL")" -eq 9 ]
    mv "$work/back" "$work/mail/000001.eml"
    wanted 0 -v
    says "fetched 0"
    [ "$(in_store "SELECT count(*) FROM message INDEXED BY message_present
        WHERE vanished_at IS NULL")" -eq 10 ]
}
