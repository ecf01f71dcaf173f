#!/usr/bin/env bats
# Errors, each with its message and exit status; nothing is lost.

load ../../lib/helpers

setup() {
    common_setup
}

teardown() {
    common_teardown
}

# Nothing was stored, and nothing erased.
nothing_done() {
    [ ! -d "$work/Mail/new" ] || [ "$(files "$work/Mail")" -eq 0 ]
    run grep "^erased " "$work/server/report"
    says_nothing
}

@test "a wrong password exits 77 and says what to check" {
    start_server --synthetic 3
    write_rc "password = falsch" "delete = now"
    wanted 77
    says "refused the login: check the user name and password"
    says "(the server said: \"[AUTH] wrong user or password\")"
    says_not falsch
    nothing_done
}

@test "a host that does not exist exits 68" {
    start_server --synthetic 3
    write_rc "server = no-such-host.invalid"
    wanted 68
    says "no host named no-such-host.invalid"
}

@test "a port without a server exits 75" {
    start_server --synthetic 3
    stop_server
    write_rc
    wanted 75
    says "cannot connect to localhost:$tls_port: Connection refused. Check server"
}

@test "an untrusted certificate exits 69, and the password is not sent" {
    start_server --synthetic 3
    write_rc
    sed -i '/tls-ca/d' "$rc"
    wanted 69
    says "certificate"
    says "no password was sent"
    says "tls-ca"
    # The certificate is described, with a pin ready to paste.
    says "a certificate for CN = localhost, issued by CN = localhost, valid from "
    says " GMT to "
    says "tls-pin = $(cat "$work/server/pin")"
    stop_server
    [ "$(reported logins)" -eq 0 ]
    [ "$(reported commands)" -eq 0 ]
    nothing_done
}

@test "a server that requires a client certificate exits 69, and tls-cert is named" {
    start_server --synthetic 1
    local try own
    openssl req -x509 -newkey rsa:2048 -nodes -keyout "$work/key" -out "$work/cert" \
        -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost 2>/dev/null
    for ((try = 0; try < 20; try++)); do
        tls_port=$((20000 + RANDOM % 20000))
        openssl s_server -accept "127.0.0.1:$tls_port" -www -Verify 1 -verify_return_error \
            -key "$work/key" -cert "$work/cert" >"$work/s_server" 2>&1 3>&- &
        own=$!
        for _ in {1..50}; do
            (exec 4<>"/dev/tcp/127.0.0.1/$tls_port") 2>/dev/null && break 2
            kill -0 $own 2>/dev/null || break
            sleep 0.1
        done
    done
    write_rc "tls-ca = \"$work/cert\"" "server = localhost"
    run keepmail
    kill "$own"
    [ "$status" -eq 69 ]
    says "requires a client certificate"
    says "tls-cert"
}

@test "an expired certificate exits 69" {
    start_server --synthetic 3 --expired
    write_rc
    wanted 69
    says "expired"
    says "ask the server's operator to renew it"
    says "certificate for CN = localhost"
    stop_server
    [ "$(reported logins)" -eq 0 ]
    nothing_done
}

@test "a certificate for another host exits 69" {
    start_server --synthetic 3 --host pop.example.org
    write_rc
    wanted 69
    says "certificate of localhost:$tls_port is not trusted"
    says "Check that server is the name"
    says "certificate for CN = pop.example.org"
    nothing_done
}

@test "an untrusted certificate is also refused after STLS" {
    start_server --synthetic 3 --host pop.example.org
    write_rc "tls = starttls" "port = $port"
    wanted 69
    stop_server
    [ "$(reported logins)" -eq 0 ]
    nothing_done
}

@test "the right pin is accepted, and a wrong one exits 69" {
    start_server --synthetic 3
    write_rc "tls-pin = \"$(cat "$work/server/pin")\""
    wanted 0
    rm -rf "$work/Mail" "$work/state"
    write_rc 'tls-pin = "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="'
    wanted 69
    says "is not the one of tls-pin"
    says "no password was sent"
    says "tls-pin = $(cat "$work/server/pin")"
    nothing_done
}

