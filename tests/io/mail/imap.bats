#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Delivery to a mailbox by IMAP: to a private Dovecot, and to a scripted server.

load ../../lib/helpers
load ../../lib/dovecot

setup() {
    common_setup
    taken=$work/taken
    imap_pid=
    printf 'pw\n' >"$work/pw"
    chmod 600 "$work/pw"
}

teardown() {
    stop_imap
    stop_dovecot
    common_teardown
}

# with_mail COUNT [SEED]: a POP3 server with so many messages.
with_mail() {
    make_mail "$@"
    start_server --folder "$work/mail" --shared
}

# with_dovecot: an IMAP server that stores in $taken; Dovecot's own POP3 service
# is not used.
with_dovecot() {
    local pop3=$port pop3s=$tls_port
    find_dovecot || skip "no Dovecot 2.3 here"
    dovecot_imap=$taken
    [ -e "$dovecot_prefix/usr/lib/dovecot/imap" ] || skip "no IMAP server here"
    mkdir -p "$taken"/{new,cur,tmp}
    [ "$(id -u)" -ne 0 ] || chown -R nobody:nogroup "$taken"
    cp "$work/server/cert.pem" "$work/pop3.pem"
    start_dovecot
    cp "$work/server/cert.pem" "$work/imap.pem"
    cp "$work/pop3.pem" "$work/server/cert.pem"
    port=$pop3 tls_port=$pop3s
}

# imap_rc [SETTING...]: an account that hands its mail over to that server.
imap_rc() {
    write_rc "imap = \"imaps://u@localhost:$imaps_port${folder:+/$folder}\"" \
        "imap-password-file = \"$work/pw\"" \
        "imap-tls-ca = \"$work/imap.pem\"" "$@"
}

# The number of messages that the server took.
taken() {
    find "$taken" -path '*/new/*' -type f -o -path '*/cur/*' -type f | wc -l
}

# The number of messages that the POP3 server still has.
# Dovecot stores messages as they are, with LF line ends.
same_as_sent() {
    same_mail "$work/sent" "$taken"
}

@test "mail is handed over byte for byte, and only once" {
    with_mail 1448
    with_dovecot
    imap_rc
    wanted 0
    says_nothing
    same_as_sent
    wanted 0 -v
    says "fetched 0 (0 B), deleted 0, left 1448"
    [ "$(taken)" -eq 1448 ]
}

# start_imap [imapserver's options]: a scripted server on $imap_port; what it
# takes is in $taken/new.
start_imap() {
    stop_imap
    mkdir -p "$taken/new"
    "$lib/imapserver" "$@" "$work/imap-port" "$taken" 3>&- &
    imap_pid=$!
    soon test -s "$work/imap-port"
    imap_port=$(<"$work/imap-port")
    soon listening
}

listening() {
    (exec 4<>"/dev/tcp/127.0.0.1/$imap_port") 2>/dev/null
}

stop_imap() {
    [ -n "$imap_pid" ] || return 0
    kill "$imap_pid" 2>/dev/null || true
    wait "$imap_pid" 2>/dev/null || true
    imap_pid=
}

# script_rc [SETTING...]: an account that hands its mail over to that server.
script_rc() {
    write_rc "imap = \"imap://jane@localhost:$imap_port${folder:+/$folder}\"" \
        "imap-password-file = \"$work/pw\"" "$@"
}

# commands PATTERN: how many commands the scripted server got that match.
commands() {
    grep -c "$1" "$taken/commands" || true
}

@test "a filter does not get the connection to the IMAP server" {
    make_mail 1
    start_server --folder "$work/mail"
    start_imap
    printf '#!/bin/sh\nls -l /proc/self/fd >"%s/files"\ncat\n' "$work" >"$work/filter"
    chmod 700 "$work/filter"
    script_rc "filter = \"$work/filter\""
    wanted 0
    [ -s "$work/files" ]
    run grep socket: "$work/files"
    [ "$status" -eq 1 ]
}

