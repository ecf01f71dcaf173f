#!/usr/bin/env bats
# Root does not fetch as root unless told to; otherwise, it runs as the user it
# is told.

load ../../lib/helpers

setup() {
    common_setup
}

teardown() {
    common_teardown
}

need_root() {
    [ "$(id -u)" -eq 0 ] || skip "becoming another user needs root"
    id nobody >/dev/null || skip "there is no user nobody"
}

# An rc file without run-as, except for what is given.
write_plain() {
    write_rc "$@"
    sed -i '/^run-as/d' "$rc"
}

# place_for USER: a directory of that user's own, and reachable for it.
place_for() {
    mkdir -p "$work/$1"
    chown "$1" "$work/$1"
    let_pass "$work"
    chmod 755 "$work/server"
    chmod 644 "$work/server/cert.pem"
}

as_nobody() {
    run setpriv --reuid=nobody --regid="$(id -g nobody)" --clear-groups \
        "$KEEPMAIL" -f "$rc"
}

# all_of USER PATH: everything below PATH belongs to that user.
all_of() {
    [ -z "$(find "$2" ! -user "$1")" ]
}

@test "started by root without run-as, it refuses to run, and says what to do" {
    need_root
    start_server --synthetic 3
    write_plain
    for only in "" -n; do
        wanted 78 $only
        says "a: keepmail was started by root"
        says "run it as the owner of the mail, or set run-as = USER in $rc"
    done
    [ ! -e "$work/state" ]
    [ ! -e "$work/Mail" ]
    stop_server
    [ "$(reported sessions)" -eq 0 ]
}

@test "it refuses before a password is asked for" {
    need_root
    start_server --synthetic 3
    write_plain
    sed -i '/^password/d; s/password = .*//' "$rc"
    wanted 78
    says "started by root"
    says_not "no terminal"
}

@test "run-as = root is permitted, as the explicit choice of root" {
    need_root
    start_server --synthetic 3
    write_plain "run-as = root"
    wanted 0
    [ "$(kept)" -eq 3 ]
    all_of root "$work/Mail"
}

@test "run-as = nobody delivers as nobody, with a password-command run as nobody" {
    need_root
    start_server --synthetic 20
    place_for nobody
    for kind in maildir mbox; do
        rm -rf "$work/nobody"/*
        write_plain "run-as = nobody" "state = \"$work/nobody/state\"" \
            "$kind = \"$work/nobody/mail\""
        sed -i '/^password/d; s/password = .*//' "$rc"
        sed -i "s|^account a {|&\n password-command = 'echo test; { id -un; id -G; echo \$HOME \$USER; } >$work/nobody/who'|" "$rc"
        wanted 0
        [ "$(kept "$work/nobody/mail")" -eq 20 ]
        all_of nobody "$work/nobody"
        [ "$(sed -n 1p "$work/nobody/who")" = nobody ]
        [ "$(sed -n 2p "$work/nobody/who")" = "$(id -G nobody)" ]
        [ "$(sed -n 3p "$work/nobody/who")" = \
            "$(getent passwd nobody | cut -d: -f6) nobody" ]
    done
}

# command_sees FILE: a password-command that writes its environment to FILE.
command_sees() {
    sed -i '/^password/d; s/password = .*//' "$rc"
    sed -i "s|^account a {|&\n password-command = 'env >$1; echo test'|" "$rc"
}

@test "another user's password-command gets only language and time zone of root's environment" {
    need_root
    start_server --synthetic 1
    place_for nobody
    write_plain "run-as = nobody" "state = \"$work/nobody/state\"" \
        "maildir = \"$work/nobody/mail\""
    command_sees "$work/nobody/environment"
    # LD_LIBRARY_PATH names no existing directory. KEEPMAIL_THIN is set in test
    # runs of packages.
    run env -u KEEPMAIL_THIN SSH_AUTH_SOCK=/run/agent GNUPGHOME=/root/.gnupg \
        SHELL=/bin/false XDG_RUNTIME_DIR=/run/user/0 DBUS_SESSION_BUS_ADDRESS=unix:x \
        LD_LIBRARY_PATH=/nowhere LANG=C LC_TIME=C TZ=UTC TERM=dumb LANGSAM=x \
        PATH="/root/bin:$PATH" KEEPMAIL_EXTRA=here "$KEEPMAIL" -f "$rc"
    [ "$status" -eq 0 ]
    sed 's/=.*//' "$work/nobody/environment" | grep -v '^\(_\|PWD\|OLDPWD\|SHLVL\)$' |
        sort >"$work/names"
    printf '%s\n' HOME KEEPMAIL_ACCOUNT KEEPMAIL_EXTRA KEEPMAIL_SERVER \
        KEEPMAIL_USER LANG LC_TIME LOGNAME PATH SHELL TERM TZ USER |
        sort | diff - "$work/names"
    grep -qx 'PATH=/usr/local/bin:/usr/bin:/bin' "$work/nobody/environment"
    grep -qx 'SHELL=/bin/sh' "$work/nobody/environment"
}

