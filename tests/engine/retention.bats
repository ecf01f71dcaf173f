#!/usr/bin/env bats
# What is erased from the server, and what never is.

load ../lib/helpers

setup() {
    common_setup
    make_mail 40
    start_server --folder "$work/mail"
}

teardown() {
    common_teardown
}

@test "nothing is erased unless the account says so" {
    write_rc
    wanted 0
    days_pass 5000
    wanted 0
    [ "$(files "$work/mail")" -eq 40 ]
}

@test "delete = now erases in the run that fetches, and keeps every message here" {
    write_rc "delete = now"
    wanted 0 -v
    says "fetched 40"
    says "deleted 40"
    [ "$(files "$work/mail")" -eq 0 ]
    same_mail "$work/sent" "$work/Mail"
    [ "$(in_store "SELECT count(*) FROM message WHERE state = 3")" -eq 40 ]
}

@test "delete = now also erases what an earlier run fetched" {
    write_rc
    wanted 0
    write_rc "delete = now"
    wanted 0
    [ "$(files "$work/mail")" -eq 0 ]
    same_mail "$work/sent" "$work/Mail"
}

@test "delete = after 30 days waits 30 days, and then a run that finds nothing new erases" {
    write_rc 'delete = "after 30 days"'
    wanted 0
    wanted 0
    [ "$(files "$work/mail")" -eq 40 ]
    days_pass 29
    wanted 0
    [ "$(files "$work/mail")" -eq 40 ]
    days_pass 1
    wanted 0 -v
    says "deleted 40"
    [ "$(files "$work/mail")" -eq 0 ]
    same_mail "$work/sent" "$work/Mail"
}

@test "days are counted for each message" {
    write_rc 'delete = "after 30 days"'
    wanted 0
    in_store "UPDATE message SET kept_at = kept_at - 31 * 86400 WHERE id <= 10"
    wanted 0
    [ "$(files "$work/mail")" -eq 30 ]
}

@test "keep-newest leaves the newest messages on the server" {
    write_rc "delete = now" "keep-newest = 15"
    wanted 0
    [ "$(files "$work/mail")" -eq 15 ]
    [ -e "$work/mail/000039.eml" ]
    [ ! -e "$work/mail/000024.eml" ]
    same_mail "$work/sent" "$work/Mail"
}

@test "-k erases nothing in this run" {
    write_rc "delete = now"
    wanted 0 -k
    [ "$(files "$work/mail")" -eq 40 ]
    wanted 0
    [ "$(files "$work/mail")" -eq 0 ]
}

@test "a dry run says what would be done and why, and changes nothing" {
    write_rc "delete = now" "max-size = 100k"
    wanted 0 -n
    says "would fetch"
    says "fetch, erase"
    says "new; delete = now"
    says "larger than max-size"
    [ ! -e "$work/Mail" ]
    [ ! -e "$work/state" ]
    [ "$(files "$work/mail")" -eq 40 ]
    write_rc 'delete = "after 30 days"'
    wanted 0
    in_store "UPDATE message SET kept_at = kept_at - 31 * 86400 WHERE id <= 10"
    before=$(in_store .dump | sha256sum)
    find "$work/Mail" | sort >"$work/before"
    wanted 0 --dry-run
    says "would fetch 0"
    says "delete 10"
    says "retention period expired"
    says "not due yet, the first on"
    [ "$(in_store .dump | sha256sum)" = "$before" ]
    find "$work/Mail" | sort | cmp - "$work/before"
    [ "$(files "$work/mail")" -eq 40 ]
    wanted 0 --dry-run -v
    [ "$(printf '%s\n' "$output" | grep -c '^  leave ')" -eq 30 ]
    wanted 0 --dry-run --json
    [ "$(printf '%s' "$output" | grep -o '"erase":true' | wc -l)" -eq 10 ]
    printf '%s\n' "$output" >"$work/plan.json"
    sqlite3 :memory: "SELECT json_valid(readfile('$work/plan.json'))" |
        grep -qx 1
}

@test "if QUIT is not confirmed, nothing is recorded as erased, and it is repeated" {
    start_server --folder "$work/mail" --quit-error
    write_rc "delete = now"
    wanted 75
    says "did not confirm QUIT"
    [ "$(in_store "SELECT count(*) FROM message WHERE state = 2")" -eq 40 ]
    start_server --folder "$work/mail"
    write_rc "delete = now"
    wanted 0
    [ "$(files "$work/mail")" -eq 0 ]
    same_mail "$work/sent" "$work/Mail"
}

