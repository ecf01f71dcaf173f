#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Logins by OAuth: a scripted provider, and Dovecot, which asks it about tokens.

load ../../lib/helpers
load ../../lib/dovecot

setup() {
    common_setup
    provider=$work/provider
    mkdir -p "$provider"
}

teardown() {
    stop_provider
    [ ! -e "$work/gmail" ] || kill "$(cat "$work/gmail")" 2>/dev/null
    [ ! -e "$work/relay" ] || kill "$(cat "$work/relay")" 2>/dev/null
    stop_dovecot
    common_teardown
}

# start_provider [tokenserver's options]
start_provider() {
    stop_provider
    "$lib/tokenserver" "$@" "$work/provider-port" "$provider" 3>&- &
    echo $! >"$work/provider-pid"
    disown
    soon test -s "$work/provider-port"
    provider_port=$(cat "$work/provider-port")
    [ -e "$work/relay" ] || start_relay
    provider_url=https://localhost:$(cat "$work/relay-port")
}

# It is reached by HTTPS.
start_relay() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
        -keyout "$work/key.pem" -out "$work/cert.pem" -days 30 -subj /CN=localhost \
        -addext subjectAltName=DNS:localhost 2>/dev/null
    "$lib/tlsrelay" "$work/cert.pem" "$work/key.pem" "$work/relay-port" "$provider_port" 3>&- &
    echo $! >"$work/relay"
    disown
    soon test -s "$work/relay-port"
}

stop_provider() {
    [ -e "$work/provider-pid" ] || return 0
    kill "$(cat "$work/provider-pid")" 2>/dev/null || true
    soon no_longer_runs "$(cat "$work/provider-pid")"
    rm "$work/provider-pid"
}

# The mail of user u, who can log in only by a token that the provider knows.
start_mailbox() {
    find_dovecot || skip "no Dovecot 2.3 here"
    cat >"$work/oauth2.conf" <<END
introspection_mode = auth
introspection_url = http://127.0.0.1:$provider_port/introspect
active_attribute = active
active_value = true
username_attribute = user
END
    dovecot_settings="auth_mechanisms = plain xoauth2 oauthbearer
auth_failure_delay = 0
passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = $work/oauth2.conf
}"
    start_dovecot
    make_mail 3
    serve_again
}