@test "a server that supports no TLS newer than 1.1 exits 69" {
    start_server --synthetic 3 --tls-1.1
    write_rc
    wanted 69
    says "does not support TLS 1.2"
    says "no password was sent"
    stop_server
    [ "$(reported logins)" -eq 0 ]
    nothing_done
}

@test "tls-ca replaces the system's certificates" {
    command -v strace >/dev/null || skip "strace is missing"
    strace -qq -o /dev/null true 2>/dev/null || skip "strace may not trace here"
    start_server --synthetic 3
    mkdir "$work/certs"
    cp "$work/server/cert.pem" "$work/certs/another.pem"
    openssl rehash "$work/certs" 2>/dev/null
    # A server with a new key, which none of them has signed.
    start_server --synthetic 3
    for ca in "$work/certs/another.pem" "$work/certs"; do
        write_rc "tls-ca = \"$ca\""
        # The leak checker does not work under strace.
        ASAN_OPTIONS=detect_leaks=0 run strace -f -qq -o "$work/trace" \
            -e trace=file \
            "$KEEPMAIL" -f "$rc"
        [ "$status" -eq 69 ]
        grep -q "\"$ca" "$work/trace"
        # The confinement opens paths without reading them (O_PATH).
        run grep -E '"/etc/(ssl|pki/tls)/certs/' <(grep -v O_PATH "$work/trace")
        says_nothing
    done
}

@test "a server without STLS exits 69, and is not sent the password in clear text" {
    start_server --synthetic 3 --no STLS
    write_rc "tls = starttls" "port = $port"
    wanted 69
    says "does not support STLS"
    says "no password was sent"
    stop_server
    [ "$(reported commands)" -eq 1 ]
    nothing_done
}

@test "TLS on a port without it exits 69" {
    start_server --synthetic 3
    write_rc "port = $port"
    wanted 69
    says "Check port and tls"
}

@test "a server without UIDL and TOP exits 69" {
    start_server --synthetic 3 --no UIDL --no TOP
    write_rc
    wanted 69
    says "refused UIDL and TOP"
    nothing_done
}

@test "a mailbox in use exits 75" {
    cat >"$work/busy.pop" <<'END'
S: +OK ready
C: CAPA
S: +OK
S: SASL PLAIN
S: RESP-CODES
S: .
C: AUTH PLAIN *
S: -ERR [IN-USE] locked by another
END
    start_server --dialog "$work/busy.pop"
    write_rc
    wanted 75
    says "the mailbox is in use by another session"
}

@test "a destination of the wrong type exits 73 before anything is fetched" {
    start_server --synthetic 3
    mkdir "$work/Mail"
    echo precious >"$work/Mail/file"
    write_rc "delete = now"
    wanted 73
    says "is not a Maildir and is not empty"
    [ "$(cat "$work/Mail/file")" = precious ]
    stop_server
    [ "$(reported sessions)" -eq 0 ]
    mkdir "$work/directory"
    write_rc "mbox = \"$work/directory\""
    wanted 73
    ln -s "$work/precious" "$work/link"
    write_rc "mbox = \"$work/link\""
    wanted 73
    [ ! -e "$work/precious" ]
    echo >"$work/one"
    ln "$work/one" "$work/two"
    write_rc "mbox = \"$work/two\""
    wanted 73
    says "not a regular file of yours with one name"
}

@test "a Maildir that cannot be written exits 73 before anything is fetched" {
    start_server --synthetic 3
    mkdir -p "$work/Mail"/{cur,new,tmp}
    chmod 500 "$work/Mail/tmp"
    write_rc "delete = now"
    if [ "$(id -u)" -eq 0 ]; then
        # Root may write anywhere, so this runs as another user.
        sed -i '/^run-as/d' "$rc"
        let_pass "$work"
        chown -R nobody "$work"
        run setpriv --reuid=nobody --regid=nogroup --clear-groups \
            "$KEEPMAIL" -f "$rc"
    else
        run keepmail
    fi
    [ "$status" -eq 73 ]
    says "cannot write to $work/Mail/tmp: Permission denied"
    says "Check its owner and permissions"
    stop_server
    [ "$(reported sessions)" -eq 0 ]
}

