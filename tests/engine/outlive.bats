#!/usr/bin/env bats
# The store survives mistakes of its owner, of servers, and of disks.

load ../lib/helpers

setup() {
    common_setup
    mkdir -p "$work/mail"
    make_letters 1 8
    start_server --folder "$work/mail"
}

teardown() {
    common_teardown
}

make_letters() {
    local i
    for ((i = $1; i <= $2; i++)); do
        printf 'From: a%d@example.org\nSubject: letter %d\nMessage-ID: <%d@x>\n\ntext %d\n' \
            "$i" "$i" "$i" "$i" >"$work/mail/$(printf '%06d.eml' "$i")"
    done
}

# Mail that cannot be told from other mail by its header.
make_nameless() {
    local i
    rm -f "$work/mail"/*
    for ((i = 1; i <= $1; i++)); do
        printf 'Subject: nightly\n\nreport %d\n' "$i" >"$work/mail/$i.eml"
    done
}

give_new_uids() {
    local file
    for file in "$work/mail"/*; do
        mv "$file" "${file%/*}/new-${file##*/}"
    done
}

rename_account() {
    sed -i "s/^account $1 /account $2 /" "$rc"
}

@test "a mistyped user does not bind the store" {
    write_rc "user = tset"
    wanted 77
    write_rc
    wanted 0
    [ "$(kept)" -eq 8 ]
    # A store that was bound by a login stays bound.
    write_rc "user = other"
    wanted 78
    says "belongs to the mailbox of test"
}

@test "a renamed account fetches nothing twice if its store is renamed, too" {
    write_rc
    wanted 0
    rename_account a work
    wanted 65
    says "run keepmail rename a work"
    [ "$(kept)" -eq 8 ]
    wanted 64 rename nobody work
    says "account nobody has no store"
    wanted 0 rename a work
    [ ! -e "$work/state/a.db" ]
    wanted 0 -v
    says "fetched 0"
    wanted 0 status
    says "work: last success"
    [ "$(kept)" -eq 8 ]
    rename_account work a
    wanted 64 rename a
    wanted 0 rename work a
    wanted 64 rename a a
    says "still in the rc file"
}

@test "a store is renamed with everything in its journal, or not at all" {
    write_rc
    wanted 0
    # Another program is reading the store all the time.
    sqlite3 "$work/state/a.db" "BEGIN; SELECT count(*) FROM message" \
        ".shell touch '$work/reads'; until [ -e '$work/read' ]; do sleep 0.1; done" \
        >/dev/null 3>&- &
    reader=$!
    soon test -e "$work/reads"
    in_store "UPDATE message SET held_at = 1"
    rename_account a work
    run keepmail rename a work
    touch "$work/read"
    wait $reader
    [ "$status" -eq 74 ]
    says "cannot rename the store $work/state/a.db"
    [ ! -e "$work/state/work.db" ]
    wanted 0 rename a work
    [ "$(sqlite3 "$work/state/work.db" "SELECT count(held_at) FROM message")" -eq 8 ]
}

@test "a store is never renamed over one that has records" {
    start_server --folder "$work/mail" --shared
    write_rc
    wanted 0
    cp "$rc" "$work/both"
    {
        cat "$work/both"
        printf 'account b {\n  maildir = "%s"\n}\n' "$work/Other"
    } >"$rc"
    # A second account for the same mailbox is the owner's decision.
    wanted 0
    [ "$(kept "$work/Other")" -eq 8 ]
    sed -i 's/^account a /account c /' "$rc"
    sed -i '/^account c /,/^}/d' "$rc"
    wanted 64 rename a b
    says "already has a store"
    wanted 0
}