# oauth_rc [SETTING...]
oauth_rc() {
    local url=${url:-$provider_url}
    rc=$work/rc
    [ -e "$work/server/cert.pem" ] || : >"$work/server/cert.pem"
    {
        printf 'state = "%s"\n' "$work/state"
        [ "$(id -u)" -ne 0 ] || printf 'run-as = root\n'
        [ -z "${UNCONFINED:-}" ] || printf 'confine = false\n'
        printf 'server = localhost\nport = %s\nuser = u\n' "${tls_port:-1}"
        printf 'tls-ca = "%s"\ntimeout = 10\n' "$work/server/cert.pem"
        printf 'maildir = "%s"\n' "$work/Mail"
        [ -n "${no_ca:-}" ] || printf 'oauth-tls-ca = "%s"\n' "$work/cert.pem"
        printf 'account a {\noauth = other\noauth-client-id = "me&co"\n'
        printf 'oauth-token-url = "%s/token"\n' "$url"
        printf 'oauth-device-url = "%s/device"\n' "$url"
        printf 'oauth-auth-url = "%s/authorize"\noauth-scope = "pop offline"\n' "$url"
        [ $# -eq 0 ] || printf '  %s\n' "$@"
        printf '}\n'
    } >"$rc"
    chmod 600 "$rc"
}

# By the code for devices.
logged_in() {
    oauth_rc
    wanted 0 login --device a
}

# The requests for tokens so far.
requests() {
    grep -c '^grant_type=' "$provider/commands" || true
}

# The access token is about to expire.
expire() {
    sed -i "s/^renewed .*/renewed $(($(date +%s) - 700))/" "$work/state/a.login"
    sed -i "s/^expires .*/expires $(($(date +%s) + ${1:-200}))/" "$work/state/a.login"
}

@test "a login by device, and mail is fetched from Dovecot by XOAUTH2" {
    start_provider
    start_mailbox
    oauth_rc
    wanted 77
    says "account a is not logged in yet: run keepmail login a"
    wanted 0 login a
    says "https://example.com/device"
    says "enter the code ABCD-EFGH"
    says "a: logged in; the login is renewed by each run"
    grep -q '^scope=pop%20offline&client_id=me%26co' "$provider/commands"
    [ "$(stat -c %a "$work/state/a.login")" = 600 ]
    wanted 0
    says_nothing
    same_mail "$work/sent" "$work/Mail"
    [ "$(requests)" -eq 1 ]
    wanted 0 check
    says "a token, by keepmail login"
    oauth_rc "auth = oauthbearer"
    wanted 0
}

@test "a token that expires soon is renewed first, and the refresh token is kept" {
    start_provider
    start_mailbox
    logged_in
    expire 299
    old=$(grep ^refresh-token "$work/state/a.login")
    wanted 0
    [ "$(requests)" -eq 2 ]
    grep -q '^grant_type=refresh_token&refresh_token=refresh%2F[0-9]*&client_id=me%26co$' \
        "$provider/commands"
    [ "$(grep ^refresh-token "$work/state/a.login")" = "$old" ]
    wanted 0
    [ "$(requests)" -eq 2 ]
    same_mail "$work/sent" "$work/Mail"
}

@test "a refresh token that comes with a renewal takes the place of the old one" {
    start_provider
    start_mailbox
    logged_in
    touch "$provider/rotate"
    for i in 1 2 3; do
        expire
        wanted 0
    done
    [ "$(requests)" -eq 4 ]
    [ "$(wc -l <"$provider/refresh")" -le 2 ]
    grep -qxF "$(sed -n 's/^refresh-token //p' "$work/state/a.login")" "$provider/refresh"
}

@test "a token that the server refuses is renewed once, also for list, check and rebuild" {
    start_provider
    start_mailbox
    logged_in
    for command in "" list check mark-seen; do
        : >"$provider/access"
        expire 3000
        # shellcheck disable=SC2086 # a command or none
        wanted 0 $command ${command:+a}
    done
    [ "$(requests)" -eq 5 ]
    # Not again and again.
    start_provider --reply "refresh:0:200 {\"access_token\": \"useless\"}"
    : >"$provider/access"
    expire 3000
    before=$(requests)
    wanted 77
    says "refused the token (status 401): check oauth-scope"
    wanted 77
    [ "$(($(requests) - before))" -eq 1 ]
}

@test "a login that the provider ended: 77, what to run, and no further requests" {
    start_provider
    start_mailbox
    logged_in
    : >"$provider/refresh"
    cp "$work/state/a.login" "$work/before"
    expire 0
    wanted 77
    says "the login of account a is no longer valid: run keepmail login a"
    says "AADSTS70008: The refresh token has expired."
    before=$(requests)
    wanted 77
    says "run keepmail login a"
    [ "$(requests)" -eq "$before" ]
    # It is kept, in case that it was an error, and tried again after a day.
    grep -q "$(grep ^refresh-token "$work/before")" "$work/state/a.login"
    sed -i "s/^refused .*/refused $(($(date +%s) - 90000))/" "$work/state/a.login"
    sed -n 's/^refresh-token //p' "$work/state/a.login" >"$provider/refresh"
    wanted 0
    grep -qx 'refused 0' "$work/state/a.login"
    # Another login ends it, too.
    : >"$provider/refresh"
    expire 0
    wanted 77
    wanted 0 login a
    wanted 0
}

@test "a provider that cannot answer is 75, and an access token is used to its end" {
    start_provider
    start_mailbox
    logged_in
    for reply in '429 slow' '500 {"error": "server_error"}' '503 down' '' '~' \
        '400 {"error": "temporarily_unavailable"}' '200 {"access_token":' '200 []'; do
        start_provider --reply "refresh:0:$reply"
        expire 200
        wanted 0
        expire 0
        wanted 75
        says_not "access-"
        says_not "refresh/"
    done
    stop_provider
    expire 0
    wanted 75
    says "no answer from localhost"
    # None of that ended the login.
    start_provider
    wanted 0
}

@test "what the provider says about the client or the scope is shown" {
    start_provider
    start_mailbox
    logged_in
    start_provider --reply 'refresh:1:401 {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret."}' \
        --reply 'refresh:2:400 {"error": "invalid_scope"}' \
        --reply 'refresh:3:404 <html>' \
        --reply 'refresh:4:400 {"error": "odd\u001b[31m", "error_description": "\u001b]0;x\u0007"}'
    expire 0
    wanted 77
    says "AADSTS7000215: Invalid client secret."
    says "check oauth-client-id, its secret, and how the client is registered"
    wanted 77
    says "check oauth-scope"
    wanted 75
    says "the provider's answer has no token (HTTP status 404): check oauth-token-url"
    wanted 77
    says_not $'\033'
    says_not $'\a'
}

@test "a login by a browser: code, PKCE, state" {
    start_provider
    oauth_rc
    cat >"$work/browser" <<'END'
#!/bin/bash
# Comes back to keepmail, first as somebody else would.
echo "$1" >"$0.url"
port=$(sed 's/.*redirect_uri=http%3A%2F%2F127.0.0.1%3A\([0-9]*\)%2F.*/\1/' "$0.url")
state=$(sed 's/.*&state=\([^&]*\).*/\1/' "$0.url")
for target in "/favicon.ico" "/?code=bad&state=x" "/?code=good-code&state=$state"; do
    exec 4<>"/dev/tcp/127.0.0.1/$port"
    printf 'GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n' "$target" >&4
    head -n 1 <&4 >>"$0.answers"
    exec 4>&-
done
END
    chmod 700 "$work/browser"
    BROWSER=$work/browser wanted 0 login a
    says "a: logged in"
    [ "$(grep -c 404 "$work/browser.answers")" -eq 2 ]
    [ "$(grep -c 200 "$work/browser.answers")" -eq 1 ]
    grep -q '/authorize?response_type=code&client_id=me%26co&.*&scope=pop%20offline&.*&code_challenge_method=S256' \
        "$work/browser.url"
    # RFC 7636: the challenge is the SHA-256 of the verifier.
    verifier=$(sed -n 's/.*code_verifier=\([^&]*\).*/\1/p' "$provider/commands")
    challenge=$(sed 's/.*code_challenge=\([^&]*\).*/\1/' "$work/browser.url" | tr '_-' '/+')
    [ ${#verifier} -eq 43 ]
    [ "$(printf %s "$verifier" | sha256sum | cut -d' ' -f1)" = \
        "$(printf '%s=' "$challenge" | base64 -d | od -An -tx1 | tr -d ' \n')" ]
    grep -q 'redirect_uri=http%3A%2F%2F127.0.0.1%3A[0-9]*%2F&code_verifier=' "$provider/commands"
}

@test "a login by a pasted URL" {
    start_provider
    oauth_rc 'oauth-redirect-url = "http://localhost:8080/x"'
    rm -f "$work/in"
    mkfifo "$work/in"
    "$KEEPMAIL" -f "$rc" login --paste a <"$work/in" >"$work/out" 2>&1 3>&- &
    pid=$!
    exec 5>"$work/in"
    soon grep -q 'paste it here' "$work/out"
    state=$(sed -n 's/.*&state=\([^&]*\).*/\1/p' "$work/out")
    grep -q 'redirect_uri=http%3A%2F%2Flocalhost%3A8080%2Fx' "$work/out"
    echo "http://localhost:8080/x?state=$state&code=good-code" >&5
    exec 5>&-
    wait $pid
    # One that is not from this login.
    run keepmail login --paste a <<<"http://localhost:8080/x?state=other&code=good-code"
    [ "$status" -eq 77 ]
    says "this is not the URL that this login ends at"
    run keepmail login --paste a </dev/null
    [ "$status" -eq 77 ]
    says "no URL was pasted"
}

@test "the person's part: pending, slow_down, declined, expired" {
    start_provider --reply 'device-token:1:400 {"error": "authorization_pending"}' \
        --reply 'device-token:2:400 {"error": "slow_down"}'
    oauth_rc
    begun=$(date +%s)
    wanted 0 login --device a
    # 1 and 1 seconds, then 6.
    [ $(($(date +%s) - begun)) -ge 7 ]
    [ "$(requests)" -eq 3 ]
    cp "$work/state/a.login" "$work/good"
    for error in authorization_declined access_denied; do
        start_provider --reply "device-token:0:400 {\"error\": \"$error\"}"
        wanted 77 login --device a
        says "the login was declined in the browser"
    done
    for error in expired_token bad_verification_code; do
        start_provider --reply "device-token:0:400 {\"error\": \"$error\"}"
        wanted 77 login --device a
        says "the code expired before it was entered: run keepmail login again"
    done
    start_provider --reply 'device:0:400 {"error": "invalid_scope", "error_description": "Invalid device flow scope"}'
    wanted 77 login --device a
    says "Invalid device flow scope"
    says "check oauth-scope"
    # An earlier login is not lost by one that failed.
    cmp "$work/good" "$work/state/a.login"
}

@test "client credentials: no person, and no refresh token" {
    start_provider
    start_mailbox
    echo 's3cr&t' >"$work/client-secret"
    chmod 600 "$work/client-secret"
    oauth_rc "oauth-grant = client" "oauth-client-secret-file = '$work/client-secret'"
    wanted 0
    grep -q '^grant_type=client_credentials&scope=pop%20offline&client_id=me%26co&client_secret=s3cr%26t$' \
        "$provider/commands"
    wanted 0
    [ "$(requests)" -eq 1 ]
    expire 10
    wanted 0
    [ "$(requests)" -eq 2 ]
    same_mail "$work/sent" "$work/Mail"
    wanted 64 login --device a
    says "no login by --device"
    wanted 0 login a
    start_provider --reply 'client:0:400 {"error": "invalid_grant", "error_description": "no such app"}'
    expire 0
    wanted 77
    says "the provider refuses the client me&co"
}

@test "two renewals at once ask the provider once" {
    start_provider --delay 500
    start_mailbox
    logged_in
    touch "$provider/rotate"
    expire 0
    for i in 1 2 3 4; do
        keepmail check >"$work/out.$i" 2>&1 &
        pids[i]=$!
    done
    for i in 1 2 3 4; do
        wait "${pids[i]}"
    done
    [ "$(requests)" -eq 2 ]
}

@test "killed at any call of a renewal, the login is not lost" {
    needs_plain_build
    start_provider
    start_mailbox
    logged_in
    touch "$provider/rotate"
    for calls in openat write pwrite64 fsync rename flock fchmod close sendto recvfrom \
        sendmsg recvmsg fallocate ftruncate unlink; do
        for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
            expire 0
            killed_at "$calls" "$n" || break
            # It may have been fetched before, and the session still be open.
            patiently
        done
    done
    same_mail "$work/sent" "$work/Mail"
}

@test "a signal does not end a renewal, and what it brought is not lost" {
    start_provider
    start_mailbox
    logged_in
    touch "$provider/rotate"
    start_provider --delay 4000
    for confine in true false; do
        oauth_rc "confine = $confine"
        expire 3000
        : >"$provider/access"
        before=$(requests)
        "$KEEPMAIL" -f "$rc" >"$work/out" 2>&1 3>&- &
        pid=$!
        soon has_asked "$before"
        kill -TERM $pid
        status=0
        wait $pid || status=$?
        [ "$status" -eq 75 ]
        soon has_newest
    done
}

# has_asked BEFORE: there is another request.
has_asked() {
    [ "$(requests)" -gt "$1" ]
}

# The newest refresh token is on record.
has_newest() {
    [ "$(sed -n 's/^refresh-token //p' "$work/state/a.login")" = "$(tail -n 1 "$provider/refresh")" ]
}

@test "a disk that is full: the provider is not asked for what cannot be kept" {
    needs_plain_build
    start_provider
    start_mailbox
    logged_in
    touch "$provider/rotate"
    expire 0
    before=$(requests)
    run strace -qq -f -o /dev/null -e trace=fallocate -e inject=fallocate:error=ENOSPC \
        "$KEEPMAIL" -f "$rc" check
    [ "$status" -eq 74 ]
    says "cannot write the login"
    says "No space left"
    [ "$(requests)" -eq "$before" ]
    wanted 0
    # Nor is a person asked to log in for nothing.
    run strace -qq -f -o /dev/null -e trace=fallocate -e inject=fallocate:error=ENOSPC \
        "$KEEPMAIL" -f "$rc" login --device a
    [ "$status" -eq 74 ]
    says_not "ABCD-EFGH"
}

@test "what was written before a kill or a failed rename is found again" {
    needs_plain_build
    start_provider
    start_mailbox
    logged_in
    touch "$provider/rotate"
    for harm in signal=KILL error=EIO; do
        expire 0
        run strace -qq -f -o /dev/null -e trace=rename -e "inject=rename:$harm:when=1" \
            "$KEEPMAIL" -f "$rc" check
        [ -e "$work/state/a.login-new" ]
        # From now on, only the newest one is good.
        tail -n 1 "$provider/refresh" >"$work/newest"
        cp "$work/newest" "$provider/refresh"
        patiently
        has_newest
        [ ! -e "$work/state/a.login-new" ]
    done
    run strace -qq -f -o /dev/null -e trace=rename -e inject=rename:error=EIO:when=1 \
        "$KEEPMAIL" -f "$rc" login --device a
    wanted 0 logout a
    run ls "$work/state"
    says_not "login-new"
}

@test "a refresh token is kept even if the access token cannot be used" {
    start_provider
    start_mailbox
    logged_in
    start_provider --reply 'refresh:0:200 {"access_token": "a b", "refresh_token": "refresh/new"}'
    expire 0
    wanted 75
    grep -qx 'refresh-token refresh/new' "$work/state/a.login"
    start_provider --reply 'refresh:0:201 {"access_token": "x", "refresh_token": "refresh/newer"}'
    echo refresh/new >>"$provider/refresh"
    run keepmail
    grep -qx 'refresh-token refresh/newer' "$work/state/a.login"
}

@test "what the provider echoes is hidden, also as it was sent" {
    start_provider
    start_mailbox
    logged_in
    oauth_rc 'oauth-client-secret = "cl1ent/s3cret"'
    mine=$(sed -n 's/^refresh-token //p' "$work/state/a.login")
    for words in "no $mine" "no refresh_token=${mine/\//%2F}" "not cl1ent/s3cret" "not cl1ent%2Fs3cret"; do
        start_provider --reply "refresh:0:400 {\"error\": \"$words\", \"error_description\": \"$words\"}"
        expire 0
        wanted 77
        says_not "${mine##*/}"
        says_not "s3cret"
    done
}

@test "a provider on this machine is not asked by way of the proxy" {
    start_provider
    url=http://localhost:$provider_port oauth_rc 'proxy = "http://127.0.0.1:9"'
    wanted 0 login --device a
}

@test "a provider whose certificate is not trusted gets nothing" {
    start_provider
    no_ca=1 oauth_rc
    wanted 69 login --device a
    says "oauth-tls-ca"
    [ ! -s "$provider/commands" ]
}

@test "no token is in any output, argument or trace" {
    start_provider
    start_mailbox
    logged_in
    expire 0
    run keepmail -vv
    [ "$status" -eq 0 ]
    says_not "access-"
    says_not "refresh/"
    says_not "Bearer"
    run strings -a "$work/state/a.db"
    says_not "access-"
    # Nor what the provider echoes.
    mine=$(sed -n 's/^refresh-token //p' "$work/state/a.login")
    start_provider --reply "refresh:0:400 {\"error\": \"invalid_grant\", \"error_description\": \"bad $mine here\"}"
    expire 0
    wanted 77
    says "bad ***"
    says_not "$mine"
}

@test "mistakes of the settings are reported with what to do" {
    start_provider
    oauth_rc "auth = plain"
    wanted 78
    says "oauth needs auth = xoauth2 or auth = oauthbearer"
    oauth_rc 'oauth-token-url = "http://example.com/token"'
    wanted 78
    says "a URL that begins with https://"
    oauth_rc "oauth-grant = client"
    wanted 78
    says "oauth-client-secret-file"
    oauth_rc "password = x"
    wanted 78
    oauth_rc
    sed -i '/oauth-client-id/d' "$rc"
    wanted 78
    says "add oauth-client-id = ID"
    # Others could read it.
    oauth_rc
    wanted 0 login --device a
    chmod 640 "$work/state/a.login"
    wanted 78
    says "run chmod 600"
    chmod 600 "$work/state/a.login"
    echo x >>"$work/state/a.login"
    wanted 65
    says "is damaged: move it away, and run keepmail login again"
    oauth_rc "oauth-client-id = other"
    sed -i '/me&co/d' "$rc"
    sed -i '$d' "$work/state/a.login"
    wanted 77
    says "made with another oauth-client-id or provider"
}

@test "Gmail as the destination has a login of its own" {
    start_provider
    with_mail 3
    mkdir -p "$work/taken"/{new,cur,tmp}
    "$lib/gmailserver" "$work/gmail-port" "$work/taken" 3>&- &
    echo $! >"$work/gmail"
    disown
    soon test -s "$work/gmail-port"
    write_rc "gmail = me" "gmail-url = \"http://localhost:$(cat "$work/gmail-port")\"" \
        "gmail-oauth-client-id = id" "gmail-oauth-client-secret = s3cret" \
        "gmail-oauth-token-url = \"http://localhost:$provider_port/token\"" \
        "gmail-oauth-auth-url = \"$provider_url/authorize\"" "delete = now"
    wanted 77
    says "account a is not logged in to Gmail yet: run keepmail login a"
    [ "$(left)" -eq 3 ]
    mkfifo "$work/in"
    "$KEEPMAIL" -f "$rc" login --paste a <"$work/in" >"$work/out" 2>&1 3>&- &
    pid=$!
    exec 5>"$work/in"
    soon grep -q 'paste it here' "$work/out"
    grep -q 'scope=https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fgmail.insert' "$work/out"
    echo "http://127.0.0.1:8097/?state=$(sed -n 's/.*&state=\([^&]*\).*/\1/p' "$work/out")&code=good-code" >&5
    exec 5>&-
    wait $pid
    grep -q 'client_secret=s3cret' "$provider/commands"
    [ "$(stat -c %a "$work/state/a.gmail-login")" = 600 ]
    # The first one is refused, the next one is not.
    sed -i "s/^renewed .*/renewed $(($(date +%s) - 700))/" "$work/state/a.gmail-login"
    sed -n 's/^access-token access-\(.*\)/access-\1/p' "$work/state/a.gmail-login" >"$work/first"
    echo "access-$(($(sed 's/access-//' "$work/first") + 1))" >"$work/taken/token"
    wanted 0
    [ "$(requests)" -eq 2 ]
    grep -q '^grant_type=refresh_token&.*&client_secret=s3cret$' "$provider/commands"
    [ "$(left)" -eq 0 ]
    same_mail "$work/sent" "$work/taken"
    wanted 0 logout a
    [ ! -e "$work/state/a.gmail-login" ]
}

@test "status shows how long the login is good" {
    start_provider
    oauth_rc
    wanted 0 status
    says "not logged in: run keepmail login a"
    wanted 0 login --device a
    wanted 0 status
    says "the login was renewed"
    run keepmail --json status
    says '"login":{"granted":1'
    sed -i '/^refresh-token/d' "$work/state/a.login"
    wanted 0 status
    says "the login is good until "
    says "the provider gave no refresh token"
    sed -i 's/^refused .*/refused 5/' "$work/state/a.login"
    wanted 0 status
    says "no longer valid: run keepmail login a"
}

@test "logout removes the login, and rename moves it" {
    start_provider
    start_mailbox
    logged_in
    wanted 0
    sed -i 's/^account a/account b/' "$rc"
    wanted 0 rename a b
    wanted 0 fetch b
    same_mail "$work/sent" "$work/Mail"
    rm -r "$work/state" "$work/Mail"
    oauth_rc
    wanted 0 login --device a
    run keepmail -v logout a
    [ "$status" -eq 0 ]
    says "removed from this machine"
    [ ! -e "$work/state/a.login" ]
    wanted 77
    says "not logged in yet"
    wanted 0 logout a
    tls_port=995 write_rc
    wanted 64 login a
    says "logs in with a password: set oauth"
    run keepmail login --device --paste a
    [ "$status" -eq 64 ]
}
