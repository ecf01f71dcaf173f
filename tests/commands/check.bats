#!/usr/bin/env bats
# keepmail check: finds what would make a run fail, and changes nothing.

load ../lib/helpers

setup() {
    common_setup
}

teardown() {
    common_teardown
}

# told CHECK VERDICT TEXT: account a's line has this text.
told() {
    printf '%s\n' "$output" | grep -E "^a: $1 +$2 " | grep -qF -- "$3" && return 0
    echo "# not told: $1 $2 $3"
    echo "# $output"
    return 1
}

# Everything here: names, kinds, owners, times and text.
everything() {
    find "$work" "$HOME" -path "$work/server" -prune -o \
        -printf '%p %y %U %m %T@ %s\n' | sort
    find "$work" -path "$work/server" -prune -o -type f -exec sha256sum {} + | sort
}

# unchanged STATUS [ARGUMENT...]: the run exits with STATUS, and changes
# nothing.
unchanged() {
    everything >"$BATS_FILE_TMPDIR/before"
    wanted "$@"
    everything >"$BATS_FILE_TMPDIR/after"
    cmp "$BATS_FILE_TMPDIR/before" "$BATS_FILE_TMPDIR/after"
}

# remote PATH MAGIC: makes everything below PATH appear to be on that file
# system.
remote() {
    [ -e "$work/remote.so" ] ||
        ${CC:-cc} -shared -fPIC -D_GNU_SOURCE -o "$work/remote.so" \
            "$TESTS_SRC/lib/remote.c" -ldl
    export REMOTE_PATH=$1 REMOTE_MAGIC=$2
}

# remotely COMMAND...: runs it with the settings of remote.
remotely() {
    LD_PRELOAD=$work/remote.so \
        ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0 "$@"
}

@test "before the first run there is a line for each check, and nothing is created" {
    start_server --synthetic 4
    write_rc
    unchanged 0 check
    told "rc file" ok "$rc:"
    told state ok "$work/state, to be created by the first run"
    told mail ok "$work/Mail, a Maildir to be created by the first run"
    told password ok "in the rc file"
    told server ok "localhost:$tls_port, TLSv1."
    told server ok "PIPELINING UIDL TOP"
    told login ok "as test, 4 messages ("
    says_not "$password "
    write_rc "mbox = \"$work/mail/box\"" "tls = starttls" "port = $port"
    unchanged 0 check a
    told mail ok "$work/mail/box, an mbox to be created by the first run"
    told server ok "localhost:$port, TLSv1."
    write_rc "tls = off" "port = $port"
    unchanged 0 check a
    told server ok "localhost:$port, in clear text, PIPELINING UIDL TOP"
    stop_server
    [ "$(reported retrs)" -eq 0 ]
    [ "$(reported erased-in-all)" -eq 0 ]
}

@test "after a run, and during one, nothing is changed, and no lock is waited for" {
    start_server --synthetic 4
    write_rc "delete = now"
    wanted 0
    unchanged 0 check
    told state ok "$work/state"
    says_not "no store yet"
    told mail ok "$work/Mail, a Maildir"
    # A run that waits for its password holds the store's lock.
    sed "s|^password = .*|password-command = \"touch '$work/held'; sleep 20\"|" \
        "$rc" >"$work/waiting"
    chmod 600 "$work/waiting"
    "$KEEPMAIL" -f "$work/waiting" 2>/dev/null 3>&- &
    local waiting=$!
    soon test -e "$work/held"
    run keepmail check
    kill "$waiting"
    wait "$waiting" || true
    [ "$status" -eq 0 ]
    told state ok "a run is in progress"
}

@test "errors with the place for mail are reported, with a run's exit status" {
    start_server --synthetic 1
    write_rc
    mkdir "$work/Mail"
    echo >"$work/Mail/else"
    unchanged 73 check
    told mail bad "$work/Mail is not a Maildir and is not empty: name another directory with maildir"
    told login ok "as test"
    wanted 73
    rm -r "$work/Mail"
    mkdir -p "$work/Mail"/{tmp,cur}
    ln -s "$work" "$work/Mail/new"
    unchanged 73 check
    told mail bad "$work/Mail/new is no directory"
    wanted 73
    echo >"$work/file"
    write_rc "maildir = \"$work/file\""
    unchanged 73 check
    told mail bad "cannot write to $work/file: Not a directory"
    write_rc "maildir = \"$work/file/Mail\""
    unchanged 73 check
    told mail bad "$work/file"
    ln -s "$work/file" "$work/link"
    write_rc "mbox = \"$work/link\""
    unchanged 73 check
    told mail bad "$work/link is not a regular file of yours with one name"
    wanted 73
}

