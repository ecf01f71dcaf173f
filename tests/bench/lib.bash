# SPDX-License-Identifier: ISC
# For run: the tools, how each is configured, and one run of a tool.
# shellcheck disable=SC2034,SC2154,SC2317 # shared with run, scenarios.bash, helpers.bash

# The variables of a scenario, which new_scenario initialises.
#   scenario  its name              tools     that take part
#   port      where to connect      tls       0, 1
#   user      and $password         users     E: their number, user1, user2...
#   to        maildir, mbox, lmtp, imap   deletes   0, 1
#   seen      1: nothing is new     expected  messages to be delivered
#   delayed   1: by start_delay     bulky     1: delivered mail is deleted
new_scenario() {
    scenario=$1
    tls=0 user=test users=1 to=maildir deletes=0 seen=0 expected=0
    delayed=0 bulky=0 delay_pid=
    before_run() { :; }
    tools=(keepmail mpop)
    [ -z "${SLOW:-}" ] || tools+=(fdm fetchmail getmail)
    local tool have=()
    for tool in "${tools[@]}"; do
        if [ "$tool" = keepmail ] || command -v "$tool" >/dev/null; then
            have+=("$tool")
        fi
    done
    tools=("${have[@]}" limit)
    # Old mail is moved aside: ext4 takes minutes to walk over freed inodes.
    work=$BATS_TEST_TMPDIR/$scenario
    mkdir -p "$work/server" "$work/old"
    chmod 755 "$work"
}

say() { printf '%s\n' "$*" >&2; }

fails() {
    say "bench: $scenario: $*"
    failed=1
}

hands_over() { [ "$to" = lmtp ] || [ "$to" = imap ]; }

# ---- each tool: its configuration in $own, its command in $command -----------

delivers() { printf '%s' "$work/$1/mail"; }

keepmail_ready() {
    local i
    {
        printf 'state = "%s"\nserver = localhost\n' "$own/state"
        printf 'port = %s\npassword = %s\n' "$port" "$password"
        [ "$(id -u)" -ne 0 ] || printf 'run-as = root\n'
        if [ "$tls" = 1 ]; then
            printf 'tls-ca = "%s"\n' "$work/server/cert.pem"
        else
            printf 'tls = off\n'
        fi
        [ "$deletes" = 0 ] || printf 'delete = now\n'
        if [ "$users" = 1 ]; then
            printf 'account a {\n user = %s\n' "$user"
            case $to in
            lmtp) printf ' recipient = u\n lmtp = "unix:%s"\n' "$lmtp_socket" ;;
            imap)
                (umask 077 && echo pw >"$own/pw")
                printf ' imap = "imap://u@localhost:%s"\n' "$imap_port"
                printf ' imap-password-file = "%s"\n' "$own/pw"
                ;;
            *) printf ' %s = "%s"\n' "$to" "$own/mail" ;;
            esac
            printf '}\n'
        else
            for ((i = 1; i <= users; i++)); do
                printf 'account a%s {\n user = %s%s\n maildir = "%s"\n}\n' \
                    $i "$user" $i "$own/mail$i"
            done
        fi
    } >"$own/rc"
    chmod 600 "$own/rc"
    command=("$KEEPMAIL" -f "$own/rc")
    [ "$users" = 1 ] || command+=(-j "$users")
}

mpop_account() { # NAME USER MAIL
    printf 'account %s\nhost localhost\nport %s\nuser %s\npassword %s\n' \
        "$1" "$port" "$2" "$password"
    if [ "$tls" = 1 ]; then
        printf 'tls on\ntls_starttls off\ntls_trust_file %s\n' \
            "$work/server/cert.pem"
    else
        printf 'tls off\nauth user\n'
    fi
    if [ "$deletes" = 1 ]; then printf 'keep off\n'; else printf 'keep on\n'; fi
    printf 'only_new on\nuidls_file %s\ndelivery %s %s\n' \
        "$own/uidls-$1" "$to" "$3"
    [ "$to" = mbox ] || mkdir -p "$3"/{new,cur,tmp}
}