@test "a full disk exits 74, and nothing is lost" {
    [ "$(id -u)" -eq 0 ] || skip "mounting a small disk needs root"
    mkdir "$work/disk"
    mount -t tmpfs -o size=512k tmpfs "$work/disk" ||
        skip "no tmpfs can be mounted here"
    make_mail 300
    start_server --folder "$work/mail"
    for kind in maildir mbox; do
        rm -rf "$work/state" "$work/disk"/*
        write_rc "$kind = \"$work/disk/mail\"" "delete = now"
        run keepmail
        [ "$status" -eq 74 ] || { umount "$work/disk"; false; }
        says "No space left on device"
        says "no mail was lost"
        [ "$(files "$work/mail")" -eq 300 ]
    done
    mount -o remount,size=64m "$work/disk"
    run keepmail
    [ "$status" -eq 0 ] || { umount "$work/disk"; false; }
    same_mail "$work/sent" "$work/disk/mail" ||
        { umount "$work/disk"; false; }
    umount "$work/disk"
    [ "$(files "$work/mail")" -eq 0 ]
}

@test "a full disk for the store exits 74, and nothing is lost" {
    [ "$(id -u)" -eq 0 ] || skip "mounting a small disk needs root"
    mkdir "$work/disk"
    mount -t tmpfs -o size=128k tmpfs "$work/disk" ||
        skip "no tmpfs can be mounted here"
    make_mail 1000
    start_server --folder "$work/mail"
    write_rc "state = \"$work/disk/state\"" "delete = now"
    run keepmail
    mount -o remount,size=64m "$work/disk"
    [ "$status" -eq 74 ] || { umount "$work/disk"; false; }
    says "the disk is full"
    [ "$(files "$work/mail")" -eq 1000 ]
    run keepmail
    umount "$work/disk"
    [ "$status" -eq 0 ]
    same_mail "$work/sent" "$work/Mail"
}

@test "a broken connection does not hide a full disk: both are reported, and it exits 74" {
    [ "$(id -u)" -eq 0 ] || skip "mounting a small disk needs root"
    mkdir "$work/disk"
    mount -t tmpfs -o size=128k tmpfs "$work/disk" ||
        skip "no tmpfs can be mounted here"
    make_mail 1000
    start_server --folder "$work/mail" --harm "$work/harm" --patient
    write_rc "state = \"$work/disk/state\"" "sessions = 1"
    # Messages that were complete before the connection was cut are stored after
    # that, and do not fit.
    echo "cut 1500000" >"$work/harm"
    run keepmail --json
    umount "$work/disk"
    [ "$status" -eq 74 ]
    [[ ${lines[0]} == "a: cannot "*"the disk is full"*". Also: the connection to "*" was lost: "* ]]
    says '"status":74'
    says '"error":"cannot '
    [ "${#lines[@]}" -eq 2 ]
}

@test "a state directory that cannot be created exits 73" {
    start_server --synthetic 3
    : >"$work/file"
    write_rc "state = \"$work/file/state\""
    wanted 73
    says "cannot create the state directory"
    stop_server
    [ "$(reported sessions)" -eq 0 ]
}

@test "a message that cannot be fetched does not hold up others, is tried less and less often, and finally left alone" {
    stop_server
    make_mail 6
    start_server --folder "$work/mail" --refuse 2
    write_rc
    for tries in 1 2; do
        wanted 75
        says "the server refused to send message 2"
        [ "$(kept)" -eq 5 ]
        [ "$(in_store "SELECT tries FROM trouble")" -eq $tries ]
    done
    wanted 0 -n -v
    says "could not be fetched before; tried again after the others"
    wanted 75
    # Now it is not tried for an hour.
    wanted 0 -n -v
    says "could not be fetched before; tried again later"
    wanted 0
    says_nothing
    for tries in 4 5 6 7; do
        in_store "UPDATE trouble SET next_at = 1"
        wanted 75
        [ "$(in_store "SELECT tries FROM trouble")" -eq $tries ]
    done
    says "message 2 could not be fetched after 7 attempts"
    in_store "UPDATE trouble SET next_at = 1"
    wanted 0
    says_nothing
    wanted 0 status a
    says "quarantine"
    # It is never erased.
    write_rc "delete = now"
    wanted 0
    [ "$(files "$work/mail")" -eq 1 ]
    # The server is fixed, and the owner retries.
    stop_server
    start_server --folder "$work/mail"
    write_rc "delete = now"
    wanted 64 retry a nobody
    wanted 0 -v retry a
    says "1 message will be tried again in the next run"
    wanted 0
    [ "$(kept)" -eq 6 ]
    [ "$(in_store "SELECT count(*) FROM trouble")" -eq 0 ]
}

@test "two messages with the same uid each have their own trouble record; retry forgets both" {
    stop_server
    make_mail 4
    start_server --folder "$work/mail" --twice --refuse 1
    write_rc "duplicates = keep"
    wanted 75
    uid=$(in_store "SELECT CAST(uid AS TEXT) FROM trouble")
    [ "$(in_store "SELECT ordinal FROM trouble")" -eq 0 ]
    # The other one is in quarantine.
    in_store "DELETE FROM message WHERE CAST(uid AS TEXT) = '$uid';
        UPDATE trouble SET next_at = 1;
        INSERT INTO trouble (uid, ordinal, tries, first_at, last_at, next_at,
            quarantined_at, error) SELECT uid, 1, 7, 1, 1, 1, 1, 'x' FROM trouble"
    stop_server
    start_server --folder "$work/mail" --twice
    write_rc "duplicates = keep"
    wanted 0
    [ "$(in_store "SELECT group_concat(ordinal || ' ' || tries) FROM trouble")" = "1 7" ]
    in_store "INSERT INTO trouble (uid, ordinal, tries, first_at, last_at, next_at, error)
        SELECT uid, 2, 1, 1, 1, 1, 'x' FROM trouble"
    wanted 0 -v retry a "$uid"
    says "2 messages will be tried again in the next run"
    wanted 0
    [ "$(in_store "SELECT count(*) FROM trouble")" -eq 0 ]
}

@test "how a server answers UIDL with an argument is learnt once, recorded, and forgotten when it changes" {
    stop_server
    form() { in_store "SELECT proof_form FROM mailbox"; }
    # play NUMBER ANSWER: the server's answer to UIDL for the last of NUMBER
    # messages.
    play() {
        {
            printf '%s\n' 'login PIPELINING' 'C: UIDL' 'S: +OK' 'S: 1 one'
            [ "$1" -eq 1 ] || echo 'S: 2 two'
            printf '%s\n' 'S: .' 'C: LIST' 'S: +OK' 'S: .' "C: RETR $1" \
                'S: +OK' "S: mail $1" 'S: .' "C: UIDL $1" "S: $2" 'C: QUIT' \
                'S: +OK'
        } >"$work/form.pop"
        start_server --dialog "$work/form.pop"
        write_rc "tls = off" "port = $port"
    }
    play 1 "+OK one"
    wanted 0
    [ "$(form)" -eq 2 ]
    # A run that gets no answer still knows it.
    stop_server
    wanted 75
    [ "$(form)" -eq 2 ]
    play 2 "+OK 2 two"
    wanted 76
    says "do not match the commands"
    [ "$(form)" -eq 0 ]
    [ "$(kept)" -eq 1 ]
    in_store "UPDATE mailbox SET out_of_step_at = NULL"
    wanted 0
    [ "$(form)" -eq 1 ]
    [ "$(kept)" -eq 2 ]
}