@test "if a server says that it erased messages and did not, none is fetched twice" {
    start_server --folder "$work/mail" --forgetful
    write_rc "delete = now"
    wanted 0
    wanted 0
    wanted 0
    same_mail "$work/sent" "$work/Mail"
    wanted 0 -v
    says "40 messages are listed again after they were deleted"
    [ "$(files "$work/mail")" -eq 40 ]
}

@test "a message that could not be fetched is not erased, whatever its uid meant before" {
    write_rc "delete = now"
    wanted 0
    printf 'Subject: another\n\nunder an old uid\n' >"$work/mail/000003.eml"
    start_server --folder "$work/mail" --refuse 1
    write_rc "delete = now"
    wanted 75
    [ "$(files "$work/mail")" -eq 1 ]
}

@test "another message under a uid that had vanished is fetched" {
    write_rc 'delete = "after 30 days"'
    wanted 0
    days_pass 40
    rm "$work/mail/000003.eml"
    wanted 0 -k
    printf 'Subject: another\n\nunder an old uid\n' >"$work/mail/000003.eml"
    wanted 0
    [ "$(kept)" -eq 41 ]
    # It is new, and stays; the others were due.
    [ "$(files "$work/mail")" -eq 1 ]
}

@test "another message under the uid of an erased one is fetched" {
    write_rc "delete = now"
    wanted 0
    printf 'Subject: another\n\nunder an old uid\n' >"$work/mail/000003.eml"
    wanted 0
    [ "$(kept)" -eq 41 ]
    [ "$(files "$work/mail")" -eq 0 ]
}

@test "the record of an earlier message stays when its uid is reused by one of the newest" {
    write_rc
    wanted 0
    printf 'Subject: another\n\nunder an old uid\n' >"$work/mail/000039.eml"
    write_rc "delete = now" "keep-newest = 3"
    wanted 0
    [ "$(kept)" -eq 41 ]
    # Both are recorded.
    [ "$(sqlite3 "$work/state/a.db" "SELECT count(*) FROM message")" -eq 41 ]
    wanted 0 verify
}

@test "mail that is temporarily unlisted is not fetched again when it returns" {
    write_rc
    wanted 0
    mkdir "$work/aside"
    mv "$work/mail"/00000*.eml "$work/aside"
    wanted 0
    [ "$(in_store "SELECT count(*) FROM message WHERE vanished_at IS NOT NULL")" -eq 10 ]
    in_store "UPDATE message SET vanished_at = vanished_at - 100 * 86400 WHERE vanished_at IS NOT NULL"
    wanted 0
    mv "$work/aside"/*.eml "$work/mail"
    wanted 0
    same_mail "$work/sent" "$work/Mail"
    [ "$(in_store "SELECT count(*) FROM message WHERE vanished_at IS NOT NULL")" -eq 0 ]
}

@test "mail that its owner removed here is not fetched again" {
    write_rc
    wanted 0
    rm "$work/Mail/new"/*
    wanted 0
    [ "$(kept)" -eq 0 ]
}

@test "held messages are not erased by any rule until they are released" {
    write_rc 'delete = "after 30 days"'
    wanted 0
    days_pass 31
    wanted 0 -v hold a 000001.eml 000002.eml
    says "2 held"
    wanted 0 -v
    says "deleted 38"
    wanted 0 -n -v
    says "held"
    write_rc "delete = now"
    wanted 0
    [ "$(files "$work/mail")" -eq 2 ]
    wanted 0 release a 000002.eml
    wanted 0
    [ "$(ls "$work/mail")" = 000001.eml ]
}

@test "hold names a uid that it does not know, and then changes nothing" {
    write_rc
    wanted 0
    wanted 64 hold a 000001.eml $'\e[31mx'
    says 'no message with the uid \x1b[31mx'
    [ "$(in_store "SELECT count(*) FROM message WHERE held_at IS NOT NULL")" -eq 0 ]
    wanted 64 hold a
    says "hold needs more arguments"
    wanted 64 hold
    says "hold needs the name of an account"
}
