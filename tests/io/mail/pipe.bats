#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Mail handed over to commands: shell scripts, and delivery agents.

load ../../lib/helpers
load ../../lib/dovecot

setup() {
    common_setup
    taken=$work/taken
    mkdir -p "$taken"/{new,cur,tmp}
    # Delivers as a delivery agent does: complete, or not at all.
    write_agent 'cat >"$TAKEN/tmp/$KEEPMAIL_KEY" &&
        mv "$TAKEN/tmp/$KEEPMAIL_KEY" "$TAKEN/new/$KEEPMAIL_KEY.$$"'
}

teardown() {
    stop_dovecot
    common_teardown
}

# write_agent SCRIPT: the command of pipe_rc. It is also told $WORK and $TAKEN.
write_agent() {
    {
        printf '#!/bin/sh\nWORK="%s" TAKEN="%s"\n' "$work" "$taken"
        printf '%s\n' "$1"
    } >"$work/agent"
    chmod 700 "$work/agent"
}

# pipe_rc [SETTING...]
pipe_rc() {
    write_rc "pipe = \"$work/agent\"" "$@"
}

taken() {
    find "$taken/new" -type f | wc -l
}

@test "mail is handed over byte for byte, and only once" {
    with_mail 150
    pipe_rc
    wanted 0
    says_nothing
    same_mail "$work/sent" "$taken"
    wanted 0 -v
    says "fetched 0 (0 B), deleted 0, left 150"
    [ "$(taken)" -eq 150 ]
}

@test "the command runs in a shell, and is told account, uid, key and sender" {
    mkdir -p "$work/mail"
    printf 'Return-Path: <joe@example.org>\r\nSubject: 1\r\n\r\n' >"$work/mail/one"
    printf 'Return-Path: <joe$(id)@x>\r\nSubject: 2\r\n\r\n' >"$work/mail/two"
    start_server --folder "$work/mail" --shared
    # shellcheck disable=SC2016 # for the command
    write_rc "pipe = 'echo \"\$KEEPMAIL_ACCOUNT \$KEEPMAIL_UID \$KEEPMAIL_KEY <\$KEEPMAIL_SENDER>\" >>$work/told; cat >/dev/null'"
    wanted 0
    [ "$(wc -l <"$work/told")" -eq 2 ]
    grep -Eq '^a one [0-9a-f]{32} <joe@example.org>$' "$work/told"
    grep -Eq '^a two [0-9a-f]{32} <.*>$' "$work/told"
    [ "$(cut -d' ' -f3 "$work/told" | sort -u | wc -l)" -eq 2 ]
}

@test "a message has the same key each time, and its twin has another" {
    mkdir -p "$work/mail"
    printf 'Subject: same\r\n\r\n' | tee "$work/mail/one" >"$work/mail/two"
    start_server --folder "$work/mail" --shared
    write_agent 'echo $KEEPMAIL_UID $KEEPMAIL_KEY >>"$WORK/told"'
    pipe_rc "duplicates = keep"
    wanted 0
    rm -r "$work/state"
    wanted 0
    [ "$(wc -l <"$work/told")" -eq 4 ]
    [ "$(sort -u "$work/told" | wc -l)" -eq 2 ]
}

@test "mail is deleted from the server only after exit status 0" {
    with_mail 5
    pipe_rc "delete = now"
    wanted 0
    same_mail "$work/sent" "$taken"
    [ "$(left)" -eq 0 ]
}

@test "exit status 75 and a signal end the run, and the next one goes on" {
    with_mail 5
    write_agent '[ "$(ls "$TAKEN/new" | wc -l)" -lt 2 ] || { echo later; exit 75; }
        cat >"$TAKEN/new/$KEEPMAIL_KEY"'
    pipe_rc "delete = now"
    wanted 75
    says "ended with exit status 75 (temporary failure) and printed \"later\": nothing more is delivered in this run, and the mail stays on the server"
    [ "$(taken)" -eq 2 ]
    [ "$(left)" -eq 5 ]
    write_agent 'kill -SEGV $$'
    wanted 75
    says "was killed by signal 11 and printed"
    write_agent 'cat >"$TAKEN/new/$KEEPMAIL_KEY"'
    wanted 0
    same_mail "$work/sent" "$taken"
    [ "$(left)" -eq 0 ]
}

