#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Mail that a command changes before it gets to its destination.

load ../../lib/helpers
load ../../lib/dovecot

setup() {
    common_setup
    # As a spam filter does it.
    write_filter 'echo "X-Checked: yes $KEEPMAIL_UID"; cat'
}

teardown() {
    stop_dovecot
    common_teardown
}

# write_filter SCRIPT: the command of filter_rc. It is also told $WORK.
write_filter() {
    {
        printf '#!/bin/sh\nWORK="%s"\n' "$work"
        printf '%s\n' "$1"
    } >"$work/filter"
    chmod 700 "$work/filter"
}

# filter_rc [SETTING...]
filter_rc() {
    write_rc "maildir = \"$work/Mail\"" "filter = \"$work/filter\"" "$@"
}

# unmarked DIRECTORY: copies its mail to a Maildir at $work/plain, without the
# lines that the filter added.
unmarked() {
    local file
    mkdir -p "$work/plain"/{new,cur,tmp}
    for file in "$1"/new/* "$1"/cur/*; do
        [ ! -e "$file" ] || sed 1d "$file" >"$work/plain/new/${file##*/}"
    done
}

@test "what is stored is what the filter wrote, byte for byte, and only once" {
    with_mail 150
    filter_rc
    wanted 0
    says_nothing
    [ "$(grep -L '^X-Checked: yes ' "$work"/Mail/new/* | wc -l)" -eq 0 ]
    unmarked "$work/Mail"
    same_mail "$work/sent" "$work/plain"
    wanted 0 -v
    says "fetched 0 (0 B), deleted 0, left 150"
    [ "$(stored)" -eq 150 ]
}

@test "an mbox, and mail that is handed over, are filtered too" {
    with_mail 20
    write_rc "mbox = \"$work/box\"" "filter = \"$work/filter\"" "delete = now"
    wanted 0
    [ "$(grep -c '^X-Checked: yes ' "$work/box")" -eq 20 ]
    wanted 0 verify -v
    says "all 20 messages are intact"
    cp -r "$work/sent/." "$work/mail"
    rm -r "$work/state"
    write_rc "pipe = 'cat >>$work/taken'" "filter = \"$work/filter\"" "delete = now"
    wanted 0
    [ "$(grep -c '^X-Checked: yes ' "$work/taken")" -eq 20 ]
    [ "$(left)" -eq 0 ]
}

@test "verify, history and the store know both what came and what is stored" {
    with_mail 10
    filter_rc
    wanted 0
    wanted 0 verify -v
    says "all 10 messages are intact"
    file=$(grep -l 'yes 000003.eml' "$work"/Mail/new/*)
    wanted 0 history a 000003.eml
    says "$(sha256sum <"$file" | cut -d' ' -f1)"
    says "$(tr -d '\r' <"$work/sent/000003.eml" | sha256sum | cut -d' ' -f1)"
    echo more >>"$file"
    wanted 65 verify
    says "1 changed"
}

@test "with new uids, messages are recognised by how they came" {
    with_mail 30
    filter_rc "delete = 'after 30 days'"
    wanted 0
    for file in "$work/mail"/*; do mv "$file" "$work/mail/new-${file##*/}"; done
    wanted 0 -v
    says "28 messages were matched by header"
    [ "$(stored)" -eq 30 ]
}

@test "a message that comes twice is stored once, whatever the filter adds" {
    mkdir -p "$work/mail"
    for ((i = 0; i < 10; i++)); do
        printf 'Message-ID: <%d@x>\r\n\r\ntext\r\n' $i >"$work/mail/$i"
    done
    start_server --folder "$work/mail" --shared
    write_filter 'echo "X-Time: $(date +%N) $$"; cat'
    filter_rc
    wanted 0
    for file in "$work/mail"/*; do cp "$file" "$work/mail/again-${file##*/}"; done
    wanted 0 -v
    [ "$(stored)" -eq 10 ]
    # Nor in one run, in two batches.
    write_filter 'sleep 0.2; echo "X-Time: $(date +%N) $$"; cat'
    rm -r "$work/state" "$work/Mail"
    wanted 0
    [ "$(stored)" -eq 10 ]
    wanted 0 verify -v
}