@test "a place that belongs to other users is reported" {
    [ "$(id -u)" -eq 0 ] || skip "giving things away needs root"
    start_server --synthetic 1
    let_pass "$work"
    chmod 755 "$work/server"
    chmod 644 "$work/server/cert.pem"
    mkdir -p "$work/Mail"/{tmp,new,cur} "$work/mine"
    write_rc "run-as = nobody" "state = \"$work/closed/state\""
    mkdir -m 700 "$work/closed"
    unchanged 73 check
    told run-as ok nobody
    told state bad "cannot write to $work/closed/state: Permission denied"
    told mail bad "$work/Mail belongs to another user"
    write_rc "run-as = nobody" "state = \"$work/mine/state\"" \
        "maildir = \"$work/mine/Mail\""
    unchanged 73 check
    told state bad "$work/mine/state does not exist and cannot be created in $work/mine: Permission denied"
    told mail bad "$work/mine/Mail does not exist and cannot be created in $work/mine: Permission denied. Choose another place with maildir"
    chown nobody "$work/mine"
    unchanged 0 check
    told login ok "as test"
    # Root, without a setting of the user to run as.
    write_rc
    sed -i '/^run-as/d' "$rc"
    unchanged 78 check
    told run-as bad "keepmail was started by root"
}

@test "a store that is damaged, for another mailbox, or missing although there is mail is reported" {
    start_server --synthetic 2
    write_rc
    wanted 0
    write_rc "user = other"
    unchanged 78 check
    told state bad "--same-mailbox"
    write_rc
    mv "$work/Mail" "$work/elsewhere"
    unchanged 65 check
    told mail bad "is its disk mounted?"
    mv "$work/elsewhere" "$work/Mail"
    mv "$work/state/a.db" "$work/kept.db"
    unchanged 65 check
    told mail bad "keepmail rebuild a"
    printf 'no database at all, whatever its name is' >"$work/state/a.db"
    unchanged 65 check
    told state bad "$work/state/a.db is damaged"
    told login ok "as test"
}

@test "errors with the password are reported, and the password is not" {
    start_server --synthetic 1 --password Sesam-0ffne
    password=Sesam-0ffne
    write_rc
    for place in 'password-command = "echo Sesam-0ffne"' \
        "password-file = \"$HOME/secret\""; do
        write_rc
        echo Sesam-0ffne >"$HOME/secret"
        chmod 600 "$HOME/secret"
        sed -i "s|^password = .*|$place|" "$rc"
        unchanged 0 -vv check
        told login ok "as test"
        says_not Sesam
        unchanged 0 --json check
        says_not Sesam
    done
    chmod 644 "$HOME/secret"
    unchanged 78 check
    told password bad "can be read by others: run chmod 600 '$HOME/secret'"
    told server - "not tested: no password"
    told login - "not tested: no password"
    sed -i 's|^password-file.*|password-command = "exit 3"|' "$rc"
    unchanged 78 check
    told password bad "failed with exit status 3"
    sed -i '/^password-command/d' "$rc"
    run setsid "$KEEPMAIL" -f "$rc" check
    [ "$status" -eq 78 ]
    told password bad "no terminal to ask for one"
    write_rc "password = Sesam-0ffnet"
    unchanged 77 check
    told server ok "localhost:$tls_port, TLS"
    told login bad "refused the login"
    says_not Sesam
}

@test "errors with the server are reported, with a run's exit status" {
    start_server --synthetic 1
    write_rc
    stop_server
    unchanged 75 check
    told server bad "cannot connect to localhost:$tls_port"
    told login - "not tested: no connection"
    write_rc "server = no-such-host.invalid"
    wanted 68 check
    told server bad no-such-host.invalid
    start_server --synthetic 1
    write_rc
    sed -i '/^tls-ca/d' "$rc"
    unchanged 69 check
    told server bad "certificate"
}

@test "several accounts: the worst status; -q prints only failures" {
    start_server --synthetic 1
    write_rc
    printf 'account b { password = wrong }\naccount c { mbox = "%s" }\n' \
        "$work/c" >>"$rc"
    unchanged 77 check
    says "a: login     ok  as test"
    says "b: login     bad localhost"
    says "c: login     ok  as test"
    unchanged 77 -q check
    [ "${#lines[@]}" -eq 1 ]
    says "b: login     bad localhost"
    unchanged 0 -q check a c
    says_nothing
}