@test "a message that is refused stays on the server, and the others go on" {
    with_mail 6
    write_agent 'case $KEEPMAIL_UID in
        *3.eml) echo first line; echo "no such mailbox" >&2; exit 67 ;;
        esac
        cat >"$TAKEN/new/$KEEPMAIL_KEY"'
    pipe_rc "delete = now"
    wanted 69
    says 'ended with exit status 67 (no such user) and printed "no such mailbox"'
    [ "$(taken)" -eq 5 ]
    [ "$(left)" -eq 1 ]
    run keepmail list --local a
    [[ $output == *"no such user"* ]]
}

@test "three refusals in a row end the run" {
    with_mail 6
    write_agent 'echo x >>"$WORK/runs"; exit 1'
    pipe_rc "delete = now"
    wanted 75
    says "refused 3 messages in a row"
    [ "$(wc -l <"$work/runs")" -eq 3 ]
    [ "$(left)" -eq 6 ]
}

@test "a command that does not exist costs no login, and refuses no mail" {
    with_mail 2
    write_rc 'pipe = "no-such-agent -d jane"'
    wanted 73
    says "the command no-such-agent of the setting pipe was not found. Nothing was fetched"
    wanted 73 check
    [[ $output == *no-such-agent* ]]
    # Where that cannot be known before.
    write_rc "pipe = 'test 1 && no-such-agent'"
    wanted 75
    says "cannot be run (see the setting pipe)"
    says "no-such-agent: "
    pipe_rc
    wanted 0
    [ "$(taken)" -eq 2 ]
}

@test "what the shell itself understands passes the check" {
    with_mail 1
    local command
    for command in 'umask 077; cat >>"$HOME/x"' 'if true; then cat >/dev/null; fi' \
        'A=1 cat >/dev/null' '( cat >/dev/null )' ': '; do
        rm -rf "$work/state"
        write_rc "pipe = '$command'"
        wanted 0
    done
    # shellcheck disable=SC2119 # no arguments
    write_rc 'pipe = "  "'
    wanted 78
}

@test "a command that hangs is killed, with all that it started" {
    with_mail 2
    write_agent 'sleep 67 & echo $! >"$WORK/pid"; sleep 67'
    pipe_rc "pipe-timeout = 1" "delete = now"
    wanted 75
    says "did not end within 1 second (pipe-timeout)"
    [ "$(left)" -eq 2 ]
    soon no_longer_runs "$(cat "$work/pid")"
}

@test "what a command prints, leaves running, or does not read, does no harm" {
    with_mail 3
    write_agent 'sleep 30 >&2 & echo $! >>"$WORK/pids"
        head -c 300000 /dev/zero; head -c 300000 /dev/zero >&2'
    pipe_rc "delete = now"
    wanted 0
    says_nothing
    [ "$(left)" -eq 0 ]
    # shellcheck disable=SC2046 # numbers
    kill $(cat "$work/pids")
    # Nor if that goes on printing.
    rm -r "$work/state" "$work/pids"
    cp -r "$work/sent/." "$work/mail"
    write_agent 'yes & echo $! >>"$WORK/pids"'
    SECONDS=0
    pipe_rc "delete = now" "pipe-timeout = 60"
    wanted 0
    [ "$SECONDS" -lt 60 ]
    # shellcheck disable=SC2046 # numbers
    kill $(cat "$work/pids") || true
}

