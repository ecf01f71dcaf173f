#!/usr/bin/env bats
# hold, release, retry: how messages may be named.

load ../lib/helpers

setup() {
    common_setup
    mkdir "$work/mail"
}

teardown() {
    common_teardown
}

# keep UID...: fetches messages with these uids.
keep() {
    local uid
    for uid in "$@"; do
        printf 'Subject: %s\n\ntext\n' "${#uid}" >"$work/mail/$uid"
    done
    start_server --folder "$work/mail"
    write_rc
    wanted 0
}

# held: the uids that are held, in hexadecimal if they are not plain.
held() {
    in_store "SELECT CAST(uid AS TEXT) FROM message WHERE held_at IS NOT NULL ORDER BY uid"
}

# trouble UID [ERROR]: records a message that failed.
trouble() {
    in_store "INSERT INTO trouble VALUES (CAST('$1' AS BLOB), 0, 2, 1, 2, 3, NULL, 'it was refused')"
}

@test "a whole uid that is not on record is not the beginning of another one" {
    keep 1234567890.12
    wanted 0 hold a 1234567890.12
    wanted 64 release a 1234567890.1
    [ "$(held)" = 1234567890.12 ]
    wanted 64 hold a 1234567890.1
    wanted 0 release a 1234567890...
    [ -z "$(held)" ]
}

@test "a message may be named by the beginning of its uid" {
    keep GmailId17aa GmailId18bb
    wanted 0 hold a GmailId17
    [ "$(held)" = GmailId17aa ]
    wanted 0 release a GmailId17
    [ -z "$(held)" ]
    wanted 0 history a GmailId18
    [ "${lines[0]}" = "uid GmailId18bb" ]
    trouble GmailId19cc
    wanted 0 retry a GmailId19
    [ "$(in_store "SELECT count(*) FROM trouble")" -eq 0 ]
}

@test "a complete uid takes precedence over the beginning of another" {
    keep abcd abcdef abcdeg
    wanted 0 hold a abcd
    [ "$(held)" = abcd ]
    wanted 0 history a abcd
    says "uid abcd"
    says_not "uid abcde"
}

@test "a beginning shared by several uids is refused with five of them, and nothing changes" {
    keep same-1 same-2 same-3 same-4 same-5 same-6 same-7 other
    wanted 64 hold a other same
    says "a: same matches 7 messages: same-1, same-2, same-3, same-4, same-5 and 2 more. Nothing was changed"
    [ -z "$(held)" ]
    wanted 0 hold a same-1 same-2
    wanted 64 release a same-1 same-
    [ "$(held)" = "same-1
same-2" ]
    run --separate-stderr keepmail history a other same
    [ "$status" -eq 64 ]
    [ -z "$output" ]
    trouble same-8
    trouble same-9
    wanted 64 retry a same-8 same
    [ "$(in_store "SELECT count(*) FROM trouble")" -eq 2 ]
}

@test "fewer than four bytes are not accepted as a beginning" {
    keep abcdef
    wanted 64 hold a abc
    says "no message with the uid abc is on record"
    says "Nothing was changed"
    [ -z "$(held)" ]
    wanted 0 hold a abcd
}

@test "a message number is not accepted, nor taken for the beginning of a uid" {
    keep 12345678 12 x
    for name in '#1' 1 3 '#3' 1234 1234567; do
        wanted 64 hold a "$name"
        says "message numbers change from session to session"
    done
    [ -z "$(held)" ]
    wanted 0 hold a 12
    [ "$(held)" = 12 ]
    keep 000000646553f100 000000656553f100
    wanted 0 release a 12
    wanted 0 hold a 00000064...
    [ "$(held)" = 000000646553f100 ]
}

@test "a message may be named by its uid as list shortens it" {
    keep 000000646553f100 000000646553f101
    wanted 0 hold a 000...f101
    [ "$(held)" = 000000646553f101 ]
    wanted 0 history a 000...f100
    says "uid 000000646553f100"
    wanted 64 hold a 000...6553
    wanted 64 hold a 0000...f10
    wanted 64 hold a ...f100
    keep 000000656553f101
    wanted 64 release a 000...f101
    says "000...f101 matches 2 messages: 000000646553f101, 000000656553f101"
    [ "$(held)" = 000000646553f101 ]
}

@test "a uid that looks like a shortened one is taken literally" {
    keep 000...f101 000000646553f101
    wanted 0 hold a 000...f101
    [ "$(held)" = 000...f101 ]
}

@test "a uid can be typed as it is shown, whatever bytes it contains" {
    keep $'u\e[2J' 'back\x41' $'\xff\xfe.' 'Grüße' ' a '
    for shown in 'u\x1b[2J' 'back\x5cx41' '\xff\xfe.' 'Grüße'; do
        wanted 0 list a
        says $'\t'"$shown"$'\t'
        write_rc "delete = now"
        wanted 0 -n -v
        says "  $shown  ("
        write_rc
        wanted 0 history a "$shown"
        [ "${lines[0]}" = "uid $shown" ]
        wanted 0 hold a "$shown"
        [ "$(held | wc -l)" -eq 1 ]
        wanted 0 release a "$shown"
        [ -z "$(held)" ]
    done
    in_store "INSERT INTO trouble VALUES (CAST('t' || char(7) || 't' AS BLOB), 0, 9, 1, 2, 3, 4, 'refused')"
    wanted 0 status
    says 'uid t\x07t:'
    wanted 0 retry a 't\x07t'
    [ "$(in_store "SELECT count(*) FROM trouble")" -eq 0 ]
}

@test "a text that may mean two uids, because of escapes, is refused" {
    keep $'ab\e' 'ab\x1b'
    wanted 64 hold a 'ab\x1b'
    says 'ab\x1b matches 2 messages: ab\x1b, ab\x5cx1b'
    wanted 0 hold a 'ab\x5cx1b'
    [ "$(held)" = 'ab\x1b' ]
    wanted 0 release a 'ab\x5cx1b'
    wanted 0 hold a '\x61b\x1b'
    wanted 64 hold a $'ab\e' 'ab\x1b'
    [ "$(in_store "SELECT hex(uid) FROM message WHERE held_at IS NOT NULL")" = 61621B ]
}

@test "a message that is named twice is held, released and retried once" {
    keep abcdef
    wanted 0 hold a abcdef abcd abcdef -v
    [ "$output" = "a: held: uid abcdef" ]
    trouble ghijkl
    wanted 0 retry a ghij ghijkl
}

@test "-v says which messages are held and released" {
    keep abcdef ghijkl
    wanted 0 hold a abcd ghij -v
    [ "$output" = "a: held: uid abcdef
a: held: uid ghijkl
a: 2 held: they will not be deleted from the server" ]
    wanted 0 release a abcd -v
    [ "$output" = "a: released: uid abcdef" ]
}

@test "a message that is erased from the server, or was never fetched, cannot be held" {
    keep abcdef
    write_rc "delete = now"
    wanted 0
    wanted 64 hold a abcdef
    says "cannot be held: it was never fetched, or was deleted from the server. Nothing was changed"
    trouble ghijkl
    wanted 64 release a ghijkl
    says "cannot be released"
}

@test "a message that has not failed cannot be retried" {
    keep abcdef
    wanted 64 retry a abcd
    says "no failure is recorded for the message with uid abcdef"
}