@test "--json prints an object for each account, with the capabilities of the server" {
    start_server --synthetic 3
    write_rc
    printf 'account b { password = wrong }\n' >>"$rc"
    unchanged 77 --json check
    [ "${#lines[@]}" -eq 2 ]
    printf '%s' "${lines[0]}" >"$work/json"
    of() {
        sqlite3 :memory: "SELECT json_extract(readfile('$work/json'), '\$.$1')"
    }
    [ "$(of account)" = a ]
    [ "$(of status)" = 0 ]
    [ "$(of messages)" = 3 ]
    [[ $(of tls) == TLSv1.* ]]
    [ "$(of capabilities)" = '["PIPELINING","UIDL","TOP"]' ]
    [ "$(sqlite3 :memory: "SELECT group_concat(json_extract(value, '\$.check'))
        FROM json_each(readfile('$work/json'), '\$.checks')
        WHERE json_extract(value, '\$.ok') = 1 AND json_extract(value, '\$.check') <> 'run-as'")" = \
        "rc file,state,mail,password,server,login" ]
    printf '%s' "${lines[1]}" >"$work/json"
    [ "$(of status)" = 77 ]
    [ "$(sqlite3 :memory: "SELECT json_extract(value, '\$.ok')
        FROM json_each(readfile('$work/json'), '\$.checks')
        WHERE json_extract(value, '\$.check') = 'login'")" = 0 ]
    # In clear text, and not tried.
    write_rc "tls = off" "port = $port"
    wanted 0 --json check
    says '"tls":null'
    write_rc "port = 1"
    wanted 75 --json check
    says '{"check":"login","ok":null,'
}

@test "EXPIRE and LOGIN-DELAY are reported, as is a server without UIDL or CAPA" {
    cat >"$work/dialog" <<'END'
S: +OK ready
C: CAPA
S: +OK
S: TOP
S: EXPIRE 14
S: LOGIN-DELAY 300
S: USER
S: .
C: USER test
S: +OK
C: PASS test
S: +OK
C: CAPA
S: +OK
S: TOP
S: EXPIRE 14
S: LOGIN-DELAY 300
S: USER
S: .
C: STAT
S: +OK 0 0
C: QUIT
S: +OK
END
    start_server --dialog "$work/dialog"
    write_rc "tls = off" "port = $port"
    unchanged 0 check
    told server ok "localhost:$port, in clear text, TOP EXPIRE 14 LOGIN-DELAY 300 (no UIDL: messages are identified by header)"
    told login ok "as test, 0 messages (0 B) on the server"
    sed '/^C: CAPA/,/^S: \.$/d' "$work/dialog" >"$work/short"
    sed -i '1a C: CAPA\nS: -ERR' "$work/short"
    sed -i 's/^S: +OK 0 0/S: -ERR/' "$work/short"
    start_server --dialog "$work/short"
    write_rc "tls = off" "port = $port"
    wanted 0 check
    told server ok "localhost:$port, in clear text, no capabilities announced"
    [ "${lines[-1]}" = "a: login     ok  as test" ]
}

@test "a store on a network file system is refused, unless the account permits it" {
    start_server --synthetic 1
    # The first run would create it, were it not for the file system above it.
    mkdir "$work/state"
    write_rc "state = \"$work/state/deep/down\""
    remote "$work/state" 0x6969
    run remotely keepmail
    [ "$status" -eq 78 ]
    says "a: the state directory $work/state/deep/down lies on NFS"
    says "state or --state-dir, or set trust-filesystem = true"
    [ ! -e "$work/state/deep" ]
    [ ! -e "$work/Mail" ]
    for command in "-n" "list a" "hold a x" "retry a" "verify" "rebuild a" \
        "mark-seen a" "check"; do
        # shellcheck disable=SC2086 # words of a command
        run remotely keepmail $command
        [ "$status" -eq 78 ] || { echo "# $command: $output"; return 1; }
        says "lies on NFS"
    done
    [ ! -e "$work/state/deep" ]
    stop_server
    # Only check continues to the login.
    [ "$(reported sessions)" -eq 1 ]
    start_server --synthetic 1
    write_rc "trust-filesystem = true" "state = \"$work/state/deep/down\""
    run remotely keepmail
    [ "$status" -eq 0 ]
    run remotely keepmail check
    [ "$status" -eq 0 ]
    told state ok "$work/state/deep/down, on NFS"
    # Checking disturbs nothing.
    write_rc "state = \"$work/state/deep/down\""
    run remotely keepmail status
    [ "$status" -eq 0 ]
}

