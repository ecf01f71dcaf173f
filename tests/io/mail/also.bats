#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Mail that is handed over and also stored here: the setting also.

load ../../lib/helpers

setup() {
    common_setup
    taken=$work/taken
    socket=$work/lmtp
    taker_pid=
}

teardown() {
    stop_taker
    common_teardown
}

# start_lmtp, start_imap [OPTION...]: a scripted server; what it takes is in $taken/new.
start_lmtp() {
    start_taker lmtp "$socket" "$@"
}

start_imap() {
    start_taker imap "$work/imap-port" "$@"
}

start_taker() {
    local kind=$1 at=$2
    shift 2
    stop_taker
    mkdir -p "$taken"/{new,cur,tmp}
    "$lib/${kind}server" "$@" "$at" "$taken" 3>&- &
    taker_pid=$!
    soon test -e "$at"
}

stop_taker() {
    [ -n "$taker_pid" ] || return 0
    kill "$taker_pid" 2>/dev/null || true
    wait "$taker_pid" 2>/dev/null || true
    taker_pid=
    rm -f "$socket" "$work/imap-port"
}

# lmtp_rc, imap_rc [SETTING...]: an account that hands its mail over to that server, and
# stores it in $work/Mail, unless $also says otherwise.
lmtp_rc() {
    write_rc "lmtp = \"unix:$socket\"" "recipient = jane" \
        "also = \"${also:-maildir $work/Mail}\"" "$@"
}

imap_rc() {
    printf 'pw\n' >"$work/pw"
    chmod 600 "$work/pw"
    write_rc "imap = \"imap://a@localhost:$(cat "$work/imap-port")\"" \
        "imap-password-file = \"$work/pw\"" \
        "also = \"${also:-maildir $work/Mail}\"" "$@"
}

taken() {
    find "$taken/new" -type f | wc -l
}

# Each message is on the server's side, and in the copy, once.
is_in_both() {
    same_mail "$work/sent" "$taken" && same_mail "$work/sent" "${1:-$work/Mail}"
}

@test "mail is handed over, and stored in a Maildir too, once each" {
    with_mail 200
    start_lmtp
    lmtp_rc
    wanted 0
    says_nothing
    is_in_both
    wanted 0 -v
    says "fetched 0 (0 B), deleted 0, left 200"
    is_in_both
    wanted 0 verify
}

@test "an mbox holds the copy, too, and what was refused is not in it" {
    with_mail 12
    start_lmtp --reply "text:3:550 5.7.1 no" --reply "text:7:550 5.7.1 no"
    also="mbox $work/box"
    lmtp_rc "delete = now"
    wanted 69
    [ "$(taken)" -eq 10 ]
    [ "$(kept "$work/box")" -eq 10 ]
    [ "$(left)" -eq 2 ]
    wanted 0 verify
    start_lmtp
    wanted 0 retry a
    wanted 0
    is_in_both "$work/box"
    [ "$(left)" -eq 0 ]
}

@test "what a Maildir holds is what was taken, and only that is deleted" {
    with_mail 10
    start_lmtp --reply "text:4:" --reply "text:2:550 5.7.1 no"
    lmtp_rc "delete = now"
    wanted 75
    # The fourth was stored there, but its answer was lost.
    [ "$(taken)" -eq 3 ]
    [ "$(stored)" -eq 2 ]
    [ "$(left)" -eq 10 ]
    start_lmtp
    wanted 0 -v
    says "one of the others may have been delivered already"
    wanted 0 retry a
    wanted 0
    [ "$(stored)" -eq 10 ]
    same_mail "$work/sent" "$work/Mail"
    [ "$(taken)" -eq 11 ]
    [ "$(left)" -eq 0 ]
}

@test "a temporary refusal stops the run, and what was taken before it is stored" {
    with_mail 10
    start_lmtp --reply "text:5:451 4.2.2 full"
    lmtp_rc "delete = now"
    wanted 75
    says "451"
    [ "$(stored)" -eq 4 ]
    [ "$(left)" -eq 10 ]
    start_lmtp
    wanted 0
    says_nothing
    is_in_both
    [ "$(left)" -eq 0 ]
}

