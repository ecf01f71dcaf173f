#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Delivery by LMTP: to a private Dovecot, and to a scripted server.

load ../../lib/helpers
load ../../lib/dovecot

setup() {
    common_setup
    taken=$work/taken
    socket=$work/lmtp
    lmtp_pid=
}

teardown() {
    stop_lmtp
    stop_dovecot
    common_teardown
}

# start_lmtp [lmtpserver's options]: what it takes is in $taken/new.
start_lmtp() {
    stop_lmtp
    mkdir -p "$taken"/{new,cur,tmp}
    "$lib/lmtpserver" "$@" "$socket" "$taken" 3>&- &
    lmtp_pid=$!
    soon test -S "$socket"
}

stop_lmtp() {
    [ -n "$lmtp_pid" ] || return 0
    kill "$lmtp_pid" 2>/dev/null || true
    wait "$lmtp_pid" 2>/dev/null || true
    lmtp_pid=
    rm -f "$socket"
}

# lmtp_rc [SETTING...]: an account that hands its mail over to that server.
lmtp_rc() {
    write_rc "lmtp = \"unix:$socket\"" "recipient = jane@example.org" "$@"
}

# The number of messages that the server took.
taken() {
    find "$taken/new" -type f | wc -l
}

# The number of messages that the POP3 server still has.
# with_mail COUNT: a POP3 server with so many messages.
@test "mail is handed over byte for byte, and only once" {
    with_mail 400
    start_lmtp
    lmtp_rc
    wanted 0
    says_nothing
    same_mail "$work/sent" "$taken"
    grep -q '^RCPT TO:<jane@example.org>$' "$taken/commands"
    wanted 0 -v
    says "fetched 0 (0 B), deleted 0, left 400"
    [ "$(taken)" -eq 400 ]
}

@test "without PIPELINING, one command is sent at a time, with the same result" {
    with_mail 20
    start_lmtp --no PIPELINING
    lmtp_rc
    wanted 0
    same_mail "$work/sent" "$taken"
}

@test "BODY and SIZE are sent only if the server announces them" {
    with_mail 1
    start_lmtp
    lmtp_rc
    wanted 0
    grep -q '^MAIL FROM:<.*> SIZE=[0-9]* BODY=8BITMIME$' "$taken/commands"
    rm -rf "$work/state" "$taken"
    start_lmtp --no 8BITMIME
    wanted 0
    grep -q '^MAIL FROM:<.*> SIZE=[0-9]*$' "$taken/commands"
    rm -rf "$work/state" "$taken"
    start_lmtp --no SIZE
    wanted 0
    grep -q '^MAIL FROM:<.*> BODY=8BITMIME$' "$taken/commands"
}

@test "the sender is that of Return-Path, unless it could not be sent" {
    mkdir -p "$work/mail"
    printf 'Return-Path: <joe@example.org>\r\nSubject: 1\r\n\r\n' >"$work/mail/1"
    printf 'Return-Path: <joe> BODY=7BIT@example.org>\r\nSubject: 2\r\n\r\n' >"$work/mail/2"
    printf 'Return-Path: <>\r\nSubject: 3\r\n\r\n' >"$work/mail/3"
    start_server --folder "$work/mail"
    start_lmtp --no SIZE
    lmtp_rc
    wanted 0
    run grep '^MAIL' "$taken/commands"
    [ "${lines[0]}" = "MAIL FROM:<joe@example.org> BODY=8BITMIME" ]
    [[ ${lines[1]} != *7BIT* ]]
    [ "${lines[2]}" = "MAIL FROM:<> BODY=8BITMIME" ]
}

@test "mail is deleted from the server only once it was confirmed" {
    with_mail 10
    start_lmtp --reply "text:4:"
    lmtp_rc "delete = now"
    wanted 75
    says "cannot receive an answer from the LMTP server unix:$socket: it closed the connection"
    [ "$(taken)" -eq 4 ]
    [ "$(left)" -eq 10 ]
    start_lmtp
    wanted 0 -v
    says "1 message was not confirmed by unix:$socket and will be fetched again. It may have been delivered already"
    # The one whose answer was lost is there twice, the others once.
    [ "$(taken)" -ge 11 ]
    [ "$(left)" -eq 0 ]
    [ "$("$lib/mailsum" "$taken" | sort -u | wc -l)" -eq 10 ]
}