@test "the same user's password-command gets the environment unchanged" {
    start_server --synthetic 1
    write_rc
    command_sees "$work/environment"
    run env SSH_AUTH_SOCK=/run/agent GNUPGHOME=/somewhere "$KEEPMAIL" -f "$rc"
    [ "$status" -eq 0 ]
    grep -qx 'SSH_AUTH_SOCK=/run/agent' "$work/environment"
    grep -qx 'GNUPGHOME=/somewhere' "$work/environment"
    grep -qx "PATH=$PATH" "$work/environment"
}

@test "files that only root may read or write stay inaccessible to the run-as user" {
    need_root
    start_server --synthetic 3
    place_for nobody
    printf 'test\n' >"$work/secret"
    chmod 600 "$work/secret"
    write_plain "run-as = nobody" "state = \"$work/nobody/state\"" \
        "maildir = \"$work/nobody/mail\"" "password-file = \"$work/secret\""
    wanted 78
    says "cannot open password-file $work/secret: Permission denied"
    mkdir "$work/roots"
    chmod 755 "$work/roots"
    write_plain "run-as = nobody" "state = \"$work/roots/state\""
    wanted 73
    says "cannot create the state directory"
}

@test "accounts with different users run in parallel" {
    need_root
    id daemon >/dev/null || skip "there is no user daemon"
    start_server --synthetic 5 --shared
    place_for nobody
    place_for daemon
    write_plain "run-as = nobody" "state = \"$work/nobody/state\"" \
        "maildir = \"$work/nobody/mail\""
    cat >>"$rc" <<END
account b {
    run-as = daemon
    state = "$work/daemon/state"
    maildir = "$work/daemon/mail"
}
account c { run-as = root }
account d { maildir = "$work/refused" }
END
    wanted 78 -j 1
    [ "$(kept "$work/nobody/mail")" -eq 5 ]
    [ "$(kept "$work/daemon/mail")" -eq 5 ]
    [ "$(kept "$work/Mail")" -eq 5 ]
    all_of nobody "$work/nobody"
    all_of daemon "$work/daemon"
    all_of root "$work/Mail"
    says "d: keepmail was started by root"
    [ ! -e "$work/refused" ]
}

@test "an unknown user is reported" {
    start_server --synthetic 3
    write_plain "run-as = no-such-user"
    wanted 78
    says "run-as = no-such-user: there is no user of that name here"
    [ ! -e "$work/state" ]
}

@test "an ordinary user can run as that user, and as nobody else" {
    start_server --synthetic 3
    if [ "$(id -u)" -eq 0 ]; then
        need_root
        place_for nobody
        local me=nobody
    else
        mkdir "$work/nobody"
        local me
        me=$(id -un)
        as_nobody() { run keepmail; }
    fi
    write_plain "run-as = root" "state = \"$work/nobody/state\"" \
        "maildir = \"$work/nobody/mail\""
    [ "$(id -u)" -ne 0 ] || chown nobody "$rc"
    as_nobody
    [ "$status" -eq 78 ]
    says "run-as = root, but only root can become another user"
    [ ! -e "$work/nobody/state" ]
    sed -i "s/run-as = root/run-as = $me/" "$rc"
    as_nobody
    [ "$status" -eq 0 ]
    sed -i '/run-as/d' "$rc"
    as_nobody
    [ "$status" -eq 0 ]
    [ "$(kept "$work/nobody/mail")" -eq 3 ]
}

@test "after run-as there is no way back, no core dump, and no access by other processes" {
    need_root
    start_server --synthetic 1
    place_for nobody
    write_plain "run-as = nobody" "state = \"$work/nobody/state\"" \
        "maildir = \"$work/nobody/mail\""
    # The leak checker does not work under strace.
    ASAN_OPTIONS=detect_leaks=0 run strace -qq -f -o "$work/trace" -e trace=%creds,%process,prctl \
        "$KEEPMAIL" -f "$rc"
    [ "$status" -eq 0 ]
    uid=$(id -u nobody)
    grep -q "setuid($uid) *= 0" "$work/trace"
    # It was tried, and refused.
    sed -n "/setuid($uid)/,\$p" "$work/trace" | grep -q 'setuid(0) *= -1 EPERM'
    nm -D "$KEEPMAIL" | grep -q __asan_init ||
        sed -n "/setuid($uid)/,\$p" "$work/trace" |
        grep -q 'prctl(PR_SET_DUMPABLE, SUID_DUMP_DISABLE.*= 0'
}
