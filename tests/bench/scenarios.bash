# SPDX-License-Identifier: ISC
# For run: what is measured. Each function is a scenario, or a part of several.
# shellcheck disable=SC2034,SC2154,SC2317 # shared with run, lib.bash, helpers.bash

# The test server, which costs almost nothing; its options follow a count.
made_up() {
    local count=$1
    shift
    password='test'
    start_server --synthetic "$count" --shared "$@"
    [ "$tls" = 0 ] || port=$tls_port
}

# dovecot COUNT: messages of about 3 KiB; false, with a message, if it is
# missing.
dovecot() {
    if ! find_dovecot; then
        say "$scenario: no Dovecot (sh contrib/bootstrap check unpacks one)"
        return 1
    fi
    mkdir -p "$work/sent" "$work/dovecot/mail/Maildir"/{new,cur,tmp}
    "$lib/genmail" "$work/sent" "$1" 7 usual
    cp -r "$work/sent/." "$work/dovecot/mail/Maildir/new"
    user=u password=pw dovecot_settings='pop3_no_flag_updates = yes'
    start_dovecot
    [ "$tls" = 0 ] || port=$tls_port
    # A first run, unmeasured and without delay: Dovecot indexes the mailbox.
    own=$work/first
    mkdir -p "$own"
    keepmail_ready
    "${command[@]}"
}

scenario_A_fake() {
    new_scenario A-fake
    expected=10000
    made_up 10000
    rounds
}

scenario_A_plain() {
    new_scenario A-plain
    expected=10000
    dovecot 10000 || return 0
    rounds
}

scenario_A_tls() {
    new_scenario A-tls
    tls=1 expected=10000
    dovecot 10000 || return 0
    rounds
}

# 300 messages over TLS, 20 ms away, from Dovecot if it is available.
far_away() {
    tls=1 expected=300
    dovecot 300 || made_up 300
    start_delay "$port" 20
}

scenario_B_keep() {
    new_scenario B-keep
    far_away
    rounds
}

scenario_B_dele() {
    new_scenario B-dele
    far_away
    deletes=1
    if [ -n "${dovecot_pid:-}" ]; then
        cp -a "$work/dovecot/mail/Maildir" "$work/pristine"
        before_run() {
            aside=$((aside + 1))
            mv "$work/dovecot/mail/Maildir" "$work/old/$aside"
            cp -a "$work/pristine" "$work/dovecot/mail/Maildir"
        }
    fi
    rounds
}

# The state that earlier runs of so many messages would have left, without the
# mail.
seed_keepmail() { # COUNT
    local state=$work/keepmail/state
    made_up 0
    ready keepmail
    "${command[@]}"
    stop_server
    sqlite3 "$state/a.db" >/dev/null <<END
BEGIN;
INSERT OR IGNORE INTO place (id, kind, path)
    VALUES (1, 'maildir', '$(delivers keepmail)');
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
INSERT INTO message (uid, ordinal, state, size, kept_at, first_seen, place,
    name, octets, sha256, message_id)
SELECT CAST(printf('%08x6553f100', i) AS BLOB), 0, 2, 3085, unixepoch(),
    unixepoch(), 1, printf('%d.M%06dP4242Q%d.localhost', unixepoch(), i, i),
    3030, randomblob(32), printf('<%09d@example.org>', i) FROM n;
COMMIT;
PRAGMA wal_checkpoint(TRUNCATE);
END
}

seed_peers() { # COUNT
    mkdir -p "$work/mpop" "$work/fdm" "$work/fetchmail" "$work/getmail"
    awk -v n="$1" 'BEGIN { for (i = 1; i <= n; i++) printf "%08x6553f100\n", i }' \
        >"$work/uids"
    { echo " $1 localhost test"; LC_ALL=C sort "$work/uids"; } \
        >"$work/mpop/uidls-a"
    [ -n "${SLOW:-}" ] || return 0
    sed 's/^/16 /' "$work/uids" >"$work/fdm/cache"
    sed 's/^/test@localhost /' "$work/uids" >"$work/fetchmail/ids"
    sed "s/\$/\\x00$(date +%s)/" "$work/uids" \
        >"$work/getmail/oldmail-localhost-$port-test"
}