@test "a server that is down costs no login, and nothing is fetched" {
    with_mail 3
    lmtp_rc "delete = now"
    wanted 73
    says "cannot connect to the LMTP server unix:$socket: No such file or directory. Nothing was fetched"
    start_lmtp --reply "greeting:0:421 4.3.2 shutting down"
    wanted 75
    says "answered the connection with 421"
    says "4.3.2 shutting down"
    start_lmtp --reply "lhlo:0:500 what"
    wanted 75
    says "answered LHLO with 500"
    start_lmtp --reply "greeting:0:+OK POP3 ready"
    wanted 75
    says "does not speak LMTP: check the setting lmtp"
    stop_server
    [ "$(reported logins)" -eq 0 ]
    [ "$(left)" -eq 3 ]
}

@test "a temporary refusal ends the run, and the next one goes on" {
    with_mail 6
    for stage in mail rcpt text; do
        rm -rf "$taken" "$work/state"
        start_lmtp --reply "$stage:3:452 4.2.2 quota"
        lmtp_rc
        wanted 75
        says "4.2.2 quota"
        [ "$(taken)" -eq 2 ]
        start_lmtp
        wanted 0
        [ "$(taken)" -eq 6 ]
        [ "$("$lib/mailsum" "$taken" | sort -u | wc -l)" -eq 6 ]
    done
}

@test "a message that is refused for good stays on the server, and the others go on" {
    with_mail 6
    for stage in mail rcpt text; do
        for pipelining in PIPELINING NOTHING; do
            rm -rf "$taken" "$work/state" "$work/mail"
            cp -r "$work/sent" "$work/mail"
            start_lmtp --reply "$stage:3:554 5.7.1 no spam" --no "$pipelining"
            lmtp_rc "delete = now"
            wanted 69
            says "was not delivered, and stays on the server"
            says "5.7.1 no spam"
            [ "$(taken)" -eq 5 ]
            [ "$(left)" -eq 1 ]
            # It is tried again later, and in the end no more.
            in_store "UPDATE trouble SET next_at = 0"
            start_lmtp
            wanted 0
            [ "$(left)" -eq 0 ]
            [ "$("$lib/mailsum" "$taken" | sort -u | wc -l)" -eq 6 ]
        done
    done
}

@test "three refusals in a row end the run" {
    with_mail 9
    start_lmtp --reply "rcpt:0:550 5.1.1 no such user"
    lmtp_rc "delete = now"
    wanted 75
    says "refused 3 messages in a row"
    says "5.1.1 no such user"
    [ "$(left)" -eq 9 ]
    [ "$(grep -c '^MAIL' "$taken/commands")" -le 4 ]
}

@test "two messages with the same text are both kept on the server if it is refused" {
    mkdir -p "$work/mail"
    for n in 1 2; do
        printf 'Message-ID: <a@b>\r\n\r\nx\r\n' >"$work/mail/$n"
    done
    start_server --folder "$work/mail"
    start_lmtp --reply "text:1:554 no"
    lmtp_rc "delete = now"
    wanted 69
    [ "$(taken)" -eq 0 ]
    [ "$(left)" -eq 2 ]
}

@test "killed at each call to either server: nothing is lost, and one message at most is delivered twice" {
    [ -z "${KEEPMAIL_THIN:-}" ] || skip "the gate ran it whole before"
    needs_plain_build
    local step
    with_mail 5
    lmtp_rc "delete = now"
    for call in sendto recvfrom poll pwrite64; do
        step=3
        case $call in poll | pwrite64) step=7 ;; esac
        for ((n = 1; n < 400; n += step)); do
            rm -rf "$taken" "$work/state" "$work/mail"
            cp -r "$work/sent" "$work/mail"
            start_lmtp
            killed_at "$call" "$n" || break
            [ "$(($(left) + $(taken)))" -ge 5 ]
            wanted 0
            [ "$(left)" -eq 0 ]
            [ "$("$lib/mailsum" "$taken" | sort -u | wc -l)" -eq 5 ]
            [ "$(taken)" -le 6 ]
        done
        [ "$n" -gt 6 ]
    done
}