mpop_ready() {
    local i names=()
    if [ "$users" = 1 ]; then
        mpop_account a "$user" "$own/mail" >"$own/rc"
        command=(mpop -C "$own/rc" -Q -a)
    else
        for ((i = 1; i <= users; i++)); do
            mpop_account "a$i" "$user$i" "$own/mail$i"
            names+=("a$i")
        done >"$own/rc"
        printf '%s\n' "${names[@]}" >"$own/names"
        command=(xargs -a "$own/names" -P "$users" -I@
            mpop -C "$own/rc" -Q @)
    fi
    chmod 600 "$own/rc"
}

fdm_ready() {
    local kind=pop3 more=
    [ "$tls" = 0 ] || { kind=pop3s more=' no-verify'; }
    [ "$deletes" = 1 ] || more+=' keep'
    [ "$to" = mbox ] || mkdir -p "$own/mail"/{new,cur,tmp}
    {
        printf 'set lock-file "%s"\nset maximum-size 64m\n' "$own/lock"
        printf 'action "d" %s "%s"\nmatch all action "d"\n' "$to" "$own/mail"
        printf 'account "a" %s server "localhost" port %s user "%s" ' \
            "$kind" "$port" "$user"
        printf 'pass "%s" new-only cache "%s"%s\n' "$password" "$own/cache" \
            "$more"
    } >"$own/rc"
    chmod 600 "$own/rc"
    command=(timeout 300 fdm -q -f "$own/rc" fetch)
}

# It starts a process for each message; this is the cheapest one.
fetchmail_ready() {
    local more="sslproto ''"
    [ "$tls" = 0 ] ||
        more="ssl sslproto 'auto' sslcertck sslcertfile $work/server/cert.pem"
    [ "$deletes" = 1 ] && more="nokeep $more" || more="keep $more"
    hands_over && more+=" smtphost $lmtp_socket lmtp smtpname u" ||
        more+=" mda $own/mda"
    mkdir -p "$own/mail"/{new,cur,tmp}
    printf '#!/bin/sh\nexec cat >"%s/$$"\n' "$own/mail/new" >"$own/mda"
    chmod 700 "$own/mda"
    {
        printf 'set no bouncemail\n'
        printf 'poll localhost protocol POP3 port %s uidl\n' "$port"
        printf ' user "%s" password "%s" %s\n' "$user" "$password" "$more"
    } >"$own/rc"
    chmod 600 "$own/rc"
    command=(timeout 300 env "HOME=$own" "FETCHMAILHOME=$own" fetchmail -s -f "$own/rc"
        -i "$own/ids" --pidfile "$own/pid")
}

getmail_ready() {
    local type=SimplePOP3Retriever kind=Maildir path=$own/mail/
    [ "$tls" = 0 ] || type=SimplePOP3SSLRetriever
    [ "$to" = maildir ] || { kind=Mboxrd path=$own/mail; : >"$path"; }
    [ "$to" = mbox ] || mkdir -p "$own/mail"/{new,cur,tmp}
    {
        printf '[retriever]\ntype = %s\nserver = localhost\n' "$type"
        printf 'port = %s\nusername = %s\npassword = %s\n' \
            "$port" "$user" "$password"
        [ "$tls" = 0 ] || printf 'ca_certs = %s\n' "$work/server/cert.pem"
        printf '[destination]\ntype = %s\npath = %s\n' "$kind" "$path"
        printf '[options]\nverbose = 0\nread_all = false\ndelete = %s\n' \
            "$([ "$deletes" = 1 ] && echo true || echo false)"
    } >"$own/rc"
    command=(timeout 300 getmail "--getmaildir=$own" "--rcfile=$own/rc")
}

limit_ready() {
    command=("$TESTS_BUILD/bench/limit" -p "$port" -u "$user" -w "$password")
    [ "$tls" = 0 ] || command+=(-t "$work/server/cert.pem")
    [ "$users" = 1 ] || command+=(-c "$users")
    [ "$deletes" = 0 ] || command+=(-d)
    [ "$seen" = 1 ] || command+=("$to" "$own/mail")
}

# ---- one run -----------------------------------------------------------------