@test "killed at each call to the server or to a file: nothing is lost, and no copy is doubled" {
    [ -z "${KEEPMAIL_THIN:-}" ] || skip "the gate ran it whole before"
    needs_plain_build
    with_mail 4
    local calls k kind copy most
    cp -r "$work/mail" "$work/saved"
    for kind in lmtp-maildir lmtp-mbox imap-maildir imap-mbox; do
        copy=$work/Mail
        [[ $kind == *-maildir ]] || copy=$work/box
        also="${kind#*-} $copy"
        "start_${kind%-*}"
        "${kind%-*}_rc" "delete = now"
        rm -rf "$work/state" "$work/mail" "$taken"/new/* "$copy"
        cp -r "$work/saved" "$work/mail"
        "$TESTS_BUILD/torture/strike" -o "$work/calls" "$KEEPMAIL" -f "$rc" ||
            [ $? -ne 125 ] || skip "calls cannot be traced here"
        calls=$(wc -l <"$work/calls")
        [ "$calls" -gt 20 ]
        for ((k = 1; k <= calls; k += 11)); do
            rm -rf "$work/state" "$work/mail" "$taken"/new/* "$copy"
            cp -r "$work/saved" "$work/mail"
            "$TESTS_BUILD/torture/strike" -n "$k" "$KEEPMAIL" -f "$rc" >/dev/null 2>&1 || true
            wanted 0
            wanted 0
            [ "$(left)" -eq 0 ]
            same_mail "$work/sent" "$copy"
            [ "$(md5sum "$taken"/new/* | cut -d' ' -f1 | sort -u | wc -l)" -eq 4 ]
            most=5
            [[ $kind == lmtp-* ]] || most=4
            [ "$(taken)" -le $most ]
        done
    done
}

@test "a copy that could not be stored is stored by the next run, and not handed over again" {
    needs_plain_build
    with_mail 6
    start_lmtp
    lmtp_rc "delete = now"
    # The file in new/ cannot be created.
    "$TESTS_BUILD/torture/strike" -o "$work/calls" "$KEEPMAIL" -f "$rc" ||
        [ $? -ne 125 ] || skip "calls cannot be traced here"
    local first
    first=$(awk '$2 ~ /^rename/ { print $1; exit }' "$work/calls")
    rm -rf "$work/state" "$work/Mail" "$taken"/new/*
    cp "$work/sent"/* "$work/mail"
    run "$TESTS_BUILD/torture/strike" -f -a ENOSPC -n "$first" "$KEEPMAIL" -f "$rc"
    [ "$status" -eq 73 ] || [ "$status" -eq 74 ]
    [ "$(taken)" -eq 6 ]
    [ "$(left)" -eq 6 ]
    wanted 0
    is_in_both
    [ "$(left)" -eq 0 ]
}

@test "a copy that is damaged is fetched again, and not handed over again" {
    with_mail 5
    start_lmtp
    lmtp_rc
    wanted 0
    local copy
    copy=$(find "$work/Mail/new" -type f | head -n 1)
    echo x >>"$copy"
    wanted 0 verify --refetch
    rm "$copy"
    wanted 0
    is_in_both
}

@test "rules that look at copies do so" {
    with_mail 5
    start_lmtp
    lmtp_rc 'delete = "when purged"'
    wanted 0
    rm "$(find "$work/Mail/new" -type f | head -n 1)"
    wanted 0
    [ "$(left)" -eq 4 ]
    lmtp_rc 'verify = digest' 'delete = "after 1 day"'
    wanted 0
    days_pass 2
    wanted 0
    [ "$(left)" -eq 0 ]
}

@test "a lost state is rebuilt from the copy, and nothing is handed over again" {
    with_mail 8
    start_lmtp
    lmtp_rc
    wanted 0
    rm -rf "$work/state"
    wanted 0 rebuild a
    wanted 0
    is_in_both
}

@test "several messages with the same text come once to both" {
    mkdir -p "$work/mail"
    local i
    for i in 1 2 3; do
        printf 'Subject: x\r\nMessage-ID: <1@x>\r\n\r\nsame\r\n' >"$work/mail/$i"
    done
    printf 'Subject: y\r\n\r\nother\r\n' >"$work/mail/4"
    start_server --folder "$work/mail" --shared
    start_lmtp
    lmtp_rc "delete = now"
    wanted 0
    [ "$(taken)" -eq 2 ]
    [ "$(stored)" -eq 2 ]
    [ "$(left)" -eq 0 ]
}

@test "a server that is not there costs no download" {
    with_mail 3
    lmtp_rc
    wanted 73
    says "cannot connect to the LMTP server"
    [ ! -e "$work/Mail/new" ] || [ "$(stored)" -eq 0 ]
    wanted 73 check
    says "cannot connect to the LMTP server"
    start_lmtp
    wanted 0 check
    says "an LMTP server"
    says "a Maildir"
}

@test "history says what became of a message" {
    with_mail 1
    start_lmtp
    lmtp_rc
    wanted 0
    wanted 0 history a 000000.eml
    says "handed over before it was stored"
    says "it said     2.0.0 kept"
    says "kept here, and on the server"
    wanted 0 history --json a 000000.eml
    says '"handed_over":"2.0.0 kept"'
}

# interrupted SETTING...: four messages are handed over, and their copies cannot be stored.
interrupted() {
    needs_plain_build
    local first
    "$TESTS_BUILD/torture/strike" -o "$work/calls" "$KEEPMAIL" -f "$rc" ||
        [ $? -ne 125 ] || skip "calls cannot be traced here"
    first=$(awk '/ (syncfs|fsync) .*Mail.tmp/ { print $1; exit }' "$work/calls")
    rm -rf "$work/state" "$work/Mail" "$taken"/new/*
    cp "$work/sent"/* "$work/mail"
    run "$TESTS_BUILD/torture/strike" -a EIO -n "$first" "$KEEPMAIL" -f "$rc"
    [ "$status" -eq 74 ] || [ "$status" -eq 73 ]
}

@test "without also, what was handed over before is not handed over again" {
    with_mail 4
    start_lmtp
    lmtp_rc "delete = now"
    interrupted
    [ "$(taken)" -eq 4 ]
    write_rc "lmtp = \"unix:$socket\"" "recipient = jane" "delete = now"
    wanted 0
    [ "$(taken)" -eq 4 ]
    [ "$(left)" -eq 0 ]
}

@test "under new uids, or with a Status, what was handed over is not handed over again" {
    with_mail 4
    start_lmtp
    lmtp_rc "delete = now"
    interrupted
    local file
    for file in "$work/mail"/*; do
        mv "$file" "$work/mail/new-${file##*/}"
    done
    wanted 0
    is_in_both
    [ "$(left)" -eq 0 ]
    rm -rf "$work/state" "$work/Mail" "$taken"/new/*
    cp "$work/sent"/* "$work/mail"
    interrupted
    sed -i '1iStatus: RO\r' "$work/mail"/*
    wanted 0
    [ "$(taken)" -eq 4 ]
    [ "$(stored)" -eq 4 ]
    [ "$(left)" -eq 0 ]
}

@test "if also is added, duplicates of what was handed over before are only stored" {
    with_mail 3
    start_lmtp
    write_rc "lmtp = \"unix:$socket\"" "recipient = jane"
    wanted 0
    cp "$work/mail/000000.eml" "$work/mail/again.eml"
    lmtp_rc
    wanted 0
    [ "$(taken)" -eq 3 ]
    [ "$(stored)" -eq 1 ]
}

@test "what a rebuild found is not handed over again if its copy is damaged" {
    with_mail 4
    start_lmtp
    lmtp_rc
    wanted 0
    rm -rf "$work/state"
    wanted 0 rebuild a
    wanted 0
    echo x >>"$(find "$work/Mail/new" -type f | head -n 1)"
    wanted 0 verify --refetch
    wanted 0
    [ "$(taken)" -eq 4 ]
}

@test "a message is not taken for its twin that the IMAP server has" {
    mkdir -p "$work/mail"
    printf 'Subject: cron\r\n\r\nok\r\n' >"$work/mail/1"
    cp "$work/mail/1" "$work/mail/2"
    cp -r "$work/mail" "$work/sent"
    start_server --folder "$work/mail" --shared
    start_imap --no MULTIAPPEND --no LITERALS --reply append:2:
    imap_rc "delete = now"
    needs_plain_build
    "$TESTS_BUILD/torture/strike" -o "$work/calls" "$KEEPMAIL" -f "$rc" ||
        [ $? -ne 125 ] || skip "calls cannot be traced here"
    local first
    first=$(awk '/ (syncfs|fsync) .*Mail.tmp/ { print $1; exit }' "$work/calls")
    rm -rf "$work/state" "$work/Mail" "$taken"/new/*
    cp "$work/sent"/* "$work/mail"
    start_imap --no MULTIAPPEND --no LITERALS --reply append:2:
    imap_rc "delete = now"
    run "$TESTS_BUILD/torture/strike" -a EIO -n "$first" "$KEEPMAIL" -f "$rc"
    start_imap
    imap_rc "delete = now"
    wanted 0
    [ "$(taken)" -eq 2 ]
    [ "$(stored)" -eq 2 ]
    [ "$(left)" -eq 0 ]
}

@test "mistakes in the setting" {
    with_mail 1
    also="lmtp localhost:24"
    lmtp_rc
    wanted 78
    says 'expected "maildir PATH" or "mbox PATH"'
    also="maildir Mail"
    lmtp_rc
    wanted 78
    also="maildir"
    lmtp_rc
    wanted 78
    write_rc "also = \"maildir $work/Copy\""
    wanted 78
    says "leave out also"
    # A ~ is the home directory.
    start_lmtp
    also="maildir ~/Copy"
    lmtp_rc
    HOME=$work wanted 0
    [ "$(kept "$work/Copy")" -eq 1 ]
}
