#!/usr/bin/env bats
# What keepmail gives up before it talks to a server, tested from outside:
# lib/probe.c acts as a compromised keepmail.

load ../../lib/helpers

setup() {
    common_setup
    worker=
    [ -z "${UNCONFINED:-}" ] || skip "this build writes its counts anywhere"
}

teardown() {
    common_teardown
    [ -z "$worker" ] || kill "$worker" 2>/dev/null || true
}

# probed [SETTING...]: runs with the probe in it; its results are in $work/met.
probed() {
    prepare_probe "$@"
    PROBE_OUTPUT=$work/met PROBE_PORT=$port PROBE_MAIL=$work/Mail/cur/seen \
        LD_PRELOAD=$work/probe.so \
        ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0 \
        run keepmail -v
    [ "$status" -eq 0 ] || { echo "# $output"; return 1; }
    abi=$(sed -n 's/^abi //p' "$work/met")
    [ -n "$abi" ]
}

prepare_probe() {
    ${CC:-cc} -shared -fPIC -D_GNU_SOURCE -o "$work/probe.so" \
        "$TESTS_SRC/lib/probe.c" -ldl
    start_server --synthetic 1
    write_rc "$@"
    mkdir -p "$work/Mail"/{tmp,new,cur}
    chmod 700 "$work/Mail" "$work/Mail"/*
    echo seen >"$work/Mail/cur/seen"
    echo precious >"$HOME/secret"
    echo precious >"$HOME/unwanted"
    echo precious >"$HOME/emptied"
    mkdir -p "$work/state"
    echo precious >"$work/state/b.db"
    : >"$work/met"
}

# met ATTEMPT ERRNO...: this attempt failed with one of these errors.
met() {
    local attempt=$1 found
    shift
    found=$(sed -n "s/^$attempt //p" "$work/met")
    for expected; do
        [ "$found" != "$expected" ] || return 0
    done
    echo "# $attempt met ${found:-nothing}, not $*"
    return 1
}

EPERM=1 EBADF=9 EACCES=13 EINVAL=22 ENOTTY=25 ENOSYS=38 ENOTSOCK=88

need_libseccomp() {
    ! grep -q 'built without libseccomp' "$KEEPMAIL" ||
        skip "built without libseccomp"
}

need_filter() {
    [[ $output == *"(seccomp)"* ]] || skip "no seccomp filter here"
}

@test "with confine = false, a compromised keepmail can do all of this" {
    probed "confine = false"
    says "not confined: confine = false"
    for attempt in read list write create truncate mkdir symlink chmod unlink \
        mail connect bind signal program ptrace empty empty-reading ftruncate \
        store store-new store-unlink socket socketpair; do
        met $attempt 0
    done
    # What the kernel answers, unless the process is confined.
    for attempt in tiocsti tioclinux tiocsctty tiocsti-high; do
        met $attempt $ENOTTY
    done
    for attempt in userns mountns clone3 unshare; do
        met $attempt $EINVAL
    done
    for attempt in late-connect late-bind listen accept accept4; do
        met $attempt $ENOTSOCK
    done
    for attempt in mptcp fastopen family; do
        ! grep -q "^$attempt $EPERM\$" "$work/met" || return 1
    done
    [ ! -s "$HOME/secret" ]
    [ ! -s "$HOME/emptied" ]
    [ -e "$HOME/new" ]
}

@test "confined, it reads and writes nothing elsewhere, and no mail here, unless it looks for duplicates" {
    probed "duplicates = keep"
    [ "$abi" -ge 2 ] || skip "this kernel has no Landlock, or ABI 1"
    says "writes only below $work/Mail and to $work/state/a.db, connects"
    for attempt in read list write create mkdir symlink unlink mail; do
        met $attempt $EACCES
    done
    [ "$abi" -lt 3 ] || met truncate $EACCES $EPERM
    [ -e "$HOME/unwanted" ]
    [ ! -e "$HOME/new" ]
    [ "$(files "$work/Mail/new")" -eq 1 ]
}

@test "confined, it writes its own account's store, and no other" {
    probed
    [ "$abi" -ge 2 ] || skip "this kernel has no Landlock, or ABI 1"
    for attempt in store store-new store-unlink; do
        met $attempt $EACCES
    done
    [ "$(sqlite3 "$work/state/a.db" "SELECT count(*) FROM message")" -eq 1 ]
    # Nothing is left in the WAL for the next process to read.
    [ ! -s "$work/state/a.db-wal" ]
    run keepmail
    [ "$status" -eq 0 ]
}

@test "confined, it connects to no other port, and listens on none" {
    probed
    [ "$abi" -ge 4 ] || skip "this kernel's Landlock knows no network"
    says "connects only to ports $tls_port and 53"
    met connect $EACCES
    met bind $EACCES
}

@test "confined, it sends no signal to other processes" {
    probed
    [ "$abi" -ge 6 ] || skip "this kernel's Landlock knows no signals"
    met signal $EPERM
}

@test "confined, it starts no program, not even indirectly" {
    probed
    need_filter
    says "starts no programs (seccomp)"
    for attempt in program chmod mptcp fastopen family; do
        met $attempt $EPERM
    done
    # The leak checker needs it.
    nm -D "$KEEPMAIL" | grep -q __asan_init || met ptrace $EPERM
}

@test "confined, it truncates no file by its path, only open ones, whatever Landlock supports" {
    probed
    need_filter
    for attempt in truncate empty empty-reading; do
        met $attempt $EPERM
    done
    met ftruncate 0
    [ -s "$HOME/secret" ]
    [ -s "$HOME/emptied" ]
}

@test "confined, it creates no namespace" {
    probed
    need_filter
    met userns $EPERM
    met mountns $EPERM
    met unshare $EPERM
    # The C library then does without it.
    met clone3 $ENOSYS
}

@test "after the login, it creates and connects no more sockets" {
    probed
    need_filter
    says "confined further: opens no more sockets (seccomp)"
    for attempt in socket socketpair late-connect late-bind listen accept \
        accept4; do
        met $attempt $EPERM
    done
}

@test "confined, it cannot inject input into a terminal" {
    probed
    need_filter
    for attempt in tiocsti tioclinux tiocsctty tiocsti-high; do
        met $attempt $EPERM
    done
}

@test "a worker has no controlling terminal, and may only write to it" {
    command -v script >/dev/null || skip "no script(1) here"
    prepare_probe "password-command = 'read word && echo \$word'"
    # The password command may still ask there.
    sed -i '/^password = /d' "$rc"
    PROBE_OUTPUT=$work/met PROBE_PORT=$port PROBE_MAIL=$work/Mail/cur/seen \
        ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0 \
        run script -qec "LD_PRELOAD='$work/probe.so' '$KEEPMAIL' -f '$rc'" \
        /dev/null < <(
            sleep 1
            echo "$password"
            sleep 1
        )
    [ "$status" -eq 0 ]
    says "a: fetched 1"
    met input $ENOTTY
    met session $EPERM
    met read-terminal $EBADF
}

@test "confined, it still delivers to an mbox" {
    probed "mbox = \"$work/box/mbox\""
    [ "$abi" -ge 2 ] || skip "this kernel has no Landlock, or ABI 1"
    says "writes only below $work/box and to $work/state/a.db, connects"
    met write $EACCES
    [ "$(kept "$work/box/mbox")" -eq 1 ]
    [ ! -e "$work/box/mbox.lock" ]
}

# on_kernel WHAT-LANDLOCK-ANSWERS: a run that sees this as the kernel's answer.
on_kernel() {
    rm -rf "$work/state" "$work/Mail"
    # The leak checker does not work under strace.
    ASAN_OPTIONS=detect_leaks=0 run strace -f -qq -o /dev/null -e trace=landlock_create_ruleset \
        -e inject="landlock_create_ruleset:$1:when=1" "$KEEPMAIL" -f "$rc" -v
    [ "$status" -eq 0 ]
    [ "$(kept)" -eq 1 ]
}

@test "on an older kernel it is confined as far as possible, and says how far" {
    need_libseccomp
    start_server --synthetic 1 --shared
    write_rc
    on_kernel retval=7
    [[ $output == *"(Landlock ABI 7)"* ]] ||
        skip "no strace that can say so, or this kernel's Landlock is older"
    on_kernel error=ENOSYS
    says "confined in part: no Landlock: Function not implemented; starts no"
    on_kernel error=EOPNOTSUPP
    says "no Landlock: Operation not supported"
    on_kernel retval=1
    says "confined in part: Landlock ABI 1 would not let mail be moved"
    for old in 2 3; do
        on_kernel retval=$old
        says "and to $work/state/a.db, connects anywhere (Landlock ABI $old)"
    done
    for old in 4 5 6; do
        on_kernel retval=$old
        says "connects only to ports $tls_port and 53 (Landlock ABI $old)"
    done
}

@test "the dot-lock of a running program is respected, although it cannot be signalled" {
    start_server --synthetic 1
    write_rc "mbox = \"$work/mbox\""
    sleep 60 3>&- &
    holder=$!
    printf '%d\nkeepmail %s\n' $holder "$(uname -n)" >"$work/mbox.lock"
    # An hour old, or less, so that it is not older than the boot: it would be
    # stale.
    up=$(cut -d. -f1 /proc/uptime)
    age=$((up > 3610 ? 3600 : up - 10))
    touch -d "$age seconds ago" "$work/mbox.lock"
    "$KEEPMAIL" -f "$rc" 3>&- &
    worker=$!
    sleep 1.5
    [ -e "$work/mbox.lock" ]
    [ ! -s "$work/mbox" ]
    kill $holder
    wait $holder || true
    wait $worker
    worker=
    [ ! -e "$work/mbox.lock" ]
    [ "$(kept "$work/mbox")" -eq 1 ]
}

@test "a dry run may not write any file" {
    start_server --synthetic 3
    write_rc
    wanted 0
    rm "$work/Mail/new"/*
    wanted 0 -n -v
    [[ $output == *Landlock* ]] || skip "this kernel has no Landlock"
    says "writes no files,"
}

@test "a server's own certificate is read from a file, a directory or a link" {
    start_server --synthetic 1 --shared
    mkdir "$work/ca" "$work/far"
    hash=$(openssl x509 -noout -hash -in "$work/server/cert.pem")
    cp "$work/server/cert.pem" "$work/far/own.pem"
    ln -s "$work/far/own.pem" "$work/ca/$hash.0"
    for ca in "$work/ca" "$work/ca/$hash.0"; do
        rm -rf "$work/state" "$work/Mail"
        write_rc "tls-ca = \"$ca\""
        wanted 0
        [ "$(kept)" -eq 1 ]
    done
}

@test "with a proxy, only the proxy's port may be connected to" {
    start_server --synthetic 1
    stop_server
    write_rc "proxy = \"socks5h://me:pw@localhost:$port\""
    wanted 75 -v
    [[ $output == *"Landlock ABI "[4-9]* ]] ||
        skip "this kernel's Landlock knows no network"
    says "connects only to ports $port and 53"
    says "(through the proxy): Connection refused"
    write_rc "proxy = \"socks5h://localhost:x\""
    run keepmail -v
    says "connects anywhere, since the proxy's port is not known"
}

# in_status PID FIELD: a field of /proc/PID/status.
in_status() {
    sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status"
}

# A session that stalls for a while after the login.
stalled() {
    cat >"$work/slow.pop" <<'END'
login PIPELINING
C: UIDL
wait 30000
S: +OK
S: .
C: QUIT
S: +OK
END
    start_server --dialog "$work/slow.pop"
    write_rc
    sed -i "/tls-ca/d; s/^port = .*/port = $port\ntls = off/" "$rc"
}