@test "messages keep the date when they were received, and are unread" {
    mkdir -p "$work/mail"
    printf 'Received: from a by b; Tue, 3 Mar 2020 10:20:30 +0200\r\nDate: Mon, 2 Mar 2020 00:00:00 +0000\r\n\r\nx\r\n' >"$work/mail/1"
    printf 'Date: Sun, 01 Mar 2020 07:00:00 +0000\r\n\r\nx\r\n' >"$work/mail/2"
    printf 'Subject: none\r\n\r\nx\r\n' >"$work/mail/3"
    printf 'Date: Fri, 01 Mar 2120 07:00:00 +0000\r\n\r\nx\r\n' >"$work/mail/4"
    start_server --folder "$work/mail"
    start_imap --no MULTIAPPEND
    script_rc
    wanted 0
    run grep APPEND "$taken/commands"
    [[ ${lines[0]} == 'k3 APPEND "INBOX" () " 3-Mar-2020 08:20:30 +0000" {'*'+}' ]]
    [[ ${lines[1]} == *'" 1-Mar-2020 07:00:00 +0000"'* ]]
    [[ ${lines[2]} == *"$(date -u +-%b-%Y)"* ]]
    [[ ${lines[3]} == *"$(date -u +-%b-%Y)"* ]]
}

@test "without LITERAL+, the server is asked before each message" {
    with_mail 20
    start_imap --no LITERALS
    script_rc
    wanted 0
    same_mail "$work/sent" "$taken"
    [ "$(commands 'APPEND.*[0-9]}$')" -eq 20 ]
}

@test "with LITERAL- only, it is asked before each large one" {
    mkdir -p "$work/mail"
    printf 'Subject: small\r\n\r\nx\r\n' >"$work/mail/1"
    printf 'Subject: large\r\n\r\n%04100d\r\n' 1 >"$work/mail/2"
    printf 'Subject: small, too\r\n\r\nx\r\n' >"$work/mail/3"
    cp -r "$work/mail" "$work/sent"
    start_server --folder "$work/mail"
    start_imap --no LITERAL+
    script_rc
    wanted 0
    same_mail "$work/sent" "$taken"
    [ "$(commands 'APPEND.*+}$')" -eq 2 ]
    [ "$(commands 'APPEND.*[0-9]}$')" -eq 1 ]
}

sent_16() {
    [ "$(commands APPEND)" -ge 16 ]
}

@test "several messages are on their way before the first is answered" {
    alike 40
    # None is answered.
    start_imap --no MULTIAPPEND --reply "text:0:-"
    script_rc "delete = now"
    "$KEEPMAIL" -f "$rc" 2>"$work/said" &
    local run=$!
    soon test -s "$taken/commands"
    soon sent_16
    kill "$run"
    wait "$run" || status=$?
    [ "$status" -eq 75 ]
    [ "$(commands APPEND)" -eq 16 ]
    # All that it has is found; none is doubled.
    start_imap --no MULTIAPPEND
    script_rc "delete = now"
    wanted 0
    same_mail "$work/sent" "$taken"
    [ "$(left)" -eq 0 ]
}

@test "a message with a NUL is sent as binary, or stays on the server" {
    mkdir -p "$work/mail"
    printf 'Subject: nul\n\na\0b\n' >"$work/mail/000000.eml"
    printf 'Subject: none\n\nab\n' >"$work/mail/000001.eml"
    cp -r "$work/mail" "$work/sent"
    start_server --folder "$work/mail" --shared
    start_imap --no BINARY
    script_rc "delete = now"
    wanted 69
    says "it contains a NUL byte"
    [ "$(taken)" -eq 1 ]
    [ "$(left)" -eq 1 ]
    start_imap
    script_rc "delete = now"
    wanted 0 retry a 000000.eml
    wanted 0
    same_mail "$work/sent" "$taken"
    [ "$(left)" -eq 0 ]
}

@test "a folder that does not exist is created, with any name" {
    with_mail 2
    with_dovecot
    folder="B%C3%BCro &+ \\\"x\\\""
    imap_rc
    wanted 0 check
    says "to be created by the first run"
    wanted 0
    says_nothing
    [ -d "$taken/.B&APw-ro &-+ \"x\"" ]
    [ "$(taken)" -eq 2 ]
    grep -q 'ro' "$taken/subscriptions"
    wanted 0 check
    says "an IMAP mailbox"
    says_not "to be created"
}

@test "a folder that cannot be created costs no download" {
    with_mail 2
    start_imap --reply "status:0:NO [NONEXISTENT] no" --reply "create:0:NO [NOPERM] not yours"
    folder=x
    script_rc
    wanted 73
    says "the mailbox imap://jane@localhost:$imap_port/x does not exist and cannot be created"
    says "not yours"
    [ "$(reported sessions)" -eq 0 ]
}