@test "a damaged store that was moved away is noticed as missing, even if another account shares the Maildir" {
    write_rc
    {
        cat "$rc"
        printf 'account b {\n  user = other\n}\n'
    } >"$work/both"
    wanted 0
    stop_server
    rm -r "$work/mail"
    mkdir "$work/mail"
    make_letters 11 14
    start_server --folder "$work/mail" --user other
    cp "$work/both" "$rc"
    sed -i "s/^port = .*/port = $tls_port/" "$rc"
    chmod 600 "$rc"
    wanted 0 fetch b
    [ "$(kept)" -eq 12 ]
    mv "$work/state/b.db" "$work/aside"
    wanted 65 fetch b
    says "keepmail rebuild b"
    [ "$(kept)" -eq 12 ]
    # A store that cannot be read provides no records.
    echo rubbish >"$work/state/a.db"
    wanted 65 fetch b
    [ "$(kept)" -eq 12 ]
}

@test "nothing is fetched into an mbox whose store is missing, and rebuild finds the mail in it" {
    make_nameless 4
    make_letters 1 4
    printf 'Subject: head alone\nMessage-ID: <head@x>\n\n' >"$work/mail/head.eml"
    write_rc "mbox = \"$work/box\""
    wanted 0
    rm -r "$work/state"
    wanted 65
    says "keepmail rebuild a"
    wanted 0 rebuild a
    wanted 0
    [ "$(kept "$work/box")" -eq 9 ]
    give_new_uids
    wanted 0
    [ "$(kept "$work/box")" -eq 9 ]
}

@test "rebuild accepts messages that the server counts differently" {
    for i in 1 2 3; do
        # The last line has no line end, as with many senders.
        printf 'From: a\nMessage-ID: <short%d@x>\n\ntext without an end' "$i" >"$work/mail/short$i"
    done
    make_nameless_too=$(printf 'Subject: nightly\n\nreport\n')
    echo "$make_nameless_too" >"$work/mail/nightly"
    write_rc
    wanted 0
    rm -r "$work/state"
    wanted 0 rebuild a
    wanted 0
    [ "$(kept)" -eq 12 ]
    wanted 0 -v
    says "fetched 0"
}

@test "mail without a usable header is recognised by its text under new uids" {
    local kind
    for kind in maildir mbox; do
        rm -rf "$work/state"
        make_nameless 6
        write_rc "$kind = \"$work/$kind\""
        wanted 0
        give_new_uids
        # Two messages with the same text are two messages.
        cp "$work/mail/new-1.eml" "$work/mail/again.eml"
        wanted 0
        [ "$(kept "$work/$kind")" -eq 7 ]
        wanted 0 -v
        says "fetched 0"
        give_new_uids
        wanted 0
        [ "$(kept "$work/$kind")" -eq 7 ]
        wanted 0 verify
    done
}

@test "a run whose last commit fails does not count as a success" {
    write_rc
    wanted 0
    in_store "UPDATE run SET started = started - 864000, ended = ended - 864000"
    rm -f "$work/state/a.last-success"
    rm "$work/mail/000001.eml"
    in_store "CREATE TRIGGER refuse BEFORE UPDATE ON message BEGIN SELECT RAISE(FAIL, 'no'); END"
    wanted 74
    in_store "DROP TRIGGER refuse"
    wanted 0 status
    says "last success 10 days ago"
}

@test "if a directory cannot be synced, mail is kept, and nothing is erased unless the account permits it" {
    command -v strace >/dev/null || skip "no strace here"
    write_rc 'delete = now' "confine = false"
    mkdir -p "$work/Mail"/{new,cur,tmp}
    # The leak checker does not work under strace.
    export ASAN_OPTIONS=detect_leaks=0
    for error in EINVAL EOPNOTSUPP ENOSYS; do
        run strace -f -o /dev/null -P "$work/Mail/new" -e inject=fsync:error=$error \
            "$KEEPMAIL" -f "$rc"
        [ "$status" -eq 0 ]
        [ "$(kept)" -eq 8 ]
        [ "$(files "$work/mail")" -eq 8 ]
        [ $error != EINVAL ] || says "unless trust-filesystem is true"
        [ $error = EINVAL ] || says_nothing
    done
    # Other errors are not excused.
    make_letters 9 9
    run strace -f -o /dev/null -P "$work/Mail/new" -e inject=fsync:error=EIO \
        "$KEEPMAIL" -f "$rc"
    [ "$status" -eq 74 ]
    [ "$(files "$work/mail")" -eq 9 ]
    sed -i 's/^  delete = now/&\n  trust-filesystem = true/' "$rc"
    run strace -f -o /dev/null -P "$work/Mail/new" -e inject=fsync:error=EINVAL \
        "$KEEPMAIL" -f "$rc"
    [ "$status" -eq 0 ]
    [ "$(files "$work/mail")" -eq 0 ]
}