@test "rules that need a copy, a missing recipient, and another machine are refused" {
    start_server --synthetic 1
    write_rc "lmtp = \"unix:$socket\""
    wanted 78
    says "lmtp needs a recipient too"
    lmtp_rc 'delete = "when purged"'
    wanted 78
    says "delete = \"when purged\" needs copies that can be found"
    lmtp_rc 'delete = "when trashed"'
    wanted 78
    lmtp_rc "verify = digest"
    wanted 78
    says "verify = digest needs copies that can be found"
    write_rc "lmtp = \"mail.example.org:24\"" "recipient = u"
    wanted 78
    says "expected \"unix:/path\", a host and port of this machine"
    lmtp_rc "recipient = \"a b\""
    wanted 78
    says "expected a mail address"
}

@test "after 30 days, confirmed mail is deleted without a copy" {
    with_mail 4
    start_lmtp
    lmtp_rc 'delete = "after 30 days"'
    wanted 0
    days_pass 31
    wanted 0 -v
    says "deleted 4, left 0"
}

@test "mail that was handed over does not count as purged once a Maildir is used" {
    with_mail 4
    start_lmtp
    lmtp_rc
    wanted 0
    write_rc "local = \"$work\"" 'delete = "when purged"' "brake = 100"
    wanted 0 --no-brake -v
    says "deleted 0, left 4"
    [ "$(left)" -eq 4 ]
}

@test "verify and rebuild say that mail was handed over" {
    with_mail 4
    start_lmtp
    lmtp_rc
    wanted 0
    wanted 0 verify
    wanted 0 verify -v
    says "mail is handed over to unix:$socket"
    wanted 78 rebuild a
    says "hands its mail over to unix:$socket, where it cannot be read again"
}

@test "check connects to the server, and sends it nothing" {
    with_mail 4
    start_lmtp
    lmtp_rc
    wanted 0 check
    says "unix:$socket, an LMTP server"
    [ "$(grep -c '^MAIL' "$taken/commands")" -eq 0 ]
    stop_lmtp
    wanted 73 check
    says "cannot connect to the LMTP server"
}

@test "history tells what the server answered" {
    with_mail 1
    start_lmtp
    lmtp_rc
    wanted 0
    uid=$(in_store "SELECT uid FROM message")
    wanted 0 history a "$uid"
    says "unix:$socket"
    says "2.0.0 kept"
}

@test "Dovecot delivers what it is handed, by its socket and its port, through sieve" {
    find_dovecot || skip "no Dovecot 2.3 (contrib/bootstrap check unpacks one)"
    [ -x "$dovecot_prefix/usr/lib/dovecot/lmtp" ] || skip "no Dovecot LMTP here"
    delivered=$work/dovecot/mail/Delivered
    dovecot_lmtp=$delivered
    dovecot_sieve=$work/dovecot/sieve
    mkdir -p "$work/dovecot"
    printf 'require ["fileinto", "mailbox"];\nif header :contains "subject" "message 7" { fileinto :create "Seven"; }\n' >"$dovecot_sieve"
    make_mail 300
    start_dovecot
    serve_again
    password=pw
    write_rc "user = u" "lmtp = \"unix:$lmtp_socket\"" "recipient = u"
    wanted 0
    [ "$(find "$delivered"/{new,cur} -type f | wc -l)" -lt 300 ]
    [ "$(find "$delivered"/.Seven/{new,cur} -type f | wc -l)" -gt 0 ]
    strip_dovecot
    same_mail "$work/sent" "$work/stripped"
    rm -rf "$delivered" "$work/state"
    write_rc "user = u" "lmtp = localhost:$lmtp_port" "recipient = u"
    wanted 0
    rm -rf "$work/stripped"
    strip_dovecot
    same_mail "$work/sent" "$work/stripped"
}