@test "a server that is down, or refuses the login, costs no login, and nothing is fetched" {
    with_mail 2
    start_imap --reply "login:0:NO [AUTHENTICATIONFAILED] who are you?"
    script_rc
    wanted 77
    says "localhost:$imap_port refused the login: check the user name and password, and whether the provider requires IMAP to be enabled"
    says "who are you?"
    start_imap --reply "login:0:NO [UNAVAILABLE] later"
    script_rc
    wanted 75
    says "it has a temporary problem, try again later"
    stop_imap
    wanted 75
    says "cannot connect to localhost:$imap_port"
    says "Check imap, and your network connection"
    [ "$(reported sessions)" -eq 0 ]
}

@test "its certificate is verified, and its pin" {
    with_mail 1
    with_dovecot
    cp "$work/imap.pem" "$work/right.pem"
    cp "$work/pop3.pem" "$work/imap.pem"
    imap_rc
    wanted 69
    says "the certificate of localhost:$imaps_port is not trusted, and no password was sent"
    says "name a file with its certificate in imap-tls-ca"
    [[ $output =~ "imap-tls-pin = "(sha256//[^ ]*=) ]]
    cp "$work/right.pem" "$work/imap.pem"
    imap_rc "imap-tls-pin = \"${BASH_REMATCH[1]}\""
    wanted 0
    imap_rc 'imap-tls-pin = "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="'
    wanted 69
    says "is not the one of imap-tls-pin"
}

@test "a server that does not speak TLS, or IMAP, is reported as such" {
    with_mail 1
    start_imap
    write_rc "imap = \"imaps://jane@localhost:$imap_port\"" \
        "imap-password-file = \"$work/pw\""
    wanted 69
    says "cannot set up TLS with localhost:$imap_port"
    says "port 993 is for imaps://"
    write_rc "imap = \"imap://jane@localhost:$port\"" \
        "imap-password-file = \"$work/pw\""
    wanted 76
    says "is not an IMAP server"
}

@test "a quota that is full ends the run, and the next one goes on" {
    with_mail 10
    start_imap --no MULTIAPPEND --reply "text:4:NO [OVERQUOTA] full"
    script_rc "delete = now"
    wanted 75
    says "refused a message: nothing more is delivered in this run"
    says "full"
    # Those behind it were on their way.
    local took
    took=$(taken)
    [ "$took" -ge 3 ]
    start_imap --no MULTIAPPEND
    script_rc "delete = now"
    wanted 0
    same_mail "$work/sent" "$taken"
    [ "$(left)" -eq 0 ]
}

@test "a message that is refused for good stays on the server, and the others go on" {
    with_mail 10
    start_imap --no MULTIAPPEND --reply "text:4:NO [LIMIT] too ugly"
    script_rc "delete = now"
    wanted 69
    says "refused it"
    says "too ugly"
    [ "$(taken)" -eq 9 ]
    [ "$(left)" -eq 1 ]
}

@test "three refusals in a row end the run" {
    with_mail 40
    start_imap --no MULTIAPPEND --reply "text:0:BAD no"
    script_rc "delete = now"
    wanted 75
    says "messages in a row: no other is delivered in this run"
    [ "$(taken)" -eq 0 ]
    [ "$(left)" -eq 40 ]
    [ "$(commands APPEND)" -le 18 ]
}

@test "a refusal before the text was sent is an answer, too" {
    with_mail 3
    start_imap --no LITERALS --reply "append:2:NO [TOOBIG] no"
    script_rc
    wanted 69
    [ "$(taken)" -eq 2 ]
    [ "$(commands APPEND)" -eq 3 ]
}

@test "an answer that is lost: the next run asks, and delivers only what is missing" {
    with_mail 30
    local n
    for n in 1 7 16 29; do
        rm -rf "$work/state" "$taken" "$work/mail"
        cp -r "$work/sent" "$work/mail"
        start_server --folder "$work/mail" --shared
        start_imap --no MULTIAPPEND --reply "text:$n:"
        script_rc "delete = now"
        wanted 75
        says "it closed the connection"
        [ "$(taken)" -eq "$n" ]
        start_imap --no MULTIAPPEND
        script_rc "delete = now"
        wanted 0 -v
        says "an earlier run was interrupted while storing"
        same_mail "$work/sent" "$taken"
        [ "$(left)" -eq 0 ]
    done
}

@test "Dovecot, too, is asked for what was not confirmed" {
    make_mail 30
    # Dovecot does not return a CR at the end of a line.
    grep -lr $'\r' "$work/mail" | xargs rm
    rm -r "$work/sent"
    cp -r "$work/mail" "$work/sent"
    start_server --folder "$work/mail" --shared
    with_dovecot
    imap_rc "delete = now"
    killed_at write,sendto 60 || skip "not killed"
    wanted 0
    same_as_sent
    [ "$(left)" -eq 0 ]
}

@test "a mailbox that was made anew, or another one, is not asked" {
    with_mail 3
    start_imap --no MULTIAPPEND --reply "text:3:"
    script_rc
    wanted 75
    in_store "UPDATE message SET name = replace(name, 'UIDVALIDITY 7', 'UIDVALIDITY 6')"
    start_imap --no MULTIAPPEND
    script_rc
    wanted 0
    [ "$(taken)" -eq 4 ]
}

@test "killed at each call to either server: nothing is lost or doubled" {
    needs_plain_build
    command -v strace >/dev/null || skip "no strace here"
    local n=1 killed=0
    make_mail 6
    while :; do
        rm -rf "$work/state" "$taken" "$work/mail"
        cp -r "$work/sent" "$work/mail"
        start_server --folder "$work/mail" --shared
        start_imap
        script_rc "delete = now"
        killed_at sendto,recvfrom,pwrite64 "$n" || break
        killed=$((killed + 1))
        wanted 0
        same_mail "$work/sent" "$taken"
        [ "$(left)" -eq 0 ]
        n=$((n + 5))
    done
    [ "$killed" -ge 9 ]
}

@test "two messages with the same text are both delivered with duplicates = keep" {
    mkdir -p "$work/mail"
    printf 'Subject: 1\r\n\r\nx\r\n' >"$work/mail/1"
    cp "$work/mail/1" "$work/mail/2"
    cp -r "$work/mail" "$work/sent"
    start_server --folder "$work/mail" --shared
    start_imap --no MULTIAPPEND --reply "text:2:"
    script_rc "duplicates = keep" "delete = now"
    wanted 75
    start_imap --no MULTIAPPEND
    script_rc "duplicates = keep" "delete = now"
    wanted 0
    same_mail "$work/sent" "$taken"
}

@test "settings: a password is needed, and none in the URL" {
    with_mail 1
    write_rc 'imap = "imaps://jane@localhost"'
    wanted 78
    says "imap needs a password too: add imap-password-command or imap-password-file"
    write_rc 'imap = "imaps://jane:secret@localhost"'
    wanted 78
    says 'expected a URL such as "imaps://USER@HOST/FOLDER", without a password'
    says_not secret
    write_rc 'imap = "imaps://jane@localhost"' 'imap-password-command = "exit 3"'
    wanted 78
    says "imap-password-command failed with exit status 3"
    write_rc 'imap = "imaps://jane@localhost"' 'imap-password-file = "/nowhere"'
    wanted 78
    says "cannot open imap-password-file /nowhere"
    write_rc 'imap = "imaps://jane@localhost"' "imap-password-file = \"$work/pw\"" \
        'delete = "when purged"'
    wanted 78
    says "and imap hands mail over"
}

@test "the password command is told which server and user it is for" {
    with_mail 1
    start_imap
    write_rc "imap = \"imap://jane@localhost:$imap_port\"" \
        "imap-password-command = \"env >$work/env; echo pw\""
    wanted 0
    grep -q '^KEEPMAIL_SERVER=localhost$' "$work/env"
    grep -q '^KEEPMAIL_USER=jane$' "$work/env"
}

@test "history tells where a message is" {
    with_mail 1
    start_imap
    script_rc
    wanted 0
    wanted 0 history a "$(in_store "SELECT uid FROM message")"
    says "UID 1 (UIDVALIDITY 7)"
}

@test "verify and rebuild say that mail was handed over" {
    with_mail 1
    start_imap
    script_rc
    wanted 0
    wanted 0 verify -v
    says "mail is handed over to imap://jane@localhost:$imap_port"
    wanted 78 rebuild a
    says "hands its mail over to imap://jane@localhost:$imap_port, where it cannot be read again"
}

@test "with MULTIAPPEND, many messages are one command, and each gets its UID" {
    with_mail 200
    start_imap
    script_rc
    wanted 0
    same_mail "$work/sent" "$taken"
    [ "$(commands APPEND)" -lt 20 ]
    [ "$(in_store "SELECT count(DISTINCT name) FROM message WHERE name LIKE 'UID % (UIDVALIDITY 7)'")" -eq 200 ]
}

@test "a large message among small ones" {
    make_mail 10
    head -c 5000000 /dev/zero | tr '\0' x | fold -w 70 >"$work/mail/000004.eml"
    rm -r "$work/sent"
    cp -r "$work/mail" "$work/sent"
    start_server --folder "$work/mail" --shared
    local without
    for without in MULTIAPPEND LITERALS none; do
        rm -rf "$work/state" "$taken"
        start_imap --no "$without"
        script_rc
        wanted 0
        same_mail "$work/sent" "$taken"
    done
    # It is asked for, piece by piece.
    rm -rf "$work/state" "$taken"
    start_imap --reply "text:0:"
    script_rc
    wanted 75
    start_imap
    script_rc
    wanted 0
    same_mail "$work/sent" "$taken"
}

@test "if such a command is refused, its messages are sent one by one" {
    with_mail 100
    start_imap --refuse "Subject: kind 6, message 6"
    script_rc "delete = now"
    wanted 69
    says "too ugly"
    [ "$(taken)" -eq 99 ]
    [ "$(left)" -eq 1 ]
    grep -q "kind 6, message 6" "$work/mail"/*
    [ "$(commands APPEND)" -lt 90 ]
}

@test "if its answer is lost, the next run asks for each message" {
    with_mail 100
    start_imap --reply "text:0:"
    script_rc "delete = now"
    wanted 75
    [ "$(taken)" -gt 10 ]
    [ "$(taken)" -le 64 ]
    start_imap
    script_rc "delete = now"
    wanted 0
    same_mail "$work/sent" "$taken"
    [ "$(left)" -eq 0 ]
}

@test "a command refused for now, or for the whole mailbox, is not divided" {
    with_mail 30
    local code
    for code in OVERQUOTA NOPERM; do
        start_imap --reply "text:0:NO [$code] no"
        script_rc "delete = now"
        wanted 75
        [ "$(taken)" -eq 0 ]
        [ "$(left)" -eq 30 ]
    done
    [ "$(commands APPEND)" -le 4 ]
    start_imap
    script_rc "delete = now"
    wanted 0
    same_mail "$work/sent" "$taken"
}

# alike COUNT: messages of the same size, without Message-ID.
alike() {
    local i
    rm -rf "$work/mail" "$work/sent"
    mkdir -p "$work/mail"
    for ((i = 0; i < $1; i++)); do
        printf 'Subject: report %04d\n\nnumber %04d\n' $i $i >"$work/mail/$(printf %06d $i)"
    done
    cp -r "$work/mail" "$work/sent"
    start_server --folder "$work/mail" --shared
}

# delivered_once [SETTING...]: the next run, after which nothing is missing or doubled.
delivered_once() {
    start_imap
    script_rc "$@" "delete = now"
    wanted 0
    same_mail "$work/sent" "$taken"
    [ "$(left)" -eq 0 ]
}

@test "an OK before the text was sent confirms nothing" {
    with_mail 3
    start_imap --no LITERALS --reply "append:2:OK done"
    script_rc "delete = now"
    wanted 75
    says "gave an unexpected answer to a message"
    [ "$(taken)" -eq 1 ]
    delivered_once
}

@test "what is confirmed is not searched for, however many are alike" {
    alike 300
    start_imap --no MULTIAPPEND --reply "text:280:"
    script_rc "delete = now"
    wanted 75
    : >"$taken/commands"
    delivered_once
    [ "$(commands FETCH)" -lt 1000 ]
}

@test "a confirmed message is not taken for another one with the same text" {
    mkdir -p "$work/mail"
    printf 'Subject: 1\n\nx\n' >"$work/mail/1"
    cp "$work/mail/1" "$work/mail/2"
    cp -r "$work/mail" "$work/sent"
    start_server --folder "$work/mail" --shared
    # It closes without having stored the second.
    start_imap --no MULTIAPPEND --reply "text:2:* BYE going down"
    script_rc "duplicates = keep" "delete = now"
    wanted 75
    says "ended the connection"
    says "going down"
    [ "$(taken)" -eq 1 ]
    delivered_once "duplicates = keep"
}

@test "a search that is refused for now ends the run; for good, all is delivered again" {
    with_mail 5
    local stage
    start_imap --no MULTIAPPEND --reply "text:3:"
    script_rc "delete = now"
    wanted 75
    for stage in examine search fetch; do
        start_imap --reply "$stage:0:NO [UNAVAILABLE] later"
        wanted 75
        says "refused"
        [ "$(taken)" -eq 3 ]
    done
    start_imap --reply "search:0:BAD what?"
    wanted 0
    # But for two that were confirmed, unless their answers were lost, too.
    [ "$(taken)" -ge 6 ]
    [ "$(taken)" -le 8 ]
    [ "$(left)" -eq 0 ]
}

@test "the password is shown nowhere, even if the server repeats it" {
    with_mail 3
    printf 'hunter2secret\n' >"$work/pw"
    local words="hunter2secret AGphbmUAaHVudGVyMnNlY3JldA==" reply
    for reply in "text:0:NO [UNAVAILABLE] $words" "text:0:NO $words" \
        "text:0:* BYE $words" "status:0:NO [UNAVAILABLE] $words" \
        "capability:0:NO $words" "login:0:NO $words"; do
        start_imap --reply "$reply"
        script_rc
        run keepmail -vvv
        [ "$status" -ne 0 ]
        says_not hunter2
        says_not aHVudGVy
    done
}

@test "a signal ends the run, even if the server sends something all the time" {
    with_mail 3
    start_imap --reply "text:0:~"
    script_rc "delete = now"
    "$KEEPMAIL" -f "$rc" 2>"$work/said" &
    local run=$!
    soon grep -q APPEND "$taken/commands"
    kill "$run"
    wait "$run" || status=$?
    [ "$status" -eq 75 ]
    grep -q "a signal ended the run" "$work/said"
    delivered_once
}

@test "a large message is announced before it is sent, and can be refused" {
    make_mail 3
    head -c 300000 /dev/zero | tr '\0' x | fold -w 70 >"$work/mail/000001.eml"
    start_server --folder "$work/mail" --shared
    start_imap --reply "append:0:NO [TOOBIG] too large"
    script_rc "delete = now"
    wanted 69
    says "too large"
    [ "$(left)" -eq 1 ]
}

@test "the last words of a server that hangs up are shown" {
    with_mail 1
    start_imap --reply "greeting:0:* BYE too many connections"
    script_rc
    wanted 75
    says "too many connections"
    start_imap --reply "login:0:* BYE not today"
    wanted 75
    says "not today"
    start_imap --reply "text:0:* BYE too large for me"
    wanted 75
    says "too large for me"
}

@test "a server that counts the user as logged in before the login is not trusted" {
    with_mail 1
    start_imap --reply "greeting:0:* PREAUTH hello root"
    script_rc
    run keepmail
    [ "$status" -ne 0 ]
    [ "$(taken)" -eq 0 ]
}

@test "a folder that another program creates at the same time is used" {
    with_mail 1
    start_imap --reply "create:0:NO [UNAVAILABLE] later" --reply "status:0:NO [NONEXISTENT] no"
    folder=x
    script_rc
    wanted 75
    says "later"
    with_dovecot
    folder=made
    imap_rc
    wanted 0
    [ "$(taken)" -eq 1 ]
}

@test "an empty message is found again, too" {
    mkdir -p "$work/mail"
    : >"$work/mail/1"
    printf '\n' >"$work/mail/2"
    cp -r "$work/mail" "$work/sent"
    start_server --folder "$work/mail" --shared
    start_imap --reply "text:0:"
    script_rc "delete = now"
    wanted 75
    delivered_once
}

@test "to another machine, imap:// changes to TLS, or sends no password" {
    with_mail 2
    with_dovecot
    # It is this machine, but does not look like it.
    write_rc "imap = \"imap://u@0.0.0.0:$imap_port\"" \
        "imap-password-file = \"$work/pw\"" "imap-tls-ca = \"$work/imap.pem\""
    wanted 0
    same_as_sent
    start_imap
    write_rc "imap = \"imap://u@0.0.0.0:$imap_port\"" \
        "imap-password-file = \"$work/pw\""
    wanted 69
    says "does not support STARTTLS, which imap:// requires, and no password was sent"
    [ "$(commands 'AUTHENTICATE\|LOGIN')" -eq 0 ]
}

@test "a message at which the server hangs up each time does not hold up the others for good" {
    make_mail 6
    sed -i '1iX-Bad: poison\r' "$work/mail/000003.eml"
    start_server --folder "$work/mail" --shared
    local i lacks
    for lacks in NOTHING MULTIAPPEND; do
        rm -rf "$work/state" "$taken"
        start_imap --no $lacks --refuse "X-Bad: poison" --reply refused:0:
        script_rc
        for ((i = 0; i < 8; i++)); do
            run keepmail
        done
        [ "$status" -eq 0 ]
        [ "$(taken)" -eq 5 ]
        [ "$(in_store "SELECT uid FROM trouble")" = 000003.eml ]
    done
}
