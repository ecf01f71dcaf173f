#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# keepmail setup, against Dovecot and a page for mail programs over HTTPS.

load ../lib/helpers
load ../lib/dovecot

setup() {
    common_setup
    export KEEPMAIL_DATA=$TESTS_SRC/../contrib
    provider=$work/provider
    mkdir -p "$provider"
    unset DBUS_SESSION_BUS_ADDRESS
    # Root is asked as which user to fetch.
    as=(--set delete=never)
    [ "$(id -u)" -ne 0 ] || as+=(--set run-as=root)
    rc=$HOME/.config/keepmail/keepmailrc
}

teardown() {
    [ ! -e "$work/provider-pid" ] || kill "$(cat "$work/provider-pid")" 2>/dev/null
    [ ! -e "$work/relay" ] || kill "$(cat "$work/relay")" 2>/dev/null
    stop_dovecot
    common_teardown
}

# Mailbox and page of u@localhost.
start_all() {
    find_dovecot || skip "no Dovecot 2.3 here"
    start_dovecot
    make_mail 3
    serve_again
    write_page "$tls_port"
    "$lib/tokenserver" "$work/provider-port" "$provider" 3>&- &
    echo $! >"$work/provider-pid"
    disown
    soon test -s "$work/provider-port"
    "$lib/tlsrelay" "$work/dovecot/cert.pem" "$work/dovecot/key.pem" "$work/relay-port" \
        "$(cat "$work/provider-port")" 3>&- &
    echo $! >"$work/relay"
    disown
    soon test -s "$work/relay-port"
    page=https://localhost:$(cat "$work/relay-port")/mail/config-v1.1.xml
    as+=(--autoconfig "$page" --set "tls-ca=$work/server/cert.pem")
}

# write_page PORT [TYPE]
write_page() {
    cat >"$provider/page" <<END
<?xml version="1.0"?>
<clientConfig version="1.1"><emailProvider id="localhost">
<incomingServer type="imap"><hostname>localhost</hostname><port>993</port>
<socketType>SSL</socketType><username>%EMAILADDRESS%</username></incomingServer>
<incomingServer type="${2:-pop3}"><hostname>localhost</hostname><port>$1</port>
<socketType>SSL</socketType><username>%EMAILLOCALPART%</username></incomingServer>
</emailProvider></clientConfig>
END
}

# A file with the password.
with_password() {
    echo "${1:-pw}" >"$work/password"
    chmod 600 "$work/password"
    as+=(--set "password-file=$work/password")
}

# set_up [ARGUMENT...]: nobody is at the terminal.
set_up() {
    run "$KEEPMAIL" setup "${as[@]}" "$@" </dev/null
}

