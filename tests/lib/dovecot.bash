# SPDX-License-Identifier: ISC
# A private Dovecot for the test, on free loopback ports, run from the packages
# that `contrib/bootstrap check` unpacked (nothing is installed), or from the
# system's if it is installed. Dovecot 2.3: the configuration syntax of 2.4
# differs.
# shellcheck disable=SC2154 # helpers.bash sets $work

dovecot_root=${KEEPMAIL_DOVECOT:-$TESTS_BUILD/../dovecot}

# Finds out how to run it; false if there is none.
find_dovecot() {
    dovecot_env=()
    if [ -x "$dovecot_root/usr/sbin/dovecot" ]; then
        local base=$dovecot_root/usr/lib so=$TESTS_BUILD/lib/relocate.so path
        [ -f "$so" ] ||
            ${CC:-cc} -shared -fPIC -D_GNU_SOURCE -o "$so" \
                "$TESTS_SRC/lib/relocate.c" -ldl || return 1
        path=$base/dovecot:$base/dovecot/modules/old-stats
        path=$path:$(find "$base" "$dovecot_root/lib" -maxdepth 1 \
            -name '*-linux-*' -type d 2>/dev/null | paste -sd:)
        dovecot_env=(env "LD_LIBRARY_PATH=$path" "LD_PRELOAD=$so"
            "DOVECOT_ROOT=$dovecot_root")
        dovecot_prefix=$dovecot_root
    elif [ -x /usr/sbin/dovecot ] && [ -x /usr/lib/dovecot/pop3 ]; then
        dovecot_prefix=
    else
        return 1
    fi
    "${dovecot_env[@]}" "$dovecot_prefix/usr/sbin/dovecot" --version |
        grep -q '^2\.3\.'
}

# start_dovecot: serves $work/dovecot/mail as user u, password pw, on $port and
# $tls_port. $dovecot_settings: more lines for its configuration. $dovecot_imap:
# also serves this Maildir by IMAP, on $imap_port and $imaps_port. $dovecot_lmtp: also delivers
# to this Maildir by LMTP, at $lmtp_socket and on $lmtp_port; with $dovecot_sieve,
# as this script says.
start_dovecot() {
    local base=$work/dovecot try me group
    me=$(id -un)
    group=$(id -gn)
    # Dovecot does not serve root's mail, and its login processes need another
    # user.
    [ "$me" != root ] || { me=nobody; group=nogroup; }
    mkdir -p "$base/run" "$base/mail/Maildir"/{new,cur,tmp}
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
        -keyout "$base/key.pem" -out "$base/cert.pem" -days 30 \
        -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1,IP:0.0.0.0 \
        2>/dev/null
    mkdir -p "$work/server"
    cp "$base/cert.pem" "$work/server/cert.pem"
    for ((try = 0; try < 20; try++)); do
        port=$((20000 + RANDOM % 20000))
        tls_port=$((port + 1))
        imap_port=$((port + 2))
        lmtp_port=$((port + 3))
        imaps_port=$((port + 4))
        # shellcheck disable=SC2034 # for the test
        lmtp_socket=$base/lmtp
        dovecot_conf "$base" "$me" "$group" >"$base/dovecot.conf"
        [ "$(id -u)" -ne 0 ] || {
            chown -R "$me" "$base/mail"
            let_pass "$base"
        }
        : >"$base/log"
        "${dovecot_env[@]}" "$dovecot_prefix/usr/bin/doveconf" \
            -f service=master -c "$base/dovecot.conf" -m master -p \
            -e "$dovecot_prefix/usr/sbin/dovecot" -F \
            -c "$base/dovecot.conf" >"$base/output" 2>&1 3>&- &
        dovecot_pid=$!
        for ((i = 0; i < 100; i++)); do
            kill -0 $dovecot_pid 2>/dev/null || break
            (exec 4<>"/dev/tcp/127.0.0.1/$tls_port") 2>/dev/null && return 0
            sleep 0.05
        done
        stop_dovecot
    done
    cat "$base/log" "$base/output"
    return 1
}

stop_dovecot() {
    [ -n "${dovecot_pid:-}" ] || return 0
    kill "$dovecot_pid" 2>/dev/null || true
    wait "$dovecot_pid" 2>/dev/null || true
    dovecot_pid=
}

imap_conf() {
    cat <<END
protocol imap {
  mail_location = maildir:$dovecot_imap
}
service imap-login {
  chroot =
  inet_listener imap {
    port = $imap_port
  }
  inet_listener imaps {
    port = $imaps_port
    ssl = yes
  }
}
END
}

lmtp_conf() {
    cat <<END
protocol lmtp {
  mail_location = maildir:$dovecot_lmtp
  ${dovecot_sieve:+mail_plugins = sieve}
}
service lmtp {
  user = $2
  unix_listener $1/lmtp {
    mode = 0666
  }
  inet_listener lmtp {
    port = $lmtp_port
  }
}
plugin {
  ${dovecot_sieve:+sieve = file:$dovecot_sieve}
}
END
}

dovecot_conf() {
    cat <<END
base_dir = $1/run
state_dir = $1/run
libexec_dir = $dovecot_prefix/usr/lib/dovecot
mail_plugin_dir = $dovecot_prefix/usr/lib/dovecot/modules
log_path = $1/log
import_environment = LD_LIBRARY_PATH LD_PRELOAD DOVECOT_ROOT
default_internal_user = $2
default_internal_group = $3
default_login_user = $2
protocols = pop3 ${dovecot_imap:+imap} ${dovecot_lmtp:+lmtp}
listen = 127.0.0.1
ssl = yes
ssl_cert = <$1/cert.pem
ssl_key = <$1/key.pem
disable_plaintext_auth = no
first_valid_uid = 1
first_valid_gid = 1
mail_max_userip_connections = 200
passdb {
  driver = static
  args = password=pw
}
userdb {
  driver = static
  args = uid=$2 gid=$3 home=$1/mail allow_all_users=yes
}
mail_location = maildir:$1/mail/Maildir
${dovecot_settings:-}
${dovecot_imap:+$(imap_conf)}
${dovecot_lmtp:+$(lmtp_conf "$@")}
service pop3-login {
  chroot =
  inet_listener pop3 {
    port = $port
  }
  inet_listener pop3s {
    port = $tls_port
    ssl = yes
  }
}
service anvil {
  chroot =
}
service stats {
  chroot =
}
END
}

# in_imap COMMAND...: logs in and sends these one after the other; false if one
# of them was refused.
in_imap() {
    local command line tag
    exec 5<>"/dev/tcp/127.0.0.1/$imap_port" || return 1
    for command in "LOGIN u pw" "$@" LOGOUT; do
        tag=${command%% *}
        printf '%s %s\r\n' "$tag" "$command" >&5
        while IFS= read -r -t 10 line <&5 || return 1; do
            case $line in
            "$tag OK"*) break ;;
            "$tag "*) echo "# $command: $line"; return 1 ;;
            esac
        done
    done
    exec 5>&-
}

# serve_again: the original mailbox, in which every message is new to keepmail.
serve_again() {
    local base=$work/dovecot/mail
    rm -rf "$base/Maildir"
    mkdir -p "$base/Maildir"/{new,cur,tmp}
    cp "$work/sent"/* "$base/Maildir/new"
    [ "$(id -u)" -ne 0 ] || chown -R nobody:nogroup "$base"
    rm -rf "$work/state" "$work/Mail" "$work/mbox"
}

# The number of messages that Dovecot still has.
served() {
    find "$work/dovecot/mail/Maildir"/{new,cur} -type f | wc -l
}
