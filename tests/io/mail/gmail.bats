#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Mail handed over to Gmail, by its import call: a scripted server.

load ../../lib/helpers

setup() {
    common_setup
    taken=$work/taken
    mkdir -p "$taken"/{new,cur,tmp}
    echo good >"$taken/token"
    # Counts how often it is run.
    printf '#!/bin/sh\necho x >>"%s/asked"\ncat "%s/mine"\n' "$work" "$work" >"$work/token"
    chmod 700 "$work/token"
    echo good >"$work/mine"
}

teardown() {
    [ ! -e "$work/relay" ] || kill "$(cat "$work/relay")" 2>/dev/null
    [ ! -e "$work/gmail" ] || kill "$(cat "$work/gmail")" 2>/dev/null
    common_teardown
}

# start_gmail [gmailserver's options]: what it takes is in $taken.
start_gmail() {
    if [ -e "$work/gmail" ]; then
        kill "$(cat "$work/gmail")"
        soon no_longer_runs "$(cat "$work/gmail")"
    fi
    "$lib/gmailserver" "$@" "$work/gmail-port" "$taken" 3>&- &
    echo $! >"$work/gmail"
    disown
    soon test -s "$work/gmail-port"
    gmail_port=$(cat "$work/gmail-port")
}

# gmail_rc [SETTING...]
gmail_rc() {
    write_rc "gmail = ${user:-me}" "gmail-token-command = \"$work/token\"" \
        "gmail-url = \"${url:-http://localhost:$gmail_port}\"" "$@"
}

taken() {
    find "$taken/new" -type f | wc -l
}

@test "mail is imported byte for byte, only once, unread and into the inbox" {
    with_mail 150
    start_gmail
    gmail_rc
    wanted 0
    says_nothing
    same_mail "$work/sent" "$taken"
    [ "$(grep -c '{"labelIds": \["INBOX", "UNREAD"\]}' "$taken/parts")" -eq 150 ]
    grep -q '^POST /upload/gmail/v1/users/me/messages/import?uploadType=multipart&internalDateSource=dateHeader HTTP/1.1$' \
        "$taken/commands"
    wanted 0 -v
    says "fetched 0 (0 B), deleted 0, left 150"
    [ "$(taken)" -eq 150 ]
    # One token each.
    [ "$(wc -l <"$work/asked")" -eq 2 ]
}

@test "over TLS, verified" {
    with_mail 5
    start_gmail
    make_certificate
    "$lib/tlsrelay" "$work/cert.pem" "$work/key.pem" "$work/tls-port" "$gmail_port" 3>&- &
    echo $! >"$work/relay"
    disown
    soon test -s "$work/tls-port"
    url=https://localhost:$(cat "$work/tls-port")
    gmail_rc "delete = now"
    wanted 69
    says "gmail-tls-ca"
    [ "$(left)" -eq 5 ]
    gmail_rc "delete = now" "gmail-tls-ca = \"$work/cert.pem\""
    wanted 0
    [ "$(left)" -eq 0 ]
    same_mail "$work/sent" "$taken"
}

make_certificate() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
        -keyout "$work/key.pem" -out "$work/cert.pem" -days 30 -subj /CN=localhost \
        -addext subjectAltName=DNS:localhost 2>/dev/null
}

@test "labels can be chosen, and spam be let through" {
    with_mail 2
    start_gmail
    user=jane@example.org gmail_rc "gmail-labels = 'INBOX Label_7'" "gmail-never-spam = true"
    wanted 0
    grep -q '{"labelIds": \["INBOX", "Label_7"\]}' "$taken/parts"
    grep -q 'users/jane@example.org/messages/import?.*&neverMarkSpam=true' "$taken/commands"
}