# answered OPTION... -- QUESTION=ANSWER...: somebody is, and answers each question
# once it is there.
answered() {
    command -v script >/dev/null || skip "no script(1) here"
    local options=() quoted=
    while [ "$1" != -- ]; do
        options+=("$1")
        shift
    done
    shift
    printf -v quoted ' %q' "$KEEPMAIL" setup "${as[@]}" "${options[@]}"
    : >"$work/typed"
    run script -qefc "exec$quoted" "$work/typed" < <(
        seen=0
        for pair in "$@"; do
            soon is_asked "${pair%%=*}" "$seen" || break
            seen=$(wc -c <"$work/typed")
            sleep 0.05
            echo "${pair#*=}"
        done
        soon no_setup
    )
    output=${output//$'\r'/}
}

# is_asked QUESTION FROM: behind this byte.
is_asked() {
    tail -c +$(($2 + 1)) "$work/typed" | grep -qF "$1"
}

no_setup() {
    ! pgrep -f "^$KEEPMAIL setup.*$work"
}

@test "without a terminal: the server is found, and the account works at once" {
    start_all
    with_password
    set_up u@localhost
    [ "$status" -eq 0 ]
    says "Found localhost:$tls_port (TLS), according to the autoconfig page at localhost."
    says "Account localhost was added to $rc"
    [ "$(stat -c %a "$rc")" = 600 ]
    [ "$(stat -c %a "$(dirname "$rc")")" = 700 ]
    [ ! -e "$rc.draft" ]
    run "$KEEPMAIL" fetch
    [ "$status" -eq 0 ]
    same_mail "$work/sent" "$HOME/Mail/localhost"
}

@test "in an empty home, with a person: mail within a minute, and no editor" {
    start_all
    begun=$(date +%s)
    answered -- "Mail address=u at localhost" "Mail address=u@localhost" "POP3 server=" \
        "User name=" "Where should the mail go=" "Where should the password be stored=file" \
        "Password of u=pw" "yes or no="
    [ "$status" -eq 0 ]
    says "This is not a mail address"
    says "login     ok"
    run "$KEEPMAIL"
    [ "$status" -eq 0 ]
    [ $(($(date +%s) - begun)) -lt 60 ]
    same_mail "$work/sent" "$HOME/Mail/localhost"
    [ "$(stat -c %a "$HOME/.config/keepmail/localhost.password")" = 600 ]
    run grep pw "$rc"
    [ "$status" -eq 1 ]
}

@test "each wrong answer gets its sentence, and the question is asked again" {
    start_all
    answered u@localhost -- "POP3 server=nosuch.invalid" "How is TLS started=" "User name=u" \
        "Where should the mail go=Mail" "Where should the mail go=mbox ~/mail/u" \
        "Where should the password be stored=file" "Password of u=wrong" \
        "POP3 server=" "User name=" "Where should the password be stored=pw" \
        "Where should the password be stored=File" "Password of u=" "Password of u=pw" \
        "yes or no=perhaps" "yes or no=Yes"
    [ "$status" -eq 0 ]
    says "the password itself is asked for later"
    says "No password was typed."
    says "Answer yes or no."
    says "give a path that begins with / or ~/"
    says "no host named nosuch.invalid was found"
    says "refused the login"
    says "Try again, or press Ctrl-C to stop."
    grep -q '^  mbox = "~/mail/u"$' "$rc"
    grep -q "^  port = $tls_port$" "$rc"
}

@test "a server that is none is said, and nothing is written" {
    dovecot_imap=$work/dovecot/mail/Maildir
    start_all
    with_password
    write_page "$imaps_port"
    set_up u@localhost
    [ "$status" -eq 76 ]
    says "is not a POP3 server"
    [ ! -e "$rc" ]
    write_page 9
    set_up u@localhost
    [ "$status" -eq 75 ]
    says "cannot connect to localhost:9"
    write_page 9 imap
    set_up u@localhost
    [ "$status" -eq 64 ]
    says "No POP3 server with TLS was found for localhost."
    says "use --set server=HOST"
    [ ! -e "$rc" ]
}

@test "a login that is refused leaves nothing behind" {
    start_all
    with_password wrong
    set_up u@localhost
    [ "$status" -eq 77 ]
    says "refused the login"
    [ ! -e "$rc" ] && [ ! -e "$rc.draft" ]
    # Nor does a person who gives up.
    as=("${as[@]/password-file=*/timeout=9}")
    answered u@localhost -- "POP3 server=" "User name=" "Where should the mail go=" \
        "Where should the password be stored=file" "Password of u=pw" "yes or no=no"
    [ ! -e "$rc" ] && [ ! -e "$HOME/.config/keepmail/localhost.password" ]
}

@test "what is in the rc file is not changed, and names do not clash" {
    start_all
    with_password
    mkdir -p "$HOME/.config/keepmail" "$HOME/dots"
    printf '# mine\naccount localhost {\n server = x\n user = y\n maildir = "~/M"\n}' >"$HOME/dots/rc"
    chmod 640 "$HOME/dots/rc"
    ln -s "$HOME/dots/rc" "$rc"
    cp "$HOME/dots/rc" "$work/before"
    set_up u@localhost
    [ "$status" -eq 0 ]
    [ -L "$rc" ]
    [ "$(stat -c %a "$HOME/dots/rc")" = 640 ]
    cmp -n "$(wc -c <"$work/before")" "$work/before" "$HOME/dots/rc"
    grep -q '^account localhost2 {$' "$rc"
    set_up u@localhost --name work
    [ "$status" -eq 0 ]
    set_up u@localhost --name work
    [ "$status" -eq 64 ]
    says "account work already exists"
    set_up u@localhost --name 'a b'
    [ "$status" -eq 64 ]
    says "only letters, digits"
    # The same mailbox would be fetched twice.
    set_up u@localhost
    [ "$status" -eq 64 ]
    says "account localhost2 already fetches this mailbox"
    run "$KEEPMAIL" fetch work
    [ "$status" -eq 0 ]
    # A file with a mistake is left as it is.
    echo "oops" >>"$HOME/dots/rc"
    cp "$HOME/dots/rc" "$work/before"
    set_up u@localhost --name third
    [ "$status" -eq 78 ]
    cmp "$work/before" "$HOME/dots/rc"
}

@test "defaults at the top of the rc file do not change what was agreed" {
    start_all
    with_password
    mkdir -p "$HOME/.config/keepmail"
    printf 'delete = now\nport = 110\ntls = off\nuser = other\nmbox = "~/x"\n' >"$rc"
    as=("${as[@]/delete=never/brake=30}")
    set_up u@localhost
    [ "$status" -eq 0 ]
    grep -q '^  delete = never$' "$rc"
    grep -q '^  tls = implicit$' "$rc"
    run "$KEEPMAIL"
    [ "$status" -eq 0 ]
    [ "$(served)" -eq 3 ]
    same_mail "$work/sent" "$HOME/Mail/localhost"
}

@test "--print writes only the account, and nothing anywhere" {
    start_all
    "$KEEPMAIL" setup "${as[@]}" --print u@localhost \
        --set 'password-command=pass show "a$b"' </dev/null >"$work/printed"
    head -n 1 "$work/printed" | grep -qx 'account localhost {'
    grep -qxF "  password-command = 'pass show \"a\$b\"'" "$work/printed"
    [ ! -e "$HOME/.config" ]
    chmod 600 "$work/printed"
    run "$KEEPMAIL" -f "$work/printed" status
    [ "$status" -eq 0 ]
}

@test "the table of providers, and what has no POP3" {
    set_up --print jane@googlemail.com --set password-command=x
    [ "$status" -eq 0 ]
    says "server = pop.gmail.com"
    set_up --print jane@hotmail.com --set oauth-client-id=1-2
    [ "$status" -eq 0 ]
    says "oauth = microsoft"
    says "oauth-client-id = 1-2"
    set_up jane@icloud.com
    [ "$status" -eq 69 ]
    says "icloud.com cannot be fetched from: iCloud has IMAP only."
    # Each line can be read.
    grep -v '^#' "$KEEPMAIL_DATA/providers" | while read -r domain _; do
        set_up --print "jane@${domain%:}" --set oauth-client-id=1
        [ "$status" -eq 0 ] || [[ $output == *"cannot be fetched from"* ]]
    done
}

@test "settings that are wrong, or missing, are said" {
    for wrong in nonsense foo=1 delete=sometimes maildir=Mail port=x; do
        set_up --set "$wrong" jane@gmx.de
        [ "$status" -eq 64 ]
    done
    says "this is not a value of port: it should be a number from 1 to 65535"
    set_up jane
    [ "$status" -eq 64 ]
    says "needs a mail address"
    set_up jane@gmx.de
    [ "$status" -eq 64 ]
    says "--set password-command=COMMAND"
    set_up jane@gmx.de --autoconfig http://example.com/
    [ "$status" -eq 64 ]
    [ ! -e "$rc" ]
}

@test "an account by OAuth is logged in first" {
    start_all
    write_page "$tls_port"
    # Dovecot does not know the tokens; that it was asked for one is enough.
    set_up u@localhost --set oauth=other --set oauth-client-id=1 --set auth=xoauth2 \
        --set "oauth-token-url=http://localhost:$(cat "$work/provider-port")/token" \
        --set "oauth-device-url=http://localhost:$(cat "$work/provider-port")/device"
    says "enter the code ABCD-EFGH"
    says "a token, by keepmail login"
    [ "$status" -eq 77 ]
    [ ! -e "$rc" ]
}

@test "the password is stored only once it is right, and agreed to" {
    start_all
    printf '#!/bin/sh\ncase $1 in insert) cat >"%s/$4" ;; show) cat "%s/${2#keepmail/}" ;; esac\n' \
        "$work" "$work" >"$work/pass"
    sed -i 's|\$4|stored|; s|\${2#keepmail/}|stored|' "$work/pass"
    chmod 700 "$work/pass"
    PATH=$work:$PATH answered u@localhost -- "POP3 server=" "User name=" "Where should the mail go=" \
        "Where should the password be stored=pass" "Password of u=wrong" "User name=" \
        "Where should the password be stored=pass" "Password of u=pw" "yes or no=no"
    says "Nothing was written."
    [ ! -e "$work/stored" ]
    PATH=$work:$PATH answered u@localhost -- "POP3 server=" "User name=" "Where should the mail go=" \
        "Where should the password be stored=pass" "Password of u=pw" "yes or no="
    [ "$status" -eq 0 ]
    [ "$(cat "$work/stored")" = pw ]
    grep -q '^  password-command = "pass show keepmail/localhost"$' "$rc"
    PATH=$work:$PATH run "$KEEPMAIL"
    [ "$status" -eq 0 ]
}

@test "a signal, or the end of the input, at any question: nothing is written" {
    start_all
    answered -- "Mail address=u@localhost" "POP3 server="$'\x04'
    [ "$status" -eq 75 ]
    says "setup was stopped: nothing was written"
    answered u@localhost -- "POP3 server=" "User name=" "Where should the mail go="$'\x03'
    [ "$status" -eq 75 ] || [ "$status" -eq 130 ]
    answered u@localhost -- "POP3 server=" "User name=" "Where should the mail go=" \
        "Where should the password be stored=file" "Password of u=pw" "yes or no="$'\x04'
    [ "$status" -eq 75 ]
    [ ! -e "$rc" ]
    run ls -A "$HOME/.config/keepmail"
    says_nothing
}

@test "two at once: what is said to be added is there" {
    start_all
    "$KEEPMAIL" setup "${as[@]}" --name one --set 'password-command=sleep 2; echo pw' u@localhost \
        </dev/null >"$work/one" 2>&1 3>&- &
    pid=$!
    sleep 0.7
    set_up u@localhost --name two --set 'password-command=sleep 3; echo pw'
    [ "$status" -eq 73 ]
    says "was changed while setup was running"
    wait $pid
    grep -q 'Account one was added' "$work/one"
    grep -q '^account one' "$rc"
    [ "$(ls "$(dirname "$rc")")" = keepmailrc ]
}

@test "no password is sent without TLS, whatever the rc file has as a default" {
    start_all
    with_password
    mkdir -p "$(dirname "$rc")"
    echo 'tls = off' >"$rc"
    set_up u@localhost --set "port=$port"
    says_not "in clear text"
    [ "$status" -ne 0 ]
}

@test "a password in the rc file makes it private" {
    start_all
    mkdir -p "$(dirname "$rc")"
    echo '# mine' >"$rc"
    chmod 644 "$rc"
    set_up u@localhost --set password=pw
    [ "$status" -eq 0 ]
    [ "$(stat -c %a "$rc")" = 600 ]
    run "$KEEPMAIL"
    [ "$status" -eq 0 ]
}

@test "an rc file that cannot be changed is said before any question" {
    mkdir -p "$(dirname "$rc")"
    echo '# mine' >"$rc"
    chmod 400 "$rc"
    set_up u@localhost
    [ "$status" -eq 78 ]
    says "which is read-only"
    rm "$rc"
    ln -s "$work/nowhere/rc" "$rc"
    set_up u@localhost
    [ "$status" -eq 73 ]
    [ -L "$rc" ]
}

@test "addresses are taken as they are copied" {
    for address in ' jane@gmx.de ' 'mailto:jane@gmx.de' 'Jane Doe <jane@gmx.de>' jane@gmx.de.; do
        set_up --print "$address" --set password-command=x
        [ "$status" -eq 0 ]
        says "user = jane@gmx.de"
    done
    set_up --print JANE@GMX.DE --set password-command=x
    says "account gmx {"
    set_up $'j\xc2\x9b@gmx.de'
    [ "$status" -eq 64 ]
}

@test "rc files of fetchmail, mpop, getmail and fdm are converted, and what is not is said" {
    for file in "$TESTS_SRC"/import/rc/*/*.rc; do
        program=$(basename "$(dirname "$file")")
        "$KEEPMAIL" -v setup --print --from "$program" --set run-as=root "$file" \
            </dev/null >"$work/found" 2>"$work/said" || true
        # Without where it lies.
        sed "s|$file|FILE|" "$work/said" >>"$work/found"
        diff "${file%.rc}.out" "$work/found"
    done
}

# serve_seen: ten messages on $tls_port, which the samples have as fetched.
serve_seen() {
    mkdir -p "$work/mail"
    for i in 1 2 3 4 5 6 7 8 9; do
        printf 'Subject: %s\n\ntext\n' "$i" >"$work/mail/0000000${i}6b00d60f"
    done
    printf 'Subject: new\n\ntext\n' >"$work/mail/new"
    start_server --folder "$work/mail" --user u10
}

# taken_over PROGRAM RC: after setup --from, only what is new is fetched.
taken_over() {
    rm -rf "$HOME/.config" "$HOME/.local" "$HOME/Mail"
    run "$KEEPMAIL" setup "${as[@]}" --from "$1" --set "tls-ca=$work/server/cert.pem" \
        --set "maildir=$HOME/Mail" "$2" </dev/null
    echo "$output"
    [ "$status" -eq 0 ]
    run "$KEEPMAIL" -v
    [ "$status" -eq 0 ]
    says "fetched 1 "
    [ "$(kept "$HOME/Mail")" -eq 1 ]
}

@test "what fetchmail, mpop, getmail and fdm have fetched is taken over" {
    serve_seen
    cp "$TESTS_SRC/import/fetchmail/fetchids.u10" "$HOME/.fetchids"
    echo "poll localhost proto pop3 port $tls_port user u10 password test ssl keep" >"$work/rc1"
    taken_over fetchmail "$work/rc1"
    printf 'account a\nhost localhost\nport %s\ntls on\ntls_starttls off\nuser u10\npassword test\nuidls_file %s\n' \
        "$tls_port" "$TESTS_SRC/import/mpop/u10_at_localhost" >"$work/rc2"
    taken_over mpop "$work/rc2"
    mkdir -p "$HOME/.getmail"
    cp "$TESTS_SRC/import/getmail/oldmail-localhost-11010-u10" "$HOME/.getmail/oldmail-localhost-$tls_port-u10"
    printf '[retriever]\ntype = SimplePOP3SSLRetriever\nserver = localhost\nport = %s\nusername = u10\npassword = test\n' \
        "$tls_port" >"$work/rc3"
    taken_over getmail "$work/rc3"
    printf 'account "a" pop3s server "localhost" port %s user "u10" pass "test" new-only cache "%s"\n' \
        "$tls_port" "$TESTS_SRC/import/fdm/fdm-pop3-cache.u10" >"$work/rc4"
    taken_over fdm "$work/rc4"
    # Without a list, it is said what to do before the first fetch.
    sed -i 's/ cache .*//' "$work/rc4"
    rm -rf "$HOME/.config" "$HOME/.local"
    run "$KEEPMAIL" setup "${as[@]}" --from fdm --set "tls-ca=$work/server/cert.pem" "$work/rc4" </dev/null
    says "run keepmail import --from fdm a FILE before the first fetch"
}

@test "--from: what the file does not say is asked, and --set counts more" {
    serve_seen
    printf 'poll localhost proto pop3 port %s user u10 password test ssl mda cat\n' \
        "$tls_port" >"$work/fetchmailrc"
    as=("${as[@]:2}" --set "tls-ca=$work/server/cert.pem" --set "maildir=$HOME/Mail")
    # fetchmail would have deleted it.
    answered --from fetchmail "$work/fetchmailrc" -- \
        "When should mail be deleted from the server?=after 7 days" \
        "Add this account=yes"
    echo "$output"
    [ "$status" -eq 0 ]
    grep -Fqx '  delete = "after 7 days"' "$rc"
    grep -Fqx "  maildir = \"$HOME/Mail\"" "$rc"
    ! grep -q pipe "$rc" || false
    # An account that would be another one is not added; the others are.
    rm -rf "$HOME/.config" "$HOME/.local" "$HOME/Mail"
    sed -i 's/mda cat/mda cat nokeep preconnect "ssh x"/' "$work/fetchmailrc"
    echo "poll localhost proto pop3 port $tls_port user u10 password test ssl" >>"$work/fetchmailrc"
    run "$KEEPMAIL" setup "${as[@]}" --from fetchmail "$work/fetchmailrc" </dev/null
    echo "$output"
    [ "$status" -eq 65 ]
    says "account localhost was not converted: preconnect has no counterpart"
    grep -Fqx '  delete = never' "$rc"
    [ "$(grep -c '^account' "$rc")" -eq 1 ]
    # A value that keepmail does not take is no other one.
    run "$KEEPMAIL" setup "${as[@]}" --print --from mpop \
        <(printf 'account a\nhost localhost\nuser u\ntimeout soon\n') </dev/null
    [ "$status" -eq 65 ]
    says "account a was not converted: this is not a value of timeout"
    # Nor is a file that is not understood.
    run "$KEEPMAIL" setup "${as[@]}" --print --from fdm <(echo 'include "x"') </dev/null
    [ "$status" -eq 65 ]
    says "include cannot be converted: make one file of it first"
    run "$KEEPMAIL" setup "${as[@]}" --name x --from fetchmail "$work/fetchmailrc" </dev/null
    [ "$status" -eq 64 ]
    says "--name is for one account, and does not go with --from"
}