@test "what the filter refuses stays on the server, and the others go on" {
    with_mail 6
    write_filter 'case $KEEPMAIL_UID in
        *3.eml) cat; echo "no daemon" >&2; exit 1 ;;
        *5.eml) exit 0 ;;
        esac
        cat'
    filter_rc "delete = now"
    wanted 69
    says "was not delivered, and stays on the server: the filter '$work/filter' ended with exit status 1 and printed \"no daemon\""
    says "returned nothing"
    [ "$(stored)" -eq 4 ]
    [ "$(left)" -eq 2 ]
    run keepmail list --local a
    [[ $output == *"no daemon"* ]]
    write_filter cat
    wanted 0 retry a
    wanted 0
    [ "$(stored)" -eq 6 ]
    [ "$(left)" -eq 0 ]
    same_mail "$work/sent" "$work/Mail"
}

@test "text that lacks the message's Message-ID is not its text" {
    mkdir -p "$work/mail"
    printf 'Message-ID: <1@x>\r\nSubject: a\r\n\r\ntext\r\n' >"$work/mail/1"
    start_server --folder "$work/mail" --shared
    write_filter 'cat >/dev/null; echo "Subject: error"; echo'
    filter_rc "delete = now"
    wanted 69
    says "is not the same message: it does not have its Message-ID"
    [ "$(stored)" -eq 0 ]
    [ "$(left)" -eq 1 ]
}

@test "three refusals in a row, status 75, a signal and a time limit end the run" {
    with_mail 6
    write_filter 'echo x >>"$WORK/runs"; exit 1'
    filter_rc "delete = now"
    wanted 75
    says "refused 3 messages in a row"
    [ "$(wc -l <"$work/runs")" -eq 3 ]
    run keepmail list --local a
    [ "$(grep -c "exit status 1" <<<"$output")" -eq 3 ]
    write_filter 'exit 75'
    wanted 75
    says "ended with exit status 75 (temporary failure)"
    write_filter 'kill -SEGV $$'
    wanted 75
    says "was killed by signal 11"
    write_filter 'sleep 60'
    filter_rc "delete = now" "filter-timeout = 1"
    wanted 75
    says "did not end within 1 second (filter-timeout)"
    [ "$(stored)" -eq 0 ]
    [ "$(left)" -eq 6 ]
    write_filter cat
    wanted 0 retry a
    wanted 0
    [ "$(left)" -eq 0 ]
    same_mail "$work/sent" "$work/Mail"
}

@test "a filter that does not exist costs no login" {
    with_mail 1
    write_rc "maildir = \"$work/Mail\"" 'filter = "no-such-filter -x"'
    wanted 73
    says "the command no-such-filter of the setting filter was not found. Nothing was fetched"
    wanted 73 check
    [[ $output == *no-such-filter* ]]
    write_rc "maildir = \"$work/Mail\"" 'filter = " "'
    wanted 78
}

# messages N...: each with a Message-ID and two lines.
messages() {
    mkdir -p "$work/mail"
    for i in "$@"; do
        printf 'Message-ID: <%s@x>\r\nSubject: a\r\n\r\nline1 %s\r\nline2\r\n' \
            "$i" "$i" >"$work/mail/$i"
    done
    start_server --folder "$work/mail" --shared
}