@test "killed at each call of the run: nothing is lost, and one message at most comes twice" {
    [ -z "${KEEPMAIL_THIN:-}" ] || skip "the gate ran it whole before"
    needs_plain_build
    make_mail 4
    start_server --folder "$work/mail" --shared
    pipe_rc "delete = now"
    local calls k
    cp -r "$work/mail" "$work/saved"
    "$TESTS_BUILD/torture/strike" -o "$work/calls" "$KEEPMAIL" -f "$rc" || [ $? -ne 125 ] ||
        skip "calls cannot be traced here"
    calls=$(wc -l <"$work/calls")
    [ "$calls" -gt 20 ]
    for ((k = 1; k <= calls; k += 11)); do
        rm -rf "$work/state" "$work/mail" "$taken"
        mkdir -p "$taken"/{new,cur,tmp}
        cp -r "$work/saved" "$work/mail"
        "$TESTS_BUILD/torture/strike" -n "$k" "$KEEPMAIL" -f "$rc" >/dev/null 2>&1 || true
        wanted 0
        [ "$(left)" -eq 0 ]
        [ "$(find "$taken/new" -type f -printf "%f\n" | cut -d. -f1 | sort -u | wc -l)" -eq 4 ]
        [ "$(taken)" -le 5 ]
    done
}

@test "a signal ends the run after the message that is being delivered" {
    with_mail 6
    write_agent 'cat >"$TAKEN/new/$KEEPMAIL_KEY"; touch "$WORK/begun"; sleep 1'
    pipe_rc "delete = now"
    "$KEEPMAIL" -f "$rc" 2>"$work/said" 3>&- &
    local pid=$!
    soon test -e "$work/begun"
    kill -TERM $pid
    status=0
    wait $pid || status=$?
    [ $status -eq 75 ]
    grep -q "stopped by a signal" "$work/said"
    [ "$(taken)" -lt 6 ]
    wanted 0
    [ "$(taken)" -eq 6 ]
}

@test "the command is not confined, has no open files of keepmail, and no password" {
    with_mail 1
    write_agent 'ls -l /proc/self/fd >"$WORK/files"; env >"$WORK/environment"
        grep -E "Seccomp:|NoNewPrivs:" /proc/self/status >"$WORK/status"
        echo written >"$WORK/elsewhere"'
    pipe_rc
    wanted 0
    grep -q 'Seccomp:.*0$' "$work/status"
    [ "$(cat "$work/elsewhere")" = written ]
    run grep -E 'socket|\.db' "$work/files"
    [ "$status" -eq 1 ]
    run grep -i '=test$' "$work/environment"
    [ "$status" -eq 1 ]
}

@test "what a command leaves running does not read the next message" {
    mkdir -p "$work/mail"
    printf 'Subject: 1\r\n\r\none\r\n' >"$work/mail/1"
    printf 'Subject: 2\r\n\r\ntwo\r\n' >"$work/mail/2"
    start_server --folder "$work/mail" --shared
    write_agent 'case $KEEPMAIL_UID in
        1) cat >"$TAKEN/new/1"; exec 3<&0
           setsid sh -c "sleep 1; cat >$WORK/stolen" <&3 >/dev/null 2>&1 & ;;
        2) sleep 2; cat >"$TAKEN/new/2" ;;
        esac'
    pipe_rc "delete = now"
    wanted 0
    grep -q two "$taken/new/2"
    [ ! -s "$work/stolen" ]
}

# in_background: runs keepmail, whose process is then $pid.
in_background() {
    "$KEEPMAIL" -f "$rc" 2>"$work/said" 3>&- &
    pid=$!
}

@test "killed while a command hangs: it is ended, and the next run need not wait" {
    with_mail 1
    write_agent 'echo $$ >>"$WORK/pids"; [ -e "$WORK/second" ] || sleep 30
        cat >"$TAKEN/new/$KEEPMAIL_KEY.$$"'
    pipe_rc "delete = now"
    in_background
    soon test -s "$work/pids"
    kill -KILL $pid
    wait $pid || true
    touch "$work/second"
    soon no_longer_runs "$(cat "$work/pids")"
    soon keepmail
    [ "$(taken)" -eq 1 ]
    [ "$(left)" -eq 0 ]
}

