#!/usr/bin/env bats
# Killed anywhere: every message is here once, none twice, none missing.

load ../lib/helpers

setup() {
    [ -z "${KEEPMAIL_THIN:-}" ] || skip "the gate ran it whole before"
    common_setup
}

teardown() {
    common_teardown
}

# Twelve varied messages, and three that differ only by their number.
make_some_mail() {
    make_mail 12
    for i in 1 2 3; do
        printf '\r\nalike\r\n' >"$work/mail/alike$i"
    done
    rm -rf "$work/sent"
    cp -r "$work/mail" "$work/sent"
}

# each_rung PATH CALLS...: kills the run before the first and later ones of each
# of these calls; the next run repairs everything, and the one after that
# changes nothing.
each_rung() {
    local path=$1 calls when
    shift
    command -v strace >/dev/null || skip "strace is missing"
    strace -qq -o /dev/null true 2>/dev/null || skip "strace may not trace here"
    for calls in "$@"; do
        for when in 1 2 3 5 9 17 60; do
            rm -rf "$work/mail" "$work/state" "$path"
            cp -r "$work/sent" "$work/mail"
            if ! killed_at "$calls" $when; then
                [ $when -gt 1 ] && break
                echo "# never killed at $calls"
                return 1
            fi
            patiently || { echo "# at $calls $when"; return 1; }
            same_mail "$work/sent" "$path" || { echo "# at $calls $when"; return 1; }
            patiently
            same_mail "$work/sent" "$path" || { echo "# at $calls $when"; return 1; }
            [ "$(files "$work/mail")" -eq 0 ]
            # If it was killed between QUIT and recording that, the message has
            # vanished.
            [ "$(in_store "SELECT count(*) FROM message
                WHERE state <> 3 AND vanished_at IS NULL")" -eq 0 ]
        done
    done
    [ "$(in_store "PRAGMA integrity_check")" = ok ]
}

@test "killed at each step of the commit ladder, Maildir" {
    make_some_mail
    start_server --folder "$work/mail"
    write_rc "delete = now"
    each_rung "$work/Mail" fsync,syncfs fdatasync renameat pwrite64 write sendto \
        ftruncate unlink
}

@test "killed at each step of the commit ladder, mbox" {
    make_some_mail
    start_server --folder "$work/mail"
    write_rc "mbox = \"$work/mbox\"" "delete = now"
    each_rung "$work/mbox" fsync fdatasync linkat pwrite64 write sendto ftruncate \
        unlink
}

@test "mail that its owner moved to a folder between crash and recovery is found" {
    make_mail 12
    start_server --folder "$work/mail" --shared
    write_rc
    wanted 0
    # As if the run had been killed after publishing.
    in_store "UPDATE message SET state = 1, kept_at = NULL"
    mkdir -p "$work/Mail/.Done"/{cur,new,tmp}
    for file in "$work/Mail/new"/*; do
        mv "$file" "$work/Mail/.Done/cur/${file##*/}:2,S"
    done
    wanted 0
    [ "$(kept)" -eq 0 ]
    [ "$(kept "$work/Mail/.Done")" -eq 12 ]
    [ "$(in_store "SELECT count(*) FROM message WHERE state = 2")" -eq 12 ]
}

@test "a torn end of an mbox is removed, unless others' mail follows it" {
    make_mail 12
    start_server --folder "$work/mail" --shared
    write_rc "mbox = \"$work/mbox\""
    wanted 0
    size=$(stat -c %s "$work/mbox")
    in_store "UPDATE message SET state = 1, kept_at = NULL"
    truncate -s $((size - 50)) "$work/mbox"
    wanted 0
    same_mail "$work/sent" "$work/mbox"
    in_store "UPDATE message SET state = 1, kept_at = NULL WHERE id > 6"
    printf 'From other@example.org Thu Jan  1 00:00:00 1970\n\nothers\n\n' \
        >>"$work/mbox"
    wanted 0
    [ "$(kept "$work/mbox")" -eq 13 ]
    grep -q '^others$' "$work/mbox"
}

# Messages without a header that differ only by their number.
alike() {
    mkdir -p "$work/mail"
    for ((i = 1; i <= 5; i++)); do
        printf '\r\nno header, and the same text\r\n' >"$work/mail/$i"
    done
    cp -r "$work/mail" "$work/sent"
    start_server --folder "$work/mail" --shared
}