# The number of messages that a tool delivered, in all its mailboxes.
delivered() {
    local path count=0 n
    if hands_over; then
        files "$dovecot_lmtp"/{new,cur}
        return
    fi
    for path in "$work/$1"/mail*; do
        [ -e "$path" ] || continue
        if [ -d "$path" ]; then
            n=$(files "$path")
        else
            n=$(grep -ac '^Message-ID: ' "$path") || true
        fi
        count=$((count + n))
    done
    echo "$count"
}

aside=0
# ready TOOL: removes everything from earlier runs, unless it is to be known.
ready() {
    own=$work/$1
    if [ "$seen" = 0 ] && [ -e "$own" ]; then
        aside=$((aside + 1))
        mv "$own" "$work/old/$aside"
    fi
    # fdm requires a private Maildir.
    umask 077
    mkdir -p "$own"
    "$1_ready"
    umask 022
}

start_delay() { # PORT MS; the client's port is $port from here on
    rm -f "$work/delay-port"
    "$TESTS_BUILD/bench/delay" "$1" "$2" "$work/delay-port" "$work/turns" &
    delay_pid=$!
    while [ ! -s "$work/delay-port" ]; do sleep 0.05; done
    port=$(<"$work/delay-port")
    delayed=1
}

stop_delay() {
    [ -n "${delay_pid:-}" ] || return 0
    kill "$delay_pid" 2>/dev/null || true
    wait "$delay_pid" 2>/dev/null || true
    delay_pid=
}

# The total turns of the connections since the last call.
turns() {
    [ "$delayed" = 1 ] || { echo -; return; }
    sleep 0.3
    awk '{ n += $2 } END { print n + 0 }' "$work/turns"
    : >"$work/turns"
}

# one TOOL ROUND: a run and its results; round 0 is not recorded.
one() {
    local tool=$1 round=$2 result turned before=0 count status
    ready "$tool"
    before_run
    [ "$seen" = 0 ] || before=$(delivered "$tool")
    [ "$delayed" = 0 ] || : >"$work/turns"
    # Otherwise, syncfs would write what the previous tool left unwritten.
    sync
    sleep 0.1
    result=$("$measure" "$own/output" "${command[@]}")
    turned=$(turns)
    count=$(($(delivered "$tool") - before))
    status=${result##* }
    # fetchmail returns 1 if there was no mail.
    [ "$tool$status$seen" != fetchmail11 ] || status=0
    if [ "$count" -ne "$expected" ] || [ "$status" -ne 0 ]; then
        say "$(head -c 300 "$own/output")"
        case $tool in
        keepmail | mpop | limit)
            fails "$tool: exit status $status, $count messages, not $expected"
            ;;
        *)
            say "$scenario: $tool is left out (exit status $status, $count" \
                "messages, not $expected)"
            left_out=$tool
            return
            ;;
        esac
    fi
    [ "$bulky" = 0 ] || rm -rf "$own/mail"
    [ "$round" -eq 0 ] || printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$scenario" "$tool" \
        "${result// /$'\t'}" "$count" "$expected" "$turned" >>"$table"
}

# Compares keepmail's mail with what was sent; or the limit's, if it is
# synthetic.
compare() {
    # By LMTP, Dovecot adds headers.
    [ "$seen" = 0 ] && [ "$bulky" = 0 ] && ! hands_over || return 0
    if [ -d "$work/sent" ]; then
        "$lib/mailsum" -s "$work/sent" >"$work/sums.sent"
    else
        "$lib/mailsum" "$(delivers limit)" >"$work/sums.sent" || true
    fi
    "$lib/mailsum" "$(delivers keepmail)" >"$work/sums.kept" || true
    cmp -s "$work/sums.sent" "$work/sums.kept" ||
        fails "keepmail's mail is not what was sent"
}

# Round 0 warms up; then the tools alternate, so that ratios hold on a machine
# that is busy otherwise, too.
rounds() {
    local round tool left
    for ((round = 0; round <= RUNS; round++)); do
        left=()
        for tool in "${tools[@]}"; do
            left_out=
            one "$tool" "$round"
            [ -n "$left_out" ] || left+=("$tool")
        done
        tools=("${left[@]}")
        [ "$round" -gt 0 ] || compare
    done
}