# poll COUNT: COUNT known messages, nothing new, and nothing written.
poll() {
    local before after database=$work/keepmail/state/a.db
    seen=1
    seed_keepmail "$1"
    made_up "$1" --size 3072
    seed_peers "$1"
    # A first run, unmeasured: keepmail notes a listing that left nothing to do.
    ready keepmail
    "${command[@]}"
    before=$(sha256sum <"$database")
    rounds
    after=$(sha256sum <"$database")
    if [ "$before" = "$after" ] && [ ! -s "$database-wal" ]; then
        printf 'fact\t%s unchanged\t1\n' "$scenario" >>"$facts"
    else
        fails "keepmail's store has changed, though nothing was new"
    fi
}

scenario_C_100k() {
    new_scenario C-100k
    poll 100000
}

scenario_C_1m() {
    new_scenario C-1m
    poll 1000000
}

scenario_D() {
    new_scenario D
    tls=1 bulky=1 expected=20
    made_up 20 --size $((25 << 20))
    rounds
}

# The memory of another account's worker, while the workers wait for the server.
measure_workers() {
    local pid child pss count=0 sum=0
    ready keepmail
    "${command[@]}" &
    pid=$!
    sleep 0.15
    for child in $(pgrep -P "$pid"); do
        pss=$(awk '$1 == "Pss:" { print $2 }' "/proc/$child/smaps_rollup" \
            2>/dev/null) || continue
        [ -z "$pss" ] || { sum=$((sum + pss)); count=$((count + 1)); }
    done
    wait "$pid" || true
    [ "$count" -eq 0 ] ||
        printf 'fact\tE KiB of each worker (PSS, %d of them)\t%d\n' "$count" \
            $((sum / count)) >>"$facts"
}

scenario_E() {
    local tool
    new_scenario E
    tools=(keepmail)
    ! command -v mpop >/dev/null || tools+=(mpop)
    tools+=(limit)
    tls=1 users=50 user=e seen=1
    made_up 20 --user '*'
    start_delay "$port" 20
    # A first run, unmeasured: everything is fetched.
    for tool in keepmail mpop; do
        [[ " ${tools[*]} " == *" $tool "* ]] || continue
        ready "$tool"
        "${command[@]}" >/dev/null 2>&1 || true
        [ "$(delivered "$tool")" -eq 1000 ] ||
            fails "$tool: $(delivered "$tool") messages, not 1000, at first"
    done
    rounds
    measure_workers
}

# into_dovecot lmtp | imap: into Dovecot; fetchmail, which knows no IMAP mailbox
# to put mail in, by LMTP in any case.
into_dovecot() {
    if ! find_dovecot; then
        say "$scenario: no Dovecot (sh contrib/bootstrap check unpacks one)"
        return 0
    fi
    to=$1 expected=${G_MESSAGES:-10000}
    tools=(keepmail)
    ! command -v fetchmail >/dev/null || tools+=(fetchmail)
    dovecot_lmtp=$work/dovecot/taken
    dovecot_imap=$dovecot_lmtp
    start_dovecot
    made_up "$expected" --size 3072
    before_run() {
        aside=$((aside + 1))
        [ ! -e "$dovecot_lmtp" ] || mv "$dovecot_lmtp" "$work/old/$aside"
        mkdir -p "$dovecot_lmtp"/{new,cur,tmp}
        [ "$(id -u)" -ne 0 ] || chown -R nobody:nogroup "$dovecot_lmtp"
    }
    rounds
}

scenario_G_lmtp() {
    new_scenario G-lmtp
    into_dovecot lmtp
}

scenario_G_imap() {
    new_scenario G-imap
    into_dovecot imap
}

scenario_F_fake() {
    new_scenario F-fake
    to=mbox expected=10000
    made_up 10000
    rounds
}

# Instruction counts, which other load does not affect.
scenario_instructions() {
    local part count
    new_scenario instructions
    if ! command -v valgrind >/dev/null; then
        say "instructions: no valgrind"
        return
    fi
    for part in listing messages; do
        count=$(valgrind --tool=callgrind --callgrind-out-file=/dev/null \
            --toggle-collect="read_$part" "$TESTS_BUILD/bench/parse_plan" \
            2>&1 >"$work/sizes" | awk '$2 == "Collected" { print $4 }')
        printf 'fact\tinstructions %s\t%s\n' "$part" "$count" >>"$facts"
    done
    awk -v OFS='\t' '{ print "fact", "instructions of " $1, $2 }' \
        "$work/sizes" >>"$facts"
}