# The messages that Dovecot delivered, without the lines that it adds.
strip_dovecot() {
    local file
    mkdir -p "$work/stripped"/{new,cur,tmp}
    for file in "$delivered"/{,.Seven/}{new,cur}/*; do
        [ -f "$file" ] || continue
        LC_ALL=C awk 'step == 0 && /^Return-Path: / { step = 1; next }
            step == 1 && /^Delivered-To: / { step = 2; next }
            step == 2 && /^Received: from localhost/ { step = 3; next }
            step == 3 && /^\t/ { next }
            { step = 4; print }' "$file" >"$work/stripped/new/${file##*/}"
    done
}

@test "a signal ends the run after the message that is being delivered" {
    with_mail 20
    start_lmtp --delay 500
    lmtp_rc "delete = now"
    "$KEEPMAIL" -f "$rc" 2>"$work/said" &
    soon test -e "$taken/commands"
    soon grep -q '^DATA' "$taken/commands"
    kill -TERM $!
    wait $! || true
    [ "$(taken)" -lt 5 ]
    [ "$(left)" -eq 20 ]
    start_lmtp
    wanted 0
    [ "$("$lib/mailsum" "$taken" | sort -u | wc -l)" -eq 20 ]
    [ "$(taken)" -le 21 ]
}

@test "a slow POP3 server does not let the connection to the LMTP server time out" {
    needs_plain_build
    command -v faketime >/dev/null || skip "no faketime here"
    make_mail 3
    start_server --folder "$work/mail" --calm 600
    start_lmtp
    lmtp_rc "confine = false" "timeout = 86400"
    # Some minutes go by.
    run faketime -f "+0 x100" "$KEEPMAIL" -f "$rc"
    echo "# $output"
    [ "$status" -eq 0 ]
    grep -q '^NOOP$' "$taken/commands"
    same_mail "$work/sent" "$taken"
}

@test "after a batch of one message was refused, the next batch is delivered" {
    # Each is a batch of its own, because of its size.
    start_server --synthetic 3 --size 36000000
    start_lmtp --reply "rcpt:1:550 5.1.1 no"
    lmtp_rc
    run timeout 20 "$KEEPMAIL" -f "$rc"
    [ "$status" -eq 69 ]
    [ "$(taken)" -eq 2 ]
}

@test "a server that leaves out an answer has not confirmed the message" {
    with_mail 4
    start_lmtp --reply "text:2:-"
    lmtp_rc "delete = now"
    run timeout -s TERM 3 "$KEEPMAIL" -f "$rc"
    [ "$(left)" -eq 4 ]
    [ "$(in_store "SELECT count(*) FROM message WHERE state = 2")" -eq 1 ]
    start_lmtp
    wanted 0
    [ "$(left)" -eq 0 ]
    [ "$(taken)" -eq 5 ]
}

@test "an answer that comes before the end of a message confirms nothing" {
    with_mail 4
    start_lmtp --reply $'data:2:354 go on\r\n250 2.0.0 kept'
    lmtp_rc "delete = now"
    wanted 75
    says "answered before the end of a message"
    [ "$(left)" -eq 4 ]
    [ "$(in_store "SELECT count(*) FROM message WHERE state = 2")" -eq 1 ]
}

@test "what a killed run recorded is synced before the next one deletes it" {
    needs_plain_build
    with_mail 3
    lmtp_rc "delete = now" "tls = off" "port = $port"
    for ((n = 1; n < 60; n++)); do
        rm -rf "$taken" "$work/state" "$work/copy"
        start_lmtp
        killed_at fdatasync "$n" || break
        # sqlite3 would sync what it reads when it leaves.
        cp -r "$work/state" "$work/copy"
        [ "$(sqlite3 "$work/copy/a.db" "SELECT count(*) FROM message WHERE state = 2" 2>/dev/null)" != 3 ] || break
    done
    [ "$(left)" -eq 3 ]
    run strace -qq -f -y -o "$work/calls" -e trace=fdatasync,fsync,sendto \
        "$KEEPMAIL" -f "$rc"
    [ "$status" -eq 0 ]
    [ "$(left)" -eq 0 ]
    awk '/sync\(.*a\.db-wal/ { synced = 1 } /"DELE 1/ { exit !synced }' "$work/calls"
}