@test "a signal ends a command that takes too long, and it is delivered once" {
    with_mail 2
    write_agent 'touch "$WORK/begun"; cat >"$TAKEN/tmp/$$"; sleep 7
        mv "$TAKEN/tmp/$$" "$TAKEN/new/$KEEPMAIL_KEY.$$"'
    pipe_rc "delete = now"
    in_background
    soon test -e "$work/begun"
    kill -TERM $pid
    status=0
    wait $pid || status=$?
    [ $status -eq 75 ]
    [ "$(taken)" -eq 0 ]
    # One that ends as it should after SIGTERM is taken at its word.
    write_rc "pipe = 'exec $work/agent'" "delete = now"
    write_agent 'trap "" TERM; cat >"$TAKEN/new/$KEEPMAIL_KEY.$$"
        touch "$WORK/again"; sleep 7'
    in_background
    soon test -e "$work/again"
    kill -TERM $pid
    wait $pid || true
    [ "$(taken)" -eq 1 ]
    write_agent 'cat >"$TAKEN/new/$KEEPMAIL_KEY.$$"'
    wanted 0
    [ "$(taken)" -eq 2 ]
    [ "$(left)" -eq 0 ]
}

@test "a signal to all processes of keepmail does not lose an answer" {
    with_mail 3
    write_agent 'trap "" TERM; cat >"$TAKEN/new/$KEEPMAIL_KEY.$$"
        echo $PPID >"$WORK/helper"; sleep 2'
    write_rc "pipe = 'exec $work/agent'" "delete = now"
    in_background
    soon test -s "$work/helper"
    kill -TERM $pid "$(cat "$work/helper")"
    wait $pid || true
    write_agent 'cat >"$TAKEN/new/$KEEPMAIL_KEY.$$"'
    wanted 0
    [ "$(taken)" -eq 3 ]
}

@test "after an orderly end, nothing is said to be in doubt" {
    with_mail 5
    write_agent '[ "$(ls "$TAKEN/new" | wc -l)" -lt 2 ] || exit 75
        cat >"$TAKEN/new/$KEEPMAIL_KEY"'
    pipe_rc
    wanted 75
    [ "$(in_store 'SELECT count(*) FROM message WHERE state = 1')" -eq 0 ]
    write_agent 'cat >"$TAKEN/new/$KEEPMAIL_KEY"'
    wanted 0 -v
    says_not "delivered already"
    same_mail "$work/sent" "$taken"
}

@test "exit status 255 refuses a message, and the others go on" {
    with_mail 6
    write_agent 'case $KEEPMAIL_UID in *3.eml) exit 255 ;; esac
        cat >"$TAKEN/new/$KEEPMAIL_KEY"'
    pipe_rc "delete = now"
    wanted 69
    [ "$(taken)" -eq 5 ]
}

@test "no sender is an option, and no uid is cut" {
    local long
    long=$(printf 'u%.0s' {1..400})
    mkdir -p "$work/mail"
    printf 'Return-Path: <-oQ/tmp/x>\r\n\r\n' >"$work/mail/one"
    printf 'Subject: x\r\n\r\n' >"$work/mail/${long:0:250}"
    start_server --folder "$work/mail" --shared
    write_agent 'echo "$KEEPMAIL_UID <$KEEPMAIL_SENDER>" >>"$WORK/told"'
    pipe_rc
    wanted 0
    grep -q '^one <>$' "$work/told"
    grep -q "^${long:0:250} <" "$work/told"
}

@test "a command that the shell does not understand is refused before the login" {
    with_mail 1
    write_rc "pipe = 'if true; then cat'"
    wanted 73
    says "/bin/sh does not understand the setting pipe"
}

