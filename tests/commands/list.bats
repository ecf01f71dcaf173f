#!/usr/bin/env bats
# list: what is on the server, and what a fetch would do with it.

load ../lib/helpers
load ../lib/dovecot

setup() {
    common_setup
    mkdir -p "$work/mail"
    export TZ=UTC
}

teardown() {
    stop_dovecot
    common_teardown
}

# letter NAME FORMAT: a message on the server.
letter() {
    # shellcheck disable=SC2059
    printf "$2" >"$work/mail/$1"
}

serve_mail() {
    start_server --folder "$work/mail" "$@"
    write_rc
}

# column N [LINE]: a column of the last run's listing; LINE 1 is the first
# message.
column() {
    sed -n "$((${2:-1} + 1))p" <<<"$output" | cut -f "$1"
}


# A few messages of each kind: new, kept, held, erased before, too large.
many_states() {
    local i
    for i in 1 2 3 4 5; do
        letter "m$i" "From: a$i@example.org\nSubject: letter $i\nMessage-ID: <$i@x>\n\ntext\n"
    done
    serve_mail
    wanted 0
    wanted 0 hold a m2
    in_store "UPDATE message SET state = 3, erased_at = 1 WHERE uid = CAST('m3' AS BLOB)"
    days_pass 5
    letter m6 'From: a6@example.org\nSubject: letter 6\n\n'
    letter m7 "Subject: large\n\n$(printf '%05000d' 0)\n"
    [ $# -gt 0 ] || set -- 'delete = "after 30 days"'
    write_rc 'max-size = 4K' "$@"
}

@test "each message is listed: number, uid, size, date, from, subject" {
    letter one 'From: "Example, Alice" <alice@example.org>\nSubject: Hello\nDate: Tue, 1 Dec 2026 10:20:30 +0100\n\ntext\n'
    letter two 'From: bob@example.org\nSubject: a\n\tlong\n  one\n\ntext\n'
    letter x3 'text: none\n\n'
    serve_mail
    wanted 0 list a
    [ "${#lines[@]}" -eq 4 ]
    [ "${lines[0]}" = $'NO\tUID\tSIZE\tDATE\tFROM\tSUBJECT\tHERE\tNEXT\tWHY' ]
    [ "${lines[1]}" = $'1\tone\t106\t2026-12-01T09:20:30+00:00\tExample, Alice\tHello\tnew\tfetch\tnew' ]
    [ "${lines[2]}" = $'2\ttwo\t57\t\tbob@example.org\ta long one\tnew\tfetch\tnew' ]
    [ "${lines[3]}" = $'3\tx3\t14\t\t\t\tnew\tfetch\tnew' ]
}

@test "encoded words are decoded; unknown and malformed ones are left unchanged" {
    letter 1 'From: =?iso-8859-1?Q?J=FCrgen?= <j@x>\nSubject: =?utf-8?B?R3LDvMOf?=\n =?utf-8?Q?_e?= =?windows-1252?Q?=80?=\n\n'
    letter 2 'From: x@y (=?utf-8?Q?=C3=84?=)\nSubject: =?x-none?Q?=C3?= =?utf-8?Q?=C?=\n\n'
    serve_mail
    wanted 0 list a
    [ "$(column 5 1)" = "Jürgen" ]
    [ "$(column 6 1)" = "Grüß e€" ]
    [ "$(column 5 2)" = "Ä" ]
    [ "$(column 6 2)" = "=?x-none?Q?=C3?= =?utf-8?Q?=C?=" ]
}

# Three charsets, each as mailers write it, and a family emoji.
many_charsets() {
    letter 1 'From: =?ISO-2022-JP?B?GyRCOzNFRBsoQg==?= <a@b>\nSubject: =?ISO-2022-JP?B?GyRCMnE1RCROGyhC?=\n =?ISO-2022-JP?B?GyRCRnxEeBsoQg==?=\n\n'
    letter 2 'From: =?GB18030?B?0KHD9w==?= <a@b>\nSubject: =?gb18030?B?xOO6w6M=?=\n =?gb18030?B?rMrAvec=?= (1)\n\n'
    letter 3 'From: =?koi8-r?Q?=E9=D7=C1=CE?= <a@b>\nSubject: =?KOI8-R?B?8NLJ18XULCDNydI=?=\n\n'
    letter 4 'From: =?utf-8?B?8J+RqOKAjfCfkanigI3wn5Gn4oCN8J+Rpg==?= Smith <a@b>\nSubject: =?utf-8?B?8J+RqOKAjfCfkanigI3wn5Gn4oCN8J+RpiBhdCBob21l?=\n\n'
    serve_mail
}

@test "charsets are decoded, and a family emoji is shown, in any locale, confined" {
    many_charsets
    export LC_ALL=C
    wanted 0 list a -v
    # As far as the kernel supports it.
    [ -n "${UNCONFINED:-}" ] || says_not "confine = false"
    wanted 0 list a -q
    [ "$(column 5 1)" = "山田" ]
    [ "$(column 6 1)" = "会議の日程" ]
    [ "$(column 5 2)" = "小明" ]
    [ "$(column 6 2)" = "你好，世界 (1)" ]
    [ "$(column 5 3)" = "Иван" ]
    [ "$(column 6 3)" = "Привет, мир" ]
    [ "$(column 5 4)" = "👨‍👩‍👧‍👦 Smith" ]
    [ "$(column 6 4)" = "👨‍👩‍👧‍👦 at home" ]
    wanted 0 list a --json -q
    says '"subject":"Привет, мир"'
    on_terminal list a -q
    [ "$status" -eq 0 ]
    says "👨‍👩‍👧‍👦 Smith"
    # A truncated column ends in three dots, and the next one is aligned.
    local column_of_here=${lines[0]%%HERE*}
    for i in 1 2 3 4; do
        row=${lines[$i]%%new *}
        # As on a terminal that supports family emoji: each is two columns wide.
        row=${row//👨‍👩‍👧‍👦/xx}
        [ "$(LC_ALL=C.UTF-8 wc -L <<<"${row}x")" -eq "$((${#column_of_here} + 1))" ]
    done
}

@test "converters are loaded before the confinement, and only for list" {
    [ -z "${UNCONFINED:-}" ] || skip "not confined"
    many_charsets
    # The dynamic linker reports each file that it loads; glibc's does.
    LD_DEBUG=files run keepmail list a -v
    [ "$status" -eq 0 ]
    says "Привет, мир"
    grep 'gconv.*generating link map' <<<"$output" >"$work/loaded" || skip "no modules here"
    grep -q KOI8-R "$work/loaded"
    # They are unloaded when it ends.
    [[ $output == *" confined: "* ]] || skip "not confined here"
    [[ ${output#* confined: } != *gconv*"generating link map"* ]]
    LD_DEBUG=files run keepmail -v
    [ "$status" -eq 0 ]
    says_not /gconv/
}

@test "escape sequences are shown, not sent to the terminal: from, subject, uid, encoded or not" {
    letter $'u\e[2J' 'From: \033[31mred <a@b>\nSubject: \033]0;x\007 =?utf-8?Q?=1B[1m=E2=80=AE=0Ax?=\n\n'
    serve_mail
    wanted 0 list a
    [ "$(column 2)" = 'u\x1b[2J' ]
    [ "$(column 5)" = '\x1b[31mred' ]
    [ "$(column 6)" = '\x1b]0;x\x07 \x1b[1m\xe2\x80\xae\x0ax' ]
    on_terminal list a
    says_not $'\e'
    says_not $'\a'
    wanted 0 list a --json
    says_not $'\e'
    says '"subject":"\u001b]0;x\u0007 \u001b[1m\u202e\u000ax"'
}

@test "the password is not shown, even if the server or a message repeats it" {
    password=geheim-42
    letter $password 'From: geheim-42 <geheim-42@x>\nSubject: geheim-42 =?utf-8?B?Z2VoZWltLTQy?= Z2VoZWltLTQy =?utf-8?Q?gehei?= =?utf-8?Q?m-42?=\n\n'
    serve_mail --password $password
    wanted 0 list a
    [ "${#lines[@]}" -eq 2 ]
    says_not $password
    says_not Z2VoZWltLTQy
    wanted 0 list a --json
    says_not $password
    says_not Z2VoZWltLTQy
    on_terminal list a
    says_not $password
}

@test "what list says the next fetch would do, and why, agrees with a dry run" {
    for settings in "delete = never" "delete = now" "keep-newest = 2" \
        'delete = "when trashed"' 'delete = "when purged"' "max-server-size = 100"; do
        rm -rf "$work/state" "$work/Mail" "$work/mail"/*
        many_states "$settings"
        wanted 0 list a
        tail -n +2 <<<"$output" | awk -F '\t' '{ print $1, $2, $8 " (" $9 ")" }' >"$work/listed"
        [ "$(cut -f 7 <<<"$output" | tail -n +2 | paste -sd ' ')" = "kept held erased kept kept new new" ]
        wanted 0 -n -v
        grep '^  ' <<<"$output" |
            sed -E 's/^  (fetch, erase|fetch|erase|leave) +([0-9]+) .*  ([^ ]+)  (\(.*\))$/\2 \3 \1 \4/' |
            sort -n >"$work/planned"
        [ "$(wc -l <"$work/planned")" -eq 7 ]
        cmp "$work/listed" "$work/planned"
    done
}

@test "--json prints a valid object for each message" {
    many_states
    letter m8 'From: "a\\\\"b" <\t\\\\x>\nSubject: \377\376"\\\\ \r x\001=?iso-8859-1?Q?=00=FF?=\nDate: Thu, 1 Jan 1970 00:00:09 GMT\n\n'
    wanted 0 list a --json
    [ "${#lines[@]}" -eq 8 ]
    for line in "${lines[@]}"; do
        printf '%s' "$line" >"$work/json"
        [ "$(sqlite3 :memory: "SELECT json_valid(readfile('$work/json'))")" = 1 ]
    done
    [[ ${lines[1]} =~ ^\{\"account\":\"a\",\"number\":2,\"uid\":\"m2\",\"size\":[0-9]+,\"date\":null,\"from\":null,\"address\":\"a2@example.org\",\"subject\":\"letter\ 2\",\"state\":\"held\",\"fetch\":false,\"erase\":false,\"kept_at\":[0-9]+,\"reason\":\"kept\ here\;\ held ]]
    [[ ${lines[7]} == *'"date":9,'*'"state":"new","fetch":true,"erase":false,"reason":"new"}' ]]
    stop_server
    run --separate-stderr keepmail list a --json
    [ "$status" -eq 75 ]
    [[ $output == '{"account":"a","status":75,'*'"error":"cannot connect'* ]]
}

@test "a terminal gets aligned columns, no wider than 80" {
    many_states
    letter "m8-$(printf '%060d' 0)-8" 'From: =?utf-8?B?5pel5pys6Kqe44Gu5ZCN5YmN44Gn44GZ?= <a@b>\nSubject: =?utf-8?B?5pel5pys6Kqe44Gu6ZW344GE5Lu25ZCN44Gn44GZ44KI44Gt?=\nDate: Tue, 1 Dec 2026 10:20:30 +0100\n\n'
    letter m9 'From: Grüße an alle Leser dieser Zeitung <a@b>\nSubject: Ein ungewöhnlich langer Betreff, den niemand zu Ende liest\n\n'
    on_terminal list a -q
    [ "$status" -eq 0 ]
    [ "$(LC_ALL=C.UTF-8 wc -L <<<"$output")" -le 80 ]
    [[ ${lines[0]} =~ ^NO\ UID\ +SIZE\ DATE\ +FROM\ +SUBJECT\ +HERE\ +NEXT$ ]]
    [[ ${lines[8]} == *" m8-...00-8 "*" 2026-12-01 日本語"*"...  "*" new    fetch "* ]]
    [[ ${lines[9]} == *" m9 "*"Grüße"*"... "*"Ein ung"*"...  new    fetch "* ]]
    # Columns are aligned with their headings, however wide the characters are.
    head=${lines[0]%%FROM*}
    row=${lines[9]%%Grüße*}
    [ "${#head}" -eq "${#row}" ]
    says "1: kept here; not due yet, the first on 20"
    says "3: kept here; listed again after it was deleted or had disappeared"
    on_terminal list a --json -q
    [ "${lines[0]:0:1}" = "{" ]
    [ "${#lines[@]}" -eq 9 ]
}

@test "a terminal of 60, 40 or 30 columns is not exceeded" {
    many_states
    letter "m8-$(printf '%060d' 0)-8" 'From: =?utf-8?B?5pel5pys6Kqe44Gu5ZCN5YmN44Gn44GZ?= <a@b>\nSubject: =?utf-8?B?5pel5pys6Kqe44Gu6ZW344GE5Lu25ZCN44Gn44GZ44KI44Gt?=\n\n'
    columns=60 on_terminal list a -q
    no_wider 60
    [[ ${lines[0]} =~ ^NO\ UID\ +FROM\ +SUBJECT\ +HERE\ +NEXT$ ]]
    says "letter 2"
    columns=40 on_terminal list a -q
    no_wider 40
    [[ ${lines[0]} =~ ^NO\ UID\ +SUBJECT\ +NEXT$ ]]
    says "letter 2"
    says "1: kept here; not due yet, the first on
   20"
    columns=30 on_terminal list a -q
    no_wider 30
}

@test "uids are shown in full if the terminal is wide enough" {
    start_server --synthetic 3
    write_rc
    columns=100 on_terminal list a -q
    says " 000000026553f100 "
    columns=80 on_terminal list a -q
    says_not 000000026553f100
}

@test "shortened uids differ as long as there is room, and can be typed" {
    for uid in mail-server-1-abc mail-server-2-abc mail-server-3-abc; do
        letter $uid 'From: alice@example.org\nSubject: a letter\n\n'
    done
    serve_mail
    wanted 0
    for columns in 60 80; do
        on_terminal list a -q
        no_wider $columns
        mapfile -t shown < <(awk 'NR > 1 && NR < 5 { print $2 }' <<<"$output")
        [ "$(printf '%s\n' "${shown[@]}" | sort -u | wc -l)" -eq 3 ]
        [[ ${shown[1]} == *...* ]]
        wanted 0 hold a "${shown[1]}" -v
        says "held: uid mail-server-2-abc"
    done
}

@test "the lines of a dry run are broken at spaces on a narrow terminal, and only there" {
    many_states
    for columns in 60 40; do
        on_terminal -n -v '2>/dev/null'
        no_wider $columns
        says "m7"
    done
    wanted 0 -n -v
    [[ $output == *"  leave             1 "*" m1  (kept here; not due yet, on "* ]]
}

@test "nothing changes, here or on the server" {
    letter one 'Subject: one\n\n'
    serve_mail
    wanted 0 list a
    [ ! -e "$work/state" ]
    [ ! -e "$work/Mail" ]
    wanted 0
    write_rc "delete = now"
    before=$(sha256sum "$work/state"/*; stat -c %y "$work/state"/*)
    wanted 0 list a
    [ "$(column 8)" = erase ]
    [ "$(sha256sum "$work/state"/*; stat -c %y "$work/state"/*)" = "$before" ]
    [ -e "$work/mail/one" ]
    [ "$(kept)" -eq 1 ]
}

@test "-k shows what a fetch with -k would do; -q changes nothing" {
    letter one 'Subject: one\n\n'
    serve_mail
    write_rc "delete = now"
    wanted 0 list a -q
    [ "$(column 8)" = "fetch, erase" ]
    wanted 0 list a -k
    [ "$(column 8)" = "fetch" ]
}

@test "a server without TOP is soon given up: uids and sizes are listed" {
    start_server --synthetic 100 --no TOP
    write_rc
    run --separate-stderr keepmail list a -vv
    [ "$status" -eq 0 ]
    [ "$(grep -c '> TOP' <<<"$stderr")" -eq 3 ]
    [ "${#lines[@]}" -eq 101 ]
    [[ ${lines[100]} == $'100\t000000646553f100\t'*$'\t\t\t\tnew\tfetch\tnew' ]]
    start_server --synthetic 2 --no TOP
    write_rc
    wanted 0 list a
    [ "${#lines[@]}" -eq 3 ]
}

@test "thousands of headers are requested in a few turns" {
    start_server --synthetic 3000
    write_rc
    wanted 0 list a
    [ "${#lines[@]}" -eq 3001 ]
    [[ ${lines[3000]} == $'3000\t'*$'\tAlice\tmade-up message 000003000\tnew\tfetch\tnew' ]]
    stop_server
    [ "$(reported depth)" -gt 100 ]
    [ "$(reported turns)" -lt 300 ]
    # And one by one if the server requires that.
    start_server --synthetic 100 --no PIPELINING
    write_rc
    wanted 0 list a
    [ "${#lines[@]}" -eq 101 ]
    [[ ${lines[100]} == *"message 000000100"* ]]
}

@test "a header that does not end terminates the session, in little memory" {
    letter 1 'Subject: one\n\n'
    letter 2 'Subject: two\n'
    head -c 20000000 /dev/zero | tr '\0' x >>"$work/mail/2"
    letter 3 'Subject: three\n\n'
    serve_mail
    # A sanitizer's shadow memory is larger than any limit.
    limit="ulimit -v 400000"
    ! grep -q __asan_init "$KEEPMAIL" || limit=true
    run --separate-stderr bash -c "$limit; '$KEEPMAIL' -f '$rc' list a"
    [ "$status" -eq 76 ]
    [[ $stderr == *"localhost:"*" sent an endless message header"* ]]
    [ "$(column 6)" = one ]
    [ "${#lines[@]}" -eq 2 ]
}

@test "an answer out of step is not shown" {
    cat >"$work/step.pop" <<'END'
login PIPELINING
C: UIDL
S: +OK
S: 1 one
S: 2 two
S: .
C: LIST
S: +OK
S: 1 10
S: 2 10
S: .
C: TOP 1 0
C: UIDL 1
S: +OK
S: Subject: of the second
S:
S: .
S: +OK 2 two
gone
END
    start_server --dialog "$work/step.pop"
    write_rc "tls = off" "port = $port"
    sed -i '/tls-ca/d' "$rc"
    run --separate-stderr keepmail list a
    [ "$status" -eq 76 ]
    [[ $stderr == *"do not match the commands"* ]]
    [ "${#lines[@]}" -eq 1 ]
}

@test "a refused TOP hides only its own message; without a uid none is sent" {
    cat >"$work/refused.pop" <<'END'
login
C: CAPA
S: -ERR
C: UIDL
S: +OK
S: 1 one
S: 2
S: 3 three
S: .
C: LIST
S: +OK
S: 1 10
S: 2 20
S: 3 30
S: .
C: TOP 1 0
S: -ERR [SYS/TEMP] it is lost
C: UIDL 1
S: +OK 1 one
C: TOP 3 0
S: +OK
S: Subject: three
S: .
C: UIDL 3
S: +OK 3 three
C: QUIT
S: +OK
END
    start_server --dialog "$work/refused.pop"
    write_rc "tls = off" "port = $port"
    sed -i '/tls-ca/d' "$rc"
    wanted 0 list a
    [ "${lines[1]}" = $'1\tone\t10\t\t\t\tnew\tfetch\tnew' ]
    [ "${lines[2]}" = $'2\t\t20\t\t\t\tnew\tleave\tthe server lists it without a uid' ]
    [ "${lines[3]}" = $'3\tthree\t30\t\t\tthree\tnew\tfetch\tnew' ]
}

@test "standard output that is closed early ends the listing" {
    start_server --synthetic 20000
    write_rc
    run bash -c "'$KEEPMAIL' -f '$rc' list a >/dev/full"
    [ "$status" -eq 74 ]
    says "cannot write the listing to standard output"
    stop_server
    [ "$(reported commands)" -lt 10000 ]
}

@test "list takes one account, and no other words" {
    serve_mail
    wanted 64 list
    wanted 64 list a b
    wanted 64 list nobody
    wanted 0 list a
    [ "${#lines[@]}" -eq 1 ]
}

@test "Dovecot's mailbox is listed" {
    find_dovecot || skip "no Dovecot 2.3 (contrib/bootstrap check unpacks one)"
    make_mail 300
    start_dovecot
    serve_again
    password=pw
    write_rc "user = u"
    wanted 0 list a
    [ "${#lines[@]}" -eq 301 ]
    [ "$(cut -f 7,8,9 <<<"$output" | sort | uniq -c | wc -l)" -eq 2 ]
    [ "$(cut -f 6 <<<"$output" | grep -c .)" -gt 100 ]
    wanted 0
    wanted 0 list a
    [ "$(cut -f 7 <<<"$output" | grep -c kept)" -eq 300 ]
}