@test "output is complete once all processes that write it have ended" {
    messages 1 2 3
    write_rc "maildir = \"$work/Mail\"" "delete = now" \
        "filter = \"bash -c 'cat > >(sleep 0.3; cat)'\""
    wanted 0
    [ "$(cat "$work"/Mail/new/* | grep -c line2)" -eq 3 ]
    [ "$(cat "$work"/Mail/new/* | wc -l)" -eq 15 ]
    # What goes on in the background, with nothing to say, is not waited for.
    cp "$work"/Mail/new/* "$work/mail"
    write_filter 'cat; sleep 30 >/dev/null 2>&1 & echo $! >>"$WORK/pids"; exit 0'
    filter_rc "duplicates = keep" "filter-timeout = 20"
    wanted 0
    [ "$(stored)" -eq 6 ]
    # shellcheck disable=SC2046 # numbers
    kill $(cat "$work/pids")
}

@test "a filter that was told to end did not succeed, whatever its status" {
    messages 1
    write_filter 'trap "exit 0" TERM; head -n 4; sleep 60 & wait; cat'
    write_rc "maildir = \"$work/Mail\"" "filter = \"exec $work/filter\"" "delete = now" \
        "filter-timeout = 1"
    wanted 75
    says "did not end within 1 second (filter-timeout)"
    [ "$(stored)" -eq 0 ]
    [ "$(left)" -eq 1 ]
}

@test "a disk that was full only while the filter wrote does not shorten a message" {
    [ "$(id -u)" -eq 0 ] || skip "mounting needs root"
    mkdir -p "$work/state" "$work/mail"
    mount -t tmpfs -o size=860k none "$work/state" 2>/dev/null || skip "cannot mount here"
    printf 'Message-ID: <1@x>\r\nSubject: a\r\n\r\n' >"$work/mail/1"
    yes "$(printf '%070d' 0)" | head -n 3000 | sed 's/$/\r/' >>"$work/mail/1"
    start_server --folder "$work/mail" --shared
    write_filter 'cat >"$WORK/state/t"; cat "$WORK/state/t"; rm -f "$WORK/state/t"'
    filter_rc "delete = now"
    run keepmail
    umount "$work/state"
    if [ "$status" -eq 0 ]; then
        tr -d '\r' <"$work/mail/1" | cmp - "$work"/Mail/new/*
    else
        [[ $output == *"cannot write"* ]]
        [ "$(left)" -eq 1 ]
        [ "$(stored)" -eq 0 ]
    fi
}

@test "a filter may open /dev/stdout, and write much, but not without an end" {
    messages 1
    write_filter 'cat; echo X >/dev/stdout; head -c 3000000 /dev/zero | tr "\0" "\n"'
    filter_rc "delete = never"
    wanted 0
    [ "$(wc -c <"$(echo "$work"/Mail/new/*)")" -eq 3000046 ]
    rm -r "$work/state" "$work/Mail"
    write_filter 'cat; exec yes'
    wanted 69
    says "wrote much more than a message with some lines added"
    [ "$(stored)" -eq 0 ]
}

@test "text that has lost a part that identifies it, or its body, is not its text" {
    mkdir -p "$work/mail"
    printf 'Date: Fri, 27 Nov 2026 10:00:00 +0000\r\nReceived: x\r\n\r\ntext\r\n' \
        >"$work/mail/1"
    start_server --folder "$work/mail" --shared
    write_filter '(cat >/dev/null; exit 1) | { echo "X-Spam: no"; cat; }'
    filter_rc "delete = now"
    wanted 69
    says "is not the same message: it has no Date"
    write_filter 'sed "/^$/q"'
    wanted 0 retry a
    wanted 69
    says "has no text behind its header"
    [ "$(left)" -eq 1 ]
}

@test "CRLF, a From_ line of an mbox, and a last line without an end are put right" {
    messages 1 2
    write_filter 'sed "s/$/\r/"'
    filter_rc
    wanted 0
    same_mail "$work/mail" "$work/Mail"
    rm -r "$work/state" "$work/Mail"
    write_filter 'echo "From jane Mon Nov 30 10:00:00 2026"; cat | head -c -1'
    wanted 0
    same_mail "$work/mail" "$work/Mail"
    wanted 0 verify
}

@test "mail that an older state does not know is recognised, whatever is stored" {
    messages 0
    write_rc "maildir = \"$work/Mail\""
    wanted 0
    cp -r "$work/state" "$work/old"
    messages 1 2 3 4
    write_rc "maildir = \"$work/Mail\""
    wanted 0
    rm -r "$work/state"
    cp -r "$work/old" "$work/state"
    filter_rc
    wanted 0
    [ "$(stored)" -eq 5 ]
    wanted 0 verify
}

@test "the command of pipe gets the same key, whatever the filter wrote" {
    messages 1
    write_filter 'sed "s/^Subject: /&$(date +%N) /"'
    write_rc "filter = \"$work/filter\"" "duplicates = keep" \
        "pipe = 'cat >/dev/null; echo \$KEEPMAIL_KEY >>$work/keys'"
    wanted 0
    rm -r "$work/state"
    wanted 0
    [ "$(sort -u "$work/keys" | wc -l)" -eq 1 ]
    [ "$(wc -l <"$work/keys")" -eq 2 ]
}

@test "a filter that ends the run ends it, and is not taken for a broken connection" {
    messages 01 02 03 04 05 06
    write_filter 'echo $KEEPMAIL_UID >>"$WORK/seen"
        case $KEEPMAIL_UID in 0[123]) exec cat ;; esac
        exit 75'
    filter_rc "delete = now"
    wanted 75
    [ "$(grep -c 04 "$work/seen")" -eq 1 ]
    [ "$(stored)" -eq 3 ]
}

@test "a slow filter does not keep the server waiting for a command" {
    messages 01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 18 19 20
    # The log of the server has the commands that have come so far.
    write_filter 'echo "$KEEPMAIL_UID $(grep -c RETR "$WORK/log")" >>"$WORK/asked"; cat'
    filter_rc
    "$KEEPMAIL" -f "$rc" -vv 2>"$work/log"
    [ "$(stored)" -eq 20 ]
    # At the first message, not all were asked for.
    [ "$(head -n 1 "$work/asked" | cut -d' ' -f2)" -lt 12 ]
}

@test "a large message is filtered in little memory" {
    mkdir -p "$work/mail"
    { printf 'Message-ID: <1@x>\r\n\r\n'
      yes "$(printf '%0.s0123456789' 1 2 3 4 5 6)" | head -n 500000 | sed 's/$/\r/'; } >"$work/mail/1"
    start_server --folder "$work/mail" --shared
    filter_rc
    wanted 0
    unmarked "$work/Mail"
    tr -d '\r' <"$work/mail/1" | cmp - "$work"/plain/new/*
}

@test "killed at each call of the run: nothing is lost, and nothing comes twice" {
    [ -z "${KEEPMAIL_THIN:-}" ] || skip "the gate ran it whole before"
    needs_plain_build
    with_mail 4
    filter_rc "delete = now"
    local calls k
    cp -r "$work/mail" "$work/saved"
    "$TESTS_BUILD/torture/strike" -o "$work/calls" "$KEEPMAIL" -f "$rc" || [ $? -ne 125 ] ||
        skip "calls cannot be traced here"
    calls=$(wc -l <"$work/calls")
    [ "$calls" -gt 20 ]
    for ((k = 1; k <= calls; k += 7)); do
        rm -rf "$work/state" "$work/mail" "$work/Mail"
        cp -r "$work/saved" "$work/mail"
        "$TESTS_BUILD/torture/strike" -n "$k" "$KEEPMAIL" -f "$rc" >/dev/null 2>&1 || true
        wanted 0
        [ "$(left)" -eq 0 ]
        [ "$(stored)" -eq 4 ]
        [ "$(head -qn1 "$work"/Mail/new/* | sort -u | wc -l)" -eq 4 ]
    done
}