@test "with run-as, the command gets no files of the user who started keepmail" {
    [ "$(id -u)" -eq 0 ] || skip "needs root"
    with_mail 1
    let_pass "$work"
    mkdir "$work/theirs"
    chown -R nobody "$work/theirs" "$taken"
    write_rc "run-as = nobody" "state = \"$work/theirs\"" \
        "pipe = 'ls -l /proc/self/fd >$taken/files; id -un >$taken/who; env >$taken/env'"
    exec 7<"$rc"
    SECRET=1 wanted 0
    exec 7<&-
    [ "$(cat "$taken/who")" = nobody ]
    run grep -E 'rc$|SECRET' "$taken/files" "$taken/env"
    [ "$status" -eq 1 ]
}

@test "rules that need a copy are refused, and others work" {
    with_mail 2
    pipe_rc 'delete = "when trashed"'
    wanted 78
    says 'needs copies that can be found, and pipe hands mail over'
    pipe_rc 'delete = "after 30 days"'
    wanted 0
    sqlite3 "$work/state/a.db" "UPDATE message SET kept_at = kept_at - 31 * 86400"
    wanted 0
    [ "$(left)" -eq 0 ]
}

@test "check and history name the command" {
    with_mail 1
    pipe_rc
    wanted 0
    wanted 0 check
    [[ $output == *"$work/agent, a command"* ]]
    run keepmail history a "$(ls "$work/mail")"
    [[ $output == *"$work/agent"* ]]
    [ ! -e "$work/told" ]
}

@test "procmail delivers what it is handed" {
    command -v procmail >/dev/null || skip "no procmail"
    with_mail 60
    printf 'MAILDIR=%s\nDEFAULT=%s/\n' "$work" "$taken" >"$work/procmailrc"
    chmod 600 "$work/procmailrc"
    write_rc "pipe = \"procmail -t $work/procmailrc\""
    wanted 0
    [ "$(taken)" -eq 60 ]
}

@test "maildrop delivers what it is handed" {
    command -v maildrop >/dev/null || skip "no maildrop"
    with_mail 60
    printf 'to "%s"\n' "$taken" >"$work/mailfilter"
    chmod 600 "$work/mailfilter"
    write_rc "pipe = \"maildrop $work/mailfilter\""
    wanted 0
    [ "$(taken)" -eq 60 ]
}

@test "dovecot-lda delivers what it is handed" {
    find_dovecot || skip "no Dovecot"
    start_dovecot
    with_mail 60
    write_agent "exec ${dovecot_env[*]} $dovecot_prefix/usr/bin/doveconf -c $work/dovecot/dovecot.conf -m lda -e $dovecot_prefix/usr/lib/dovecot/dovecot-lda -d u -f \"\$KEEPMAIL_SENDER\""
    pipe_rc
    wanted 0
    [ "$(find "$work/dovecot/mail" -path '*/new/*' -type f | wc -l)" -eq 60 ]
}

@test "if the file that the command reads cannot be emptied, nothing of it is handed over again" {
    needs_plain_build
    command -v strace >/dev/null || skip "no strace here"
    mkdir -p "$work/mail"
    printf 'Subject: long\n\n%0900d\n' 1 >"$work/mail/1"
    printf 'Subject: short\n\nx\n' >"$work/mail/2"
    cp -r "$work/mail" "$work/sent"
    local n failed=0
    for ((n = 1; n <= 12; n++)); do
        rm -rf "$work/state" "$taken" "$work/mail"
        mkdir -p "$taken"/{new,cur,tmp}
        cp -r "$work/sent" "$work/mail"
        start_server --folder "$work/mail" --shared
        pipe_rc "delete = now"
        run strace -qq -f -o /dev/null -e trace=ftruncate \
            -e inject=ftruncate:error=EIO:when=$n "$KEEPMAIL" -f "$rc"
        [[ $output != *"cannot write to the spool file"* ]] || failed=1
        wanted 0
        "$lib/mailsum" -s "$work/sent" | sort -u >"$work/sums.sent"
        "$lib/mailsum" "$taken" | sort -u >"$work/sums.kept"
        cmp "$work/sums.sent" "$work/sums.kept"
        [ "$(left)" -eq 0 ]
    done
    [ "$failed" -eq 1 ]
}