@test "mail is deleted only once Gmail has it, and a refused message stays" {
    with_mail 6
    grep -l . "$work"/mail/* | sed -n 3p | xargs sed -i '1iX-Bad: attachment\r'
    rm -r "$work/sent" && cp -r "$work/mail" "$work/sent"
    start_gmail --refuse "X-Bad: attachment"
    gmail_rc "delete = now"
    wanted 69
    says "Gmail (me) refused it (status 400)"
    says "Invalid attachment."
    [ "$(taken)" -eq 5 ]
    [ "$(left)" -eq 1 ]
    run keepmail list --local a
    [[ $output == *"Invalid attachment."* ]]
}

@test "a token that is no longer valid is renewed once" {
    with_mail 3
    start_gmail
    gmail_rc "delete = now"
    echo stale >"$work/mine"
    printf '#!/bin/sh\necho x >>"%s/asked"\ncat "%s/mine"\necho good >"%s/mine"\n' \
        "$work" "$work" "$work" >"$work/token"
    wanted 0
    [ "$(wc -l <"$work/asked")" -eq 2 ]
    [ "$(left)" -eq 0 ]
}

@test "a token that is refused costs no download, and ends with 77" {
    with_mail 3
    start_gmail
    gmail_rc "delete = now"
    echo bad >"$work/mine"
    wanted 77
    says "Gmail (me) did not accept the token of gmail-token-command"
    says "Invalid Credentials"
    [ "$(wc -l <"$work/asked")" -eq 2 ]
    wanted 77 check
    [[ $output == *"did not accept the token"* ]]
    printf '#!/bin/sh\nexit 3\n' >"$work/token"
    wanted 78
    says "gmail-token-command failed with exit status 3"
    [ "$(left)" -eq 3 ]
    [ "$(taken)" -eq 0 ]
    echo good >"$work/mine"
    printf '#!/bin/sh\necho good\n' >"$work/token"
    wanted 0 check
    [[ $output == *"Gmail (me), Gmail"* ]]
    wanted 0
    [ "$(left)" -eq 0 ]
}

@test "a token that may not import ends the run" {
    with_mail 3
    start_gmail --reply 'import:0:403 {"error": {"message": "Insufficient Permission", "errors": [{"reason": "insufficientPermissions"}]}}'
    gmail_rc "delete = now"
    wanted 77
    says "the token needs the scope gmail.insert"
    [ "$(left)" -eq 3 ]
}

@test "a limit of use is waited for, and then the run ends" {
    with_mail 3
    start_gmail --reply 'import:1:429;0 {}' \
        --reply 'import:2:403;1 {"error": {"errors": [{"reason": "userRateLimitExceeded"}]}}' \
        --reply 'import:3:503;0 {"error": {"errors": [{"reason": "rateLimitExceeded"}]}}'
    gmail_rc "delete = now"
    wanted 0
    [ "$(taken)" -eq 3 ]
    [ "$(left)" -eq 0 ]
    cp "$work"/sent/* "$work/mail"
    rm -r "$work/state"
    start_gmail --reply 'import:0:429;0 {"error": {"message": "Too many"}}'
    wanted 75
    says "Gmail (me) cannot take mail now (status 429)"
    [ "$(left)" -eq 3 ]
    # No longer than a minute.
    start_gmail --reply 'import:0:429;3600 {}'
    SECONDS=0
    wanted 75
    [ "$SECONDS" -lt 30 ]
    [ "$(left)" -eq 3 ]
}

@test "a lost answer leads to one more copy, and to no loss" {
    with_mail 4
    start_gmail --reply 'import:2:'
    gmail_rc "delete = now"
    wanted 75
    says "it closed the connection"
    [ "$(left)" -eq 4 ]
    start_gmail
    wanted 0 -v
    [ "$(left)" -eq 0 ]
    [ "$(taken)" -eq 5 ]
    [ "$(md5sum "$taken"/new/* | cut -d' ' -f1 | sort -u | wc -l)" -eq 4 ]
}

@test "what is no answer of Gmail's is no confirmation" {
    local body
    for body in '{}' '{"id": null}' '{"id": false}' '{"id": {"a": 1}}' '{"id": ["q"]}' \
        '{"error": {"id": "x"}}' '{"a": {"id": "x"}}' '<script>x={"id":"login"}</script>' \
        '{"id": "cut'; do
        rm -rf "$work/state"
        with_mail 1
        start_gmail --reply "import:0:200 $body"
        gmail_rc "delete = now"
        wanted 75
        says "what answered is not Gmail (me) (status 200)"
        [ "$(left)" -eq 1 ]
    done
    start_gmail --reply 'import:0:201 {"id": "x"}'
    wanted 75
    [ "$(left)" -eq 1 ]
}

@test "an answer that takes longer than timeout is waited for" {
    with_mail 2
    # libcurl ends a transfer by its average speed, over several seconds.
    start_gmail --delay 9000
    gmail_rc "delete = now" "timeout = 1"
    wanted 0
    [ "$(taken)" -eq 2 ]
    [ "$(left)" -eq 0 ]
}

@test "after a 503 that names no limit, the message is not sent again in the same run" {
    with_mail 1
    start_gmail \
        --reply 'import:0:+503;1 {"error": {"code": 503, "errors": [{"reason": "backendError"}]}}'
    gmail_rc "delete = now"
    wanted 75
    [ "$(taken)" -eq 1 ]
    [ "$(left)" -eq 1 ]
}

@test "a message on which Gmail fails each time does not hold up the others for good" {
    with_mail 6
    sed -i '1iX-Bad: attachment\r' "$work/mail/000002.eml"
    start_gmail --refuse "X-Bad: attachment" \
        --reply 'refused:0:500 {"error": {"code": 500, "message": "Internal error"}}'
    gmail_rc "delete = now"
    wanted 75
    [ "$(taken)" -eq 2 ]
    # It is tried twice more, after all others, and then later.
    wanted 75
    [ "$(taken)" -eq 5 ]
    wanted 75
    wanted 0
    [ "$(taken)" -eq 5 ]
    [ "$(left)" -eq 1 ]
    wanted 0 list a
    says "000002.eml"
}

@test "while Gmail fails on everything, no message is given up" {
    with_mail 2
    start_gmail --reply 'import:0:500 {"error": {}}'
    gmail_rc "delete = now"
    local i
    for i in 1 2 3 4 5 6 7 8 9; do
        wanted 75
        in_store "UPDATE trouble SET next_at = 0"
    done
    [ "$(in_store "SELECT count(*) FROM trouble WHERE quarantined_at IS NULL")" -eq 2 ]
    wanted 75
    [ "$(in_store "SELECT max(next_at - last_at) FROM trouble")" -eq 3600 ]
    start_gmail
    in_store "UPDATE trouble SET next_at = 0"
    wanted 0
    [ "$(taken)" -eq 2 ]
    [ "$(left)" -eq 0 ]
}

@test "a token file that nobody writes to ends with timeout" {
    with_mail 1
    start_gmail
    mkfifo -m 600 "$work/fifo"
    write_rc "gmail = me" "gmail-token-file = \"$work/fifo\"" \
        "gmail-url = 'http://localhost:$gmail_port'" "timeout = 2"
    wanted 75
    says "see that it is an ordinary file"
}

@test "a gateway that gave up is not asked again in the same run" {
    with_mail 2
    start_gmail --reply 'import:1:+504 gateway timeout'
    gmail_rc "delete = now"
    wanted 75
    says "cannot take mail now (status 504)"
    [ "$(taken)" -eq 1 ]
    [ "$(left)" -eq 2 ]
}

@test "a token that the server says, escaped or cut, is hidden" {
    with_mail 1
    printf 'ya29.secretsecretsecretABC=tail\n' | tee "$work/mine" >"$taken/token"
    start_gmail --reply 'import:0:400 {"error": {"message": "bad ya29.secretsecretsecretABC\u003dtail"}}'
    gmail_rc
    wanted 69
    [[ $output == *"bad ****"* ]]
    [[ $output != *secretsecret* ]]
    run keepmail list --local a
    [[ $output != *secretsecret* ]]
}

@test "a token command that hangs is ended by a signal" {
    with_mail 1
    start_gmail
    printf '#!/bin/sh\nexec sleep 100\n' >"$work/token"
    gmail_rc "timeout = 60"
    "$KEEPMAIL" -f "$rc" 2>"$work/said" 3>&- &
    local pid=$!
    sleep 1
    SECONDS=0
    kill -TERM $pid
    wait $pid || true
    [ "$SECONDS" -lt 30 ]
}

@test "a wrong label, a page in the place of Gmail, and no token are told apart" {
    with_mail 4
    start_gmail --reply 'import:0:400 {"error": {"message": "Invalid label: Label_7"}}'
    gmail_rc "delete = now"
    wanted 78
    says "does not know a label of gmail-labels"
    says "Invalid label: Label_7"
    start_gmail --reply 'import:0:400 <html>too large</html>'
    wanted 75
    says "what answered is not Gmail (me) (status 400)"
    start_gmail --reply 'profile:0:403 {"error": {"errors": [{"reason": "accessNotConfigured"}]}}'
    wanted 77
    says "its project the Gmail API"
    printf '#!/bin/sh\necho "{\\"access_token\\": 1}"\n' >"$work/token"
    wanted 78
    says "what gmail-token-command gives is not an access token"
    [ "$(left)" -eq 4 ]
    [ "$(taken)" -eq 0 ]
}

@test "check asks before the first run, and imports nothing" {
    with_mail 1
    start_gmail
    gmail_rc
    wanted 0 check
    [ "$(taken)" -eq 0 ]
}

@test "a server that is not there costs no download" {
    with_mail 1
    gmail_port=1
    gmail_rc "delete = now"
    wanted 75
    says "no answer from localhost:1"
    [ "$(left)" -eq 1 ]
}

@test "killed at each call of the run: nothing is lost, and one message at most comes twice" {
    [ -z "${KEEPMAIL_THIN:-}" ] || skip "the gate ran it whole before"
    needs_plain_build
    with_mail 4
    start_gmail
    gmail_rc "delete = now"
    local calls k
    cp -r "$work/mail" "$work/saved"
    "$TESTS_BUILD/torture/strike" -o "$work/calls" "$KEEPMAIL" -f "$rc" || [ $? -ne 125 ] ||
        skip "calls cannot be traced here"
    calls=$(wc -l <"$work/calls")
    [ "$calls" -gt 20 ]
    for ((k = 1; k <= calls; k += 7)); do
        rm -rf "$work/state" "$work/mail" "$taken"/new/*
        cp -r "$work/saved" "$work/mail"
        "$TESTS_BUILD/torture/strike" -n "$k" "$KEEPMAIL" -f "$rc" >/dev/null 2>&1 || true
        wanted 0
        [ "$(left)" -eq 0 ]
        [ "$(md5sum "$taken"/new/* | cut -d' ' -f1 | sort -u | wc -l)" -eq 4 ]
        [ "$(taken)" -le 5 ]
    done
}

has_some() {
    [ "$(taken)" -gt 0 ]
}

@test "a signal ends the run, and nothing is lost" {
    with_mail 4
    start_gmail --delay 700
    gmail_rc "delete = now"
    "$KEEPMAIL" -f "$rc" 2>"$work/said" 3>&- &
    local pid=$!
    soon has_some
    kill -TERM $pid
    status=0
    wait $pid || status=$?
    [ "$status" -eq 75 ]
    start_gmail
    wanted 0
    [ "$(left)" -eq 0 ]
    [ "$(md5sum "$taken"/new/* | cut -d' ' -f1 | sort -u | wc -l)" -eq 4 ]
    [ "$(taken)" -le 5 ]
}

@test "a signal, and a kill, end a request that takes too long" {
    with_mail 1
    start_gmail --delay 30000
    gmail_rc "delete = now"
    "$KEEPMAIL" -f "$rc" 2>"$work/said" 3>&- &
    local pid=$!
    soon has_some
    SECONDS=0
    kill -TERM $pid
    status=0
    wait $pid || status=$?
    [ "$status" -eq 75 ]
    [ "$SECONDS" -lt 20 ]
    [ "$(left)" -eq 1 ]
    start_gmail --delay 30000
    "$KEEPMAIL" -f "$rc" 2>"$work/said" 3>&- &
    pid=$!
    rm "$taken"/new/*
    soon has_some
    kill -KILL $pid
    wait $pid || true
    start_gmail
    soon keepmail
    [ "$(left)" -eq 0 ]
}

@test "mistakes in the settings" {
    with_mail 1
    write_rc "gmail = me"
    wanted 78
    says "gmail needs a login too: add gmail-oauth-client-id, gmail-token-command or gmail-token-file"
    gmail_port=1
    url=http://example.org gmail_rc
    wanted 78
    gmail_rc "gmail-labels = 'a/b'"
    wanted 78
    gmail_rc "delete = 'when purged'"
    wanted 78
    says "gmail hands mail over"
}

@test "the token is in no argument, environment, log or message" {
    with_mail 2
    start_gmail --reply 'import:2:400 {"error": {"message": "your token good is bad"}}'
    gmail_rc
    run keepmail -vv
    [[ $output != *"Bearer"* ]]
    run grep -rs good "$work/state"
    [ "$status" -ne 0 ]
}
