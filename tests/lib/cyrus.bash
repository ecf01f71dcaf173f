# SPDX-License-Identifier: ISC
# A private Cyrus IMAP server for the test, on free loopback ports, run from the
# packages that `contrib/bootstrap check` unpacked (nothing is installed), or
# from the system's if it is installed. Cyrus 3.
# shellcheck disable=SC2016,SC2034,SC2154 # awk; for the test; helpers.bash sets $work

cyrus_root=${KEEPMAIL_CYRUS:-$TESTS_BUILD/../cyrus}

# Finds out how to run it; false if there is none.
find_cyrus() {
    local base=$cyrus_root/usr/lib as=() path
    cyrus_env=(env)
    if [ -x "$base/cyrus/bin/lmtpd" ]; then
        base=$(cd "$base" && pwd)
        path=$(find "$base" -maxdepth 1 -name '*-linux-*' -type d | paste -sd:)
        cyrus_env=(env "LD_LIBRARY_PATH=$path")
    elif [ -x /usr/lib/cyrus/bin/lmtpd ]; then
        base=/usr/lib
    else
        return 1
    fi
    cyrus_bin=$base/cyrus/bin
    cyrus_user=$(id -un)
    # Cyrus does not run as root: it becomes this user.
    [ "$cyrus_user" != root ] || {
        cyrus_user=nobody
        as=(setpriv --reuid nobody --regid nogroup --clear-groups)
    }
    grep -q '^PACKAGE_VERSION 3\.' "$base/cyrus/cyrus-hardwired-config.txt" ||
        return 1
    # Can that user reach it, and are all libraries there?
    path=$("${as[@]}" "${cyrus_env[@]}" ldd "$cyrus_bin/lmtpd") &&
        [[ $path != *"not found"* ]]
}

# start_cyrus: serves any user with any password by IMAP, on $imap_port, and
# delivers by LMTP, at $lmtp_socket and on $lmtp_port. A mailbox is created when
# it is first needed; the user admin may do anything. $cyrus_settings: lines for
# its configuration instead of those below. Mail of an earlier start is still
# there.
start_cyrus() {
    local base=$work/cyrus try i
    lmtp_socket=$base/lmtp
    mkdir -p "$base"/{conf/socket,mail,proc,lock}
    for ((try = 0; try < 20; try++)); do
        imap_port=$((20000 + RANDOM % 20000))
        lmtp_port=$((imap_port + 1))
        cyrus_name=cyrus-$imap_port-$RANDOM
        imapd_conf "$base" >"$base/imapd.conf"
        cyrus_conf "$base" >"$base/cyrus.conf"
        [ "$(id -u)" -ne 0 ] || {
            chown -R "$cyrus_user" "$base"
            let_pass "$base"
        }
        # When it ends, it ends its whole process group, which is not to be ours.
        setsid "${cyrus_env[@]}" "$cyrus_bin/master" -D -C "$base/imapd.conf" \
            -M "$base/cyrus.conf" -p "$base/pid" >"$base/output" 2>&1 3>&- &
        cyrus_pid=$!
        for ((i = 0; i < 100; i++)); do
            kill -0 $cyrus_pid 2>/dev/null || break
            cyrus_answers "$imap_port" && cyrus_answers "$lmtp_port" && return 0
            sleep 0.05
        done
        stop_cyrus
    done
    cat "$base/output"
    return 1
}

stop_cyrus() {
    [ -n "${cyrus_pid:-}" ] || return 0
    kill "$cyrus_pid" 2>/dev/null || true
    wait "$cyrus_pid" 2>/dev/null || true
    cyrus_pid=
}

# Is it this one? Cyrus goes on without a port that another server has.
cyrus_answers() {
    local greeting
    { exec 4<>"/dev/tcp/127.0.0.1/$1"; } 2>/dev/null || return 1
    IFS= read -r -t 10 greeting <&4 || true
    exec 4>&-
    [[ $greeting == *" $cyrus_name "* ]]
}

# By default, Cyrus replaces 8-bit characters in headers (munge8bit), and drops
# mail whose Message-ID it has seen (duplicatesuppression).
imapd_conf() {
    awk -F : '!seen[$1]++' <<END
${cyrus_settings:-}
configdirectory: $1/conf
proc_path: $1/proc
mboxname_lockpath: $1/lock
defaultpartition: default
partition-default: $1/mail
cyrus_user: $cyrus_user
servername: $cyrus_name
admins: admin
allowplaintext: yes
sasl_mech_list: PLAIN
sasl_pwcheck_method: alwaystrue
autocreate_quota: 0
autocreate_post: yes
lmtpsocket: $1/lmtp
munge8bit: no
duplicatesuppression: no
END
}

# lmtpd -a: no login is needed.
cyrus_conf() {
    cat <<END
START {
  recover cmd="$cyrus_bin/ctl_cyrusdb -C $1/imapd.conf -r"
}
SERVICES {
  imap cmd="$cyrus_bin/imapd -C $1/imapd.conf" listen="127.0.0.1:$imap_port"
  lmtp cmd="$cyrus_bin/lmtpd -C $1/imapd.conf -a" listen="127.0.0.1:$lmtp_port"
  lmtpunix cmd="$cyrus_bin/lmtpd -C $1/imapd.conf -a" listen="$1/lmtp"
}
EVENTS {
}
END
}

# as_admin COMMAND...: sends these one after the other, by IMAP; false if one of
# them was refused.
as_admin() {
    local command line
    exec 5<>"/dev/tcp/127.0.0.1/$imap_port" || return 1
    for command in "LOGIN admin pw" "$@" LOGOUT; do
        printf 'k %s\r\n' "$command" >&5
        while IFS= read -r -t 10 line <&5 || return 1; do
            case $line in
            "k OK"*) break ;;
            "k "*) echo "# $command: $line"; return 1 ;;
            esac
        done
    done
    exec 5>&-
}

# The files of the messages that Cyrus has.
cyrus_files() {
    find "$work/cyrus/mail" -type f -name '[0-9]*.'
}

# cyrus_mail FOLDER: these messages, with LF line ends, without the lines that
# the LMTP service puts before them.
cyrus_mail() {
    rm -rf "$1"
    mkdir -p "$1/new"
    find "$work/cyrus/mail" -type f -name '[0-9]*.' -exec env LC_ALL=C awk \
        -v to="$1/new" '
        FNR == 1 { if (out) close(out); out = FILENAME
            gsub("/", "_", out); out = to "/" out; held = ""; ours = 0 }
        { sub(/\r$/, "") }
        FNR == 1 && /^Return-Path: / { held = $0 "\n"; next }
        FNR == 2 && held && /^Received: from localhost / {
            held = held $0 "\n"; next }
        FNR == 3 && held && /^\t by .* \(Cyrus .* with LMTP/ { ours = 1 }
        ours && (FNR <= 4 || (FNR == 5 && /^X-Cyrus-Session-Id: /)) { next }
        ours && FNR == 6 && /^X-Sieve: / { next }
        held && !ours { printf "%s", held >out }
        { held = ""; print >out }' {} +
}