@test "a dry run leaves a store of an older format, and its journal, unchanged" {
    write_rc
    wanted 0
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
        PRAGMA user_version = 5; PRAGMA journal_mode = delete" >/dev/null
    before=$(sha256sum <"$work/state/a.db")
    wanted 0 -n
    says "would fetch 0"
    wanted 0 list a
    wanted 0 -n verify
    [ "$(sha256sum <"$work/state/a.db")" = "$before" ]
    wanted 0
    [ "$(in_store "PRAGMA user_version")" -eq 10 ]
}

@test "an mbox expunged between a kill and the recovery ends up with its mail once" {
    write_rc "mbox = \"$work/box\"" "confine = false"
    rm "$work/mail"/00000[2-8].eml
    wanted 0
    make_letters 2 3
    # Killed when the letters have been appended: they are recorded as arriving.
    strace -f -o /dev/null -P "$work/box" -e inject=fsync:signal=KILL \
        "$KEEPMAIL" -f "$rc" || true
    [ "$(kept "$work/box")" -eq 3 ]
    awk '/^From /{ n++ } n > 1' "$work/box" >"$work/rest"
    cat "$work/rest" >"$work/box"
    patiently
    [ "$(kept "$work/box")" -eq 2 ]
    [ "$(grep -c 'Subject: letter 2' "$work/box")" -eq 1 ]
}

@test "recovery does not truncate an mbox to which another account appended" {
    # Mail from the same sender, in the same second, where a longer letter was
    # to be.
    write_rc "mbox = \"$work/box\"" "confine = false"
    rm "$work/mail"/*
    printf 'Return-Path: <s@x>\nMessage-ID: <long@x>\n\n%2000s\n' long >"$work/mail/1"
    mkdir -p "$work/state"
    strace -f -o /dev/null -P "$work/box" -e inject=pwrite64:error=EIO:when=1 \
        -e inject=pwrite64:signal=KILL:when=1 "$KEEPMAIL" -f "$rc" || true
    line=$(in_store "SELECT name FROM message WHERE state = 1")
    [ -n "$line" ]
    printf '%s\nReturn-Path: <s@x>\nMessage-ID: <theirs@x>\n\ntheirs\n\n' "$line" >"$work/box"
    patiently
    grep -q "^theirs" "$work/box"
    [ "$(kept "$work/box")" -eq 2 ]
    # A torn beginning of keepmail's own letter is removed.
    rm -rf "$work/box" "$work/state"
    strace -f -o /dev/null -P "$work/box" -e inject=pwrite64:error=EIO:when=1 \
        -e inject=pwrite64:signal=KILL:when=1 "$KEEPMAIL" -f "$rc" || true
    line=$(in_store "SELECT name FROM message WHERE state = 1")
    printf '%s\nReturn-Path: <s@x>\nMessage-ID: <long@x>\n\n     ' "$line" >"$work/box"
    patiently
    [ "$(kept "$work/box")" -eq 1 ]
    [ "$(grep -c '^From ' "$work/box")" -eq 1 ]
}

@test "an old backup of the state does not cause newer mail to be stored again" {
    write_rc
    wanted 0
    cp -a "$work/state" "$work/backup"
    make_letters 9 12
    wanted 0
    [ "$(kept)" -eq 12 ]
    rm -r "$work/state"
    mv "$work/backup" "$work/state"
    wanted 0
    [ "$(kept)" -eq 12 ]
    wanted 0 -v
    says "fetched 0"
    wanted 0 verify
}
