#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Delivery to a private Cyrus, by LMTP and by IMAP.

load ../../lib/helpers
load ../../lib/cyrus

setup() {
    common_setup
    find_cyrus || skip "no Cyrus 3 here (contrib/bootstrap check unpacks one)"
    printf 'pw\n' >"$work/pw"
    chmod 600 "$work/pw"
}

teardown() {
    stop_cyrus
    common_teardown
}

lmtp_rc() {
    write_rc "lmtp = \"unix:$lmtp_socket\"" "recipient = u" "$@"
}

imap_rc() {
    write_rc "imap = \"imap://u@localhost:$imap_port${folder:+/$folder}\"" \
        "imap-password-file = \"$work/pw\"" "$@"
}

# The number of messages that Cyrus has.
taken() {
    cyrus_files | wc -l
}

some_taken() {
    [ "$(taken)" -gt 2 ]
}

# without KIND...: removes these kinds of genmail's messages.
without() {
    local file kind
    for file in "$work"/mail/*; do
        for kind; do
            [ $((10#$(basename "$file" .eml) % 23)) -ne "$kind" ] ||
                rm -f "$file"
        done
    done
    rm -r "$work/sent"
    cp -r "$work/mail" "$work/sent"
}

# The LMTP service writes its own Return-Path, and removes all others.
without_return_path() {
    local file
    for file in "$1"/*; do
        LC_ALL=C sed -i '1,/^$/{/^Return-Path: /d}' "$file"
    done
}

# same_as_sent: Cyrus has every message of $work/sent, once, byte for byte.
same_as_sent() {
    cyrus_mail "$work/kept"
    same_mail "$work/sent" "$work/kept"
}

# safe: each message is on the POP3 server or in Cyrus.
safe() {
    cyrus_mail "$work/kept"
    "$lib/mailsum" -s "$work/sent" | sort -u >"$work/sums.all"
    {
        "$lib/mailsum" "$work/kept"
        cp -r "$work/mail" "$work/still"
        "$lib/mailsum" -s "$work/still"
        rm -r "$work/still"
    } | sort -u >"$work/sums.there"
    [ -z "$(comm -23 "$work/sums.all" "$work/sums.there")" ]
}

# again: the mail is on the POP3 server, and neither Cyrus nor keepmail knows it.
again() {
    stop_cyrus
    rm -rf "$work/state" "$work/mail" "$work/cyrus"
    cp -r "$work/sent" "$work/mail"
    start_server --folder "$work/mail" --shared
    start_cyrus
}

# What it refuses: no header (13). What its LMTP service changes: bare CRs (5),
# mail without Message-ID and Date (11).
@test "mail comes in by LMTP, at the socket and the port, byte for byte" {
    make_mail 100
    without 5 11 13
    without_return_path "$work/mail"
    without_return_path "$work/sent"
    again
    lmtp_rc "delete = now"
    wanted 0
    says_nothing
    same_as_sent
    [ "$(left)" -eq 0 ]
    again
    write_rc "lmtp = localhost:$lmtp_port" "recipient = u"
    wanted 0
    same_as_sent
    wanted 0 -v
    says "fetched 0 (0 B), deleted 0"
}

@test "mail comes in by IMAP byte for byte, and only once" {
    make_mail 100
    without 13
    again
    imap_rc "delete = now"
    wanted 0
    says_nothing
    same_as_sent
    [ "$(left)" -eq 0 ]
    # Each has a UID.
    [ "$(in_store "SELECT count(DISTINCT name) FROM message WHERE name LIKE 'UID % (UIDVALIDITY %)'")" -eq "$(taken)" ]
}

@test "a folder that does not exist is created, with any name" {
    with_mail 3
    start_cyrus
    folder="B%C3%BCro &+ x/y"
    imap_rc
    wanted 0 check
    says "to be created by the first run"
    wanted 0
    [ "$(taken)" -eq 3 ]
    same_as_sent
}

@test "a NUL goes in as binary by IMAP, and is refused by LMTP" {
    mkdir -p "$work/mail"
    printf 'Subject: nul\n\na\0b\n' >"$work/mail/1.eml"
    printf 'Message-ID: <a@b>\nDate: Fri, 01 Mar 2024 00:00:00 +0000\n\nx\n' \
        >"$work/mail/2.eml"
    cp -r "$work/mail" "$work/sent"
    again
    imap_rc "delete = now"
    wanted 0
    same_as_sent
    again
    lmtp_rc "delete = now"
    wanted 69
    says "Message contains NUL characters"
    [ "$(left)" -eq 1 ]
    [ "$(taken)" -eq 1 ]
}

@test "what Cyrus refuses for good stays on the server, and the others go on" {
    make_mail 100
    local refused by
    refused=$(grep -lx x "$work"/mail/* | wc -l)
    for by in lmtp_rc imap_rc; do
        again
        $by "delete = now"
        wanted 69
        says "Message contains invalid header"
        [ "$(left)" -eq "$refused" ]
        [ "$(taken)" -eq $((100 - refused)) ]
        [ "$(grep -lx x "$work"/mail/* | wc -l)" -eq "$refused" ]
    done
}

@test "delete = now erases only what Cyrus has, wherever the run is killed" {
    needs_plain_build
    command -v strace >/dev/null || skip "no strace here"
    make_mail 20
    without 5 11 13
    without_return_path "$work/mail"
    without_return_path "$work/sent"
    local n by count killed=0
    count=$(left)
    for by in lmtp_rc imap_rc; do
        for n in 12 25; do
            again
            $by "delete = now"
            ! killed_at sendto,write "$n" || killed=$((killed + 1))
            safe
            wanted 0
            [ "$(left)" -eq 0 ]
            cyrus_mail "$work/kept"
            [ "$("$lib/mailsum" "$work/kept" | sort -u | wc -l)" -eq "$count" ]
            # By LMTP, the one whose answer was lost is there twice.
            if [ $by = imap_rc ]; then
                [ "$(taken)" -eq "$count" ]
            else
                [ "$(taken)" -le $((count + 1)) ]
            fi
        done
    done
    [ "$killed" -ge 2 ]
}

@test "delete = now erases only what Cyrus has, whenever Cyrus goes down" {
    make_mail 60
    without 5 11 13
    without_return_path "$work/mail"
    without_return_path "$work/sent"
    local by run
    for by in lmtp_rc imap_rc; do
        again
        $by "delete = now"
        "$KEEPMAIL" -f "$rc" >"$work/said" 2>&1 3>&- &
        run=$!
        soon some_taken
        stop_cyrus
        wait $run || true
        safe
        start_cyrus
        $by "delete = now"
        wanted 0
        [ "$(left)" -eq 0 ]
        safe
    done
}

# full_quota RC: what a run does until the mailbox is full, and afterwards.
full_quota() {
    make_mail 60
    without 5 11 13
    without_return_path "$work/mail"
    without_return_path "$work/sent"
    again
    as_admin "CREATE user/u" "SETQUOTA user/u (STORAGE 200)"
    "$1" "delete = now"
    wanted 75
    says "Over quota"
    safe
    [ "$(left)" -gt 0 ]
    # No message is to blame.
    [ "$(in_store "SELECT count(*) FROM trouble")" -eq 0 ]
    as_admin "SETQUOTA user/u ()"
    wanted 0
    [ "$(left)" -eq 0 ]
    same_as_sent
}

@test "by LMTP, a full quota ends the run, and the next one goes on" {
    full_quota lmtp_rc
}

# Cyrus says "NO Over quota", without a response code.
@test "by IMAP, a full quota ends the run, and the next one goes on" {
    full_quota imap_rc
}

# Cyrus refuses MAIL because of SIZE=, and takes RCPT and DATA all the same.
@test "a message that is too large for Cyrus does not hold up the others" {
    make_mail 8
    seq 200000 | sed '1s/^/Subject: large\n\n/' >"$work/mail/000003.eml"
    without
    cyrus_settings="maxmessagesize: 500000"
    local by
    for by in imap_rc lmtp_rc; do
        again
        $by "delete = now"
        wanted 69
        says "500000"
        [ "$(left)" -eq 1 ]
        [ "$(taken)" -eq 7 ]
    done
}