@test "verify reports copies missing from a Maildir that was used before lmtp" {
    with_mail 3
    write_rc
    wanted 0
    rm "$work"/Mail/new/*
    start_lmtp
    lmtp_rc
    wanted 65 verify
    says "3 messages checked: 3 missing"
}

@test "copies stored in a Maildir before lmtp was set are still verified before deletion" {
    with_mail 4
    write_rc
    wanted 0
    for file in "$work"/Mail/new/*; do
        echo changed >>"$file"
        break
    done
    start_lmtp
    lmtp_rc 'delete = "after 30 days"'
    days_pass 31
    wanted 0 -v
    says "deleted 3, left 1"
}

@test "a sender that the server does not accept is left out" {
    mkdir -p "$work/mail"
    printf 'Return-Path: <a:b@example.org>\r\nSubject: 1\r\n\r\n' >"$work/mail/1"
    printf 'Return-Path: <b@example.org>\r\nSubject: 2\r\n\r\n' >"$work/mail/2"
    start_server --folder "$work/mail" --shared
    start_lmtp --reply "mail:1:501 5.5.4 Syntax error" --reply "rcpt:1:503 no" --reply "data:1:503 no"
    lmtp_rc "delete = now"
    wanted 0
    [ "$(taken)" -eq 2 ]
    [ "$(left)" -eq 0 ]
    [ "$(grep -c '^MAIL FROM:<>' "$taken/commands")" -eq 1 ]
}

@test "a size that the server does not accept is refused, and no text is sent for it" {
    with_mail 3
    start_lmtp --reply "mail:2:552 5.3.4 too large"
    lmtp_rc "delete = now"
    wanted 69
    says "552"
    [ "$(taken)" -eq 2 ]
    [ "$(left)" -eq 1 ]
}

# with_tls: start_lmtp on $lmtps_port, with TLS and the certificate $work/cert.pem.
with_tls() {
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost \
        -addext subjectAltName=DNS:localhost \
        -keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null
    stop_lmtp
    mkdir -p "$taken"/{new,cur,tmp}
    "$lib/lmtpserver" "tcp:$work/lmtp-port" "$taken" 3>&- &
    lmtp_pid=$!
    soon test -s "$work/lmtp-port"
    "$lib/tlsrelay" "$work/cert.pem" "$work/key.pem" "$work/lmtps-port" \
        "$(cat "$work/lmtp-port")" 3>&- &
    echo $! >"$work/relay"
    disown
    soon test -s "$work/lmtps-port"
    lmtps_port=$(cat "$work/lmtps-port")
}

@test "a server elsewhere is reached over TLS, and verified" {
    with_mail 30
    with_tls
    lmtps_rc() {
        write_rc "lmtp = \"lmtps://localhost:$lmtps_port\"" "recipient = jane" \
            "delete = now" "$@"
    }
    lmtps_rc
    wanted 69
    says "lmtp-tls-ca"
    wanted 69 check
    [ "$(left)" -eq 30 ]
    lmtps_rc "lmtp-tls-ca = \"$work/cert.pem\""
    wanted 0 check
    says "an LMTP server"
    wanted 0
    says_nothing
    same_mail "$work/sent" "$taken"
    [ "$(left)" -eq 0 ]
    lmtps_rc "lmtp-tls-ca = \"$work/cert.pem\"" \
        "lmtp-tls-pin = \"sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\""
    wanted 69
    says "lmtp-tls-pin"
    # Without TLS, mail does not leave this machine.
    write_rc "lmtp = \"mail.example.org:24\"" "recipient = jane"
    wanted 78
    says "lmtps://HOST:PORT"
    write_rc "lmtp = \"lmtps://localhost:$(cat "$work/lmtp-port")\"" "recipient = jane"
    wanted 69
    kill "$(cat "$work/relay")"
}