@test "identical messages without a header are each fetched again, mbox" {
    alike
    write_rc "mbox = \"$work/mbox\""
    wanted 0
    same_mail "$work/sent" "$work/mbox"
    size=$(stat -c %s "$work/mbox")
    in_store "UPDATE message SET state = 1, kept_at = NULL"
    # Killed when two of the five had been appended.
    truncate -s $((size * 2 / 5)) "$work/mbox"
    wanted 0
    same_mail "$work/sent" "$work/mbox"
}

@test "identical messages without a header are each fetched again, Maildir" {
    alike
    write_rc
    wanted 0
    in_store "UPDATE message SET state = 1, kept_at = NULL"
    # One was moved to another name, and the others had not been moved into
    # place.
    set -- "$work/Mail/new"/*
    mkdir -p "$work/Mail/.Done"/{cur,new,tmp}
    mv "$1" "$work/Mail/.Done/cur/filed:2,S"
    shift
    rm "$@"
    wanted 0
    [ "$(kept)" -ge 4 ]
}

@test "duplicates that are kept are each fetched again" {
    make_mail 1
    file=$(find "$work/mail" -type f)
    printf 'Message-ID: <a@b>\r\nDate: Thu, 1 Jan 2026 00:00:00 +0000\r\nSubject: alike\r\n\r\ntext\r\n' >"$file"
    for ((i = 2; i <= 5; i++)); do cp "$file" "$work/mail/copy$i"; done
    rm -rf "$work/sent"
    cp -r "$work/mail" "$work/sent"
    start_server --folder "$work/mail" --shared
    write_rc "mbox = \"$work/mbox\"" "duplicates = keep"
    wanted 0
    same_mail "$work/sent" "$work/mbox"
    size=$(stat -c %s "$work/mbox")
    in_store "UPDATE message SET state = 1, kept_at = NULL"
    truncate -s $((size * 2 / 5)) "$work/mbox"
    wanted 0
    same_mail "$work/sent" "$work/mbox"
}

@test "an empty message that is torn is removed, and delivered once" {
    mkdir -p "$work/mail"
    for i in 1 2 3; do : >"$work/mail/$i"; done
    cp -r "$work/mail" "$work/sent"
    start_server --folder "$work/mail" --shared
    write_rc "mbox = \"$work/mbox\""
    wanted 0
    cp -p "$work/mbox" "$work/whole"
    size=$(stat -c %s "$work/mbox")
    # Torn after its From_ line, and within it.
    for less in 1 9; do
        cp -p "$work/whole" "$work/mbox"
        in_store "UPDATE message SET state = 1, kept_at = NULL"
        truncate -s $((size - less)) "$work/mbox"
        wanted 0
        same_mail "$work/sent" "$work/mbox"
        cp -p "$work/mbox" "$work/whole"
        size=$(stat -c %s "$work/mbox")
    done
}

@test "a message that differs in a line end, or in lines that mail readers add, is another message" {
    mkdir -p "$work/mail"
    : >"$work/mail/1"
    printf '\r\n' >"$work/mail/2"
    printf 'Status: RO\r\nMessage-ID: <a@b>\r\n\r\nx\r\n' >"$work/mail/3"
    printf 'Message-ID: <a@b>\r\n\r\nx\r\n' >"$work/mail/4"
    cp -r "$work/mail" "$work/sent"
    start_server --folder "$work/mail" --shared
    write_rc "mbox = \"$work/mbox\""
    wanted 0
    same_mail "$work/sent" "$work/mbox"
    # Killed after the first and after the third, one after the other, in a
    # later run and in the first one.
    for runs in TRUE FALSE; do
        for n in 1 3; do
            offset=$(in_store "SELECT offset FROM message WHERE id = $((n + 1))")
            in_store "UPDATE message SET state = 1, kept_at = NULL WHERE id > $n"
            in_store "UPDATE run SET started = started - 9 WHERE $runs"
            in_store "DELETE FROM run WHERE NOT $runs"
            truncate -s "$offset" "$work/mbox"
            wanted 0
            same_mail "$work/sent" "$work/mbox"
        done
    done
}

# Account b fetches the same mailbox into a place of its own.
and_account_b() {
    cat >>"$rc" <<END
account b {
  $1
}
END
}

@test "in an mbox, a copy that is not on record stands for one message only" {
    mkdir -p "$work/mail"
    for n in 1 2 3 4; do
        printf 'Message-ID: <a@b>\r\nSubject: the same\r\n\r\nx\r\n' >"$work/mail/$n"
    done
    printf 'Status: RO\r\n' | cat - "$work/mail/1" >"$work/mail/2"
    printf 'x' >>"$work/mail/3"
    printf 'Message-ID: <c@d>\r\n\r\nx\r\n' >"$work/mail/4"
    start_server --folder "$work/mail" --shared
    write_rc "mbox = \"$work/mbox\""
    wanted 0
    # An old record was restored, and a reader has removed the second and third.
    in_store "DELETE FROM message WHERE id < 4"
    in_store "DELETE FROM run"
    {
        printf 'From a@b Thu Jan  1 00:00:00 1970\n'
        printf 'Status: RO\nMessage-ID: <a@b>\nSubject: the same\n\nx\n\n'
        printf 'From a@b Thu Jan  1 00:00:00 1970\nMessage-ID: <c@d>\n\nx\n\n'
    } >"$work/mbox"
    wanted 0 -v
    [[ $output == *"fetched 3"*"1 of them already stored"* ]]
    [ "$(grep -c '^From ' "$work/mbox")" = 4 ]
}

@test "in an mbox, a copy that another account has on record does not stand for one of this account" {
    mkdir -p "$work/mail"
    printf 'Message-ID: <a@b>\r\n\r\nx\r\n' >"$work/mail/1"
    start_server --folder "$work/mail" --shared
    write_rc "mbox = \"$work/mbox\""
    wanted 0
    and_account_b "mbox = \"$work/mbox\""
    wanted 0 b
    [ "$(grep -c '^From ' "$work/mbox")" = 2 ]
    wanted 0
    [ "$(grep -c '^From ' "$work/mbox")" = 2 ]
}

@test "another account's copy of the same message does not count as this account's" {
    make_mail 12
    start_server --folder "$work/mail" --shared
    for place in "maildir:$work/Mail:$work/b" "mbox:$work/mbox:$work/bbox"; do
        IFS=: read -r kind own other <<<"$place"
        rm -rf "$work/state"
        write_rc "$kind = \"$own\"" "local = \"$work\""
        and_account_b "$kind = \"$other\""
        wanted 0
        same_mail "$work/sent" "$own"
        same_mail "$work/sent" "$other"
        # Killed before anything was published.
        in_store "UPDATE message SET state = 1, kept_at = NULL"
        rm -rf "$own"
        wanted 0
        same_mail "$work/sent" "$own"
        same_mail "$work/sent" "$other"
    done
    # In one mbox: the mail in it is account b's, and a was killed before it
    # appended its own.
    rm -rf "$work/state"
    write_rc "mbox = \"$work/one\""
    and_account_b "mbox = \"$work/one\""
    wanted 0 a
    sqlite3 "$work/state/a.db" ".backup '$work/state/b.db'"
    in_store "UPDATE message SET state = 1, kept_at = NULL,
        offset = offset + $(stat -c %s "$work/one");
        UPDATE run SET started = started - 10"
    wanted 0 a
    run kept "$work/one"
    says 24
}

@test "nor does the copy of an account whose state is elsewhere, and which no record mentions" {
    make_mail 12
    start_server --folder "$work/mail" --shared
    for place in "maildir:$work/Mail:$work/b" "mbox:$work/mbox:$work/bbox"; do
        IFS=: read -r kind own other <<<"$place"
        rm -rf "$work/state" "$work/state2"
        write_rc "$kind = \"$own\"" "local = \"$work\""
        and_account_b "$kind = \"$other\"
  state = \"$work/state2\""
        wanted 0
        [ -e "$work/state2/b.db" ]
        # Account a was killed before it published anything.
        in_store "UPDATE message SET state = 1, kept_at = NULL"
        rm -rf "$own"
        wanted 0
        same_mail "$work/sent" "$own"
        same_mail "$work/sent" "$other"
    done
}

@test "if another account's record cannot be read, doubtful messages are fetched again" {
    make_mail 12
    start_server --folder "$work/mail" --shared
    write_rc "local = \"$work\""
    wanted 0
    echo "no database" >"$work/state/c.db"
    in_store "UPDATE message SET state = 1, kept_at = NULL"
    mkdir -p "$work/filed"/{cur,new,tmp}
    i=0
    for file in "$work/Mail/new"/*; do
        mv "$file" "$work/filed/cur/$((i += 1)):2,S"
    done
    wanted 0
    [ "$(kept)" -eq 12 ]
    rm "$work/state/c.db"
    in_store "UPDATE message SET state = 1, kept_at = NULL"
    rm "$work/Mail/new"/*
    wanted 0
    # Messages whose headers tell them from all others are recognised as
    # present.
    [ "$(kept)" -lt 6 ]
}

@test "if the directory of the records cannot be read completely, doubtful messages are fetched again" {
    command -v strace >/dev/null || skip "no strace here"
    needs_plain_build
    make_mail 12
    start_server --folder "$work/mail" --shared
    write_rc "local = \"$work/filed\""
    mkdir -p "$work/filed"/{cur,new,tmp}
    wanted 0
    in_store "UPDATE message SET state = 1, kept_at = NULL"
    i=0
    for file in "$work/Mail/new"/*; do
        mv "$file" "$work/filed/cur/$((i += 1)):2,S"
    done
    run strace -f -o "$work/trace" -P "$work/state" -e trace=getdents64 \
        -e inject=getdents64:error=EIO "$KEEPMAIL" -f "$rc"
    [ "$status" -eq 0 ]
    grep INJECTED "$work/trace"
    [ "$(kept)" -eq 12 ]
}

@test "a Maildir that cannot be read completely ends the recovery, and nothing is fetched twice" {
    command -v strace >/dev/null || skip "no strace here"
    needs_plain_build
    make_mail 12
    start_server --folder "$work/mail"
    write_rc
    wanted 0
    in_store "UPDATE message SET state = 1, kept_at = NULL"
    for file in "$work/Mail/new"/*; do
        mv "$file" "$work/Mail/cur/${file##*/}:2,S"
    done
    run strace -f -o /dev/null -P "$work/Mail/cur" \
        -e inject=getdents64:error=EIO "$KEEPMAIL" -f "$rc"
    [ "$status" -eq 74 ]
    says "cannot read $work/Mail"
    [ "$(kept)" -eq 12 ]
    wanted 0
    same_mail "$work/sent" "$work/Mail"
}