@test "Ctrl-C at a terminal ends a run at once, although its worker has no terminal" {
    command -v script >/dev/null || skip "no script(1) here"
    stalled
    # The server would answer half a minute later.
    SECONDS=0
    run script -qefc "exec '$KEEPMAIL' -vv -f '$rc'" "$work/typed" < <(
        soon grep '> UIDL' "$work/typed"
        printf '\003'
        soon no_keepmail
    )
    [ "$SECONDS" -lt 20 ]
    [ "$status" -eq 75 ]
    says "stopped by a signal"
    soon no_keepmail
}

# gives_up COUNT: COUNT workers are confined, and their parent talks to no
# server.
gives_up() {
    "$KEEPMAIL" -f "$rc" 3>&- &
    parent=$!
    for ((i = 0; i < 100; i++)); do
        confined=0
        for child in $(pgrep -P $parent); do
            [ "$(in_status "$child" Seccomp)" -ne 2 ] || confined=$((confined + 1))
        done
        [ "$confined" -lt "$1" ] || break
        sleep 0.05
    done
    [ "$confined" -eq "$1" ]
    for child in $(pgrep -P $parent); do
        [ "$(in_status "$child" NoNewPrivs)" -eq 1 ]
    done
    ! find "/proc/$parent/fd" -lname 'socket:*' | grep .
}

@test "one account's worker gives up its privileges" {
    need_libseccomp
    stalled
    gives_up 1
}

@test "each of several accounts' workers gives up its own" {
    need_libseccomp
    stalled
    printf 'account b { }\n' >>"$rc"
    gives_up 2
}