@test "network file systems are reported by name, for mail, too" {
    start_server --synthetic 1
    write_rc
    mkdir "$work/state"
    while read -r magic name; do
        remote "$work/state" "$magic"
        run remotely keepmail check
        [ "$status" -eq 78 ]
        told state bad "$work/state lies on $name, where"
    done <<'END'
0x6969 NFS
0x517b SMB (CIFS)
0xff534d42 SMB (CIFS)
0xfe534d42 SMB (CIFS)
0x01021997 9P
0x00c36400 Ceph
0x65735546 a FUSE file system
0x786f4256 a folder shared with a virtual machine
END
    # ext4, btrfs, tmpfs, overlay
    for magic in 0xef53 0x9123683e 0x01021994 0x794c7630; do
        remote "$work/state" $magic
        run remotely keepmail check
        [ "$status" -eq 0 ]
    done
    remote "$work/Mail" 0x6969
    mkdir -p "$work/Mail"
    run remotely keepmail check
    [ "$status" -eq 0 ]
    told mail ok "$work/Mail, a Maildir, on NFS"
}

# three_accounts: b and c in addition to a, on the same server.
three_accounts() {
    printf 'account b { maildir = "%s" }\naccount c { maildir = "%s" }\n' \
        "$work/B" "$work/C" >>"$rc"
}

@test "several accounts are checked in the order given, each once" {
    start_server --synthetic 2
    write_rc
    three_accounts
    wanted 0 -j 1
    for command in status verify check; do
        run --separate-stderr keepmail --json $command c a c b
        [ "$status" -eq 0 ]
        [ "$(cut -c 13 <<<"$output" | tr -d '\n')" = cab ]
    done
}

@test "a signal ends the check of the current account, and the others are reported" {
    start_server --synthetic 2
    write_rc
    three_accounts
    # The parent of its shell is the account's process, and the parent of that
    # is keepmail.
    sed -i '/^password/d; s/password = .*//' "$rc"
    sed -i "s|^account a {|password-command = 'kill -TERM \$(ps -o ppid= -p \$PPID); sleep 5; echo test'\n&|" "$rc"
    for command in check mark-seen; do
        wanted 75 $command a b c
        says "b: stopped by a signal before this account was started"
        says "c: stopped by a signal before this account was started"
    done
    [ ! -e "$work/B" ]
}

# objects FIELD: of each line of the output, which must be valid JSON.
objects() {
    printf '%s\n' "${lines[@]}" | while read -r line; do
        printf '%s' "$line" >"$work/json"
        sqlite3 :memory: "SELECT json_extract(readfile('$work/json'), '\$.$1')"
    done
}

@test "with --json, an account whose process is killed has an object with the error" {
    start_server --synthetic 2
    write_rc
    printf 'account b { password-command = "kill -KILL $PPID; sleep 5" }\n' >>"$rc"
    printf 'account c { maildir = "%s" }\n' "$work/C" >>"$rc"
    run --separate-stderr keepmail --json check
    [ "$status" -eq 75 ]
    [ "$(objects account | tr -d '\n')" = abc ]
    [ "$(objects status | tr '\n' ' ')" = "0 75 0 " ]
    [[ ${lines[1]} == *'"error":"'* ]]
    # Its lines are printed as they come.
    run keepmail check b
    [ "$status" -eq 75 ]
    says "b: rc file   ok  "
    says "b: mail      ok  "
}

@test "with --json, an account that was not started has an object with the error" {
    start_server --synthetic 2
    write_rc
    three_accounts
    sed -i '/^password/d; s/password = .*//' "$rc"
    sed -i "s|^account a {|password-command = 'kill -TERM \$(ps -o ppid= -p \$PPID); sleep 5; echo test'\n&|" "$rc"
    run --separate-stderr keepmail --json check a b c
    [ "$status" -eq 75 ]
    [ "$(objects account | tr -d '\n')" = abc ]
    [ "$(objects status | tail -n 2 | tr '\n' ' ')" = "75 75 " ]
    [[ "$(objects error)" == *"stopped by a signal before this account was started"* ]]
}