@test "mail that others appended after a torn end stays, whatever line it begins with" {
    make_mail 12
    start_server --folder "$work/mail" --shared
    write_rc "mbox = \"$work/mbox\""
    for before in '' $'\n'; do
        rm -rf "$work/state" "$work/mbox"
        wanted 0
        size=$(stat -c %s "$work/mbox")
        in_store "UPDATE message SET state = 1, kept_at = NULL"
        truncate -s $((size - 500)) "$work/mbox"
        printf '%sFrom b@example.org Sat Nov 21 04:00:00 2026\n\nothers\n\n' \
            "$before" >>"$work/mbox"
        wanted 0
        grep -q '^others$' "$work/mbox"
    done
}

@test "mail that waits in tmp for longer than a weekend is not removed by the sweep" {
    make_mail 12
    start_server --folder "$work/mail" --shared
    write_rc
    wanted 0
    # As if the run had been killed before publishing.
    in_store "UPDATE message SET state = 1, kept_at = NULL"
    mv "$work/Mail/new"/* "$work/Mail/tmp"
    touch -d '5 days ago' "$work/Mail/tmp"/*
    touch -d '5 days ago' "$work/Mail/tmp/1.litter_keepmail.host"
    wanted 0
    stop_server
    [ "$(reported retrs)" -eq 12 ]
    same_mail "$work/sent" "$work/Mail"
    [ "$(files "$work/Mail/tmp")" -eq 0 ]
}

@test "after a failed sync of new/, the files moved there are removed" {
    strike=$TESTS_BUILD/torture/strike
    [ "$(id -u)" -eq 0 ] || skip "only root sees which file a call is about"
    needs_plain_build
    "$strike" true 2>/dev/null || [ $? -ne 125 ] || skip "calls cannot be traced here"
    make_mail 12
    start_server --folder "$work/mail"
    write_rc "delete = now"
    "$strike" -o "$work/log" "$KEEPMAIL" -f "$rc"
    at=$(awk -v new="$work/Mail/new" '$2 == "fsync" && $3 == new { print $1 }' \
        "$work/log" | tail -n 1)
    [ -n "$at" ]
    rm -rf "$work/Mail" "$work/state" "$work/mail"
    cp -r "$work/sent" "$work/mail"
    run "$strike" -n "$at" -a EIO "$KEEPMAIL" -f "$rc"
    [ "$status" -eq 74 ]
    [ "$(kept)" -eq 0 ]
    [ "$(files "$work/mail")" -eq 12 ]
    patiently
    same_mail "$work/sent" "$work/Mail"
}
