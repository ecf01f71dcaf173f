#!/usr/bin/env bats
# list --local: what is wrong with messages, according to the records.

load ../lib/helpers

setup() {
    common_setup
    make_mail 10
    start_server --folder "$work/mail"
    write_rc
    export TZ=UTC
}

teardown() {
    common_teardown
}

# row UID: its fields without the uid, in the last run's output.
row() {
    grep "^$1"$'\t' <<<"$output" | cut -f 2-
}

# file_of UID: the path of its copy.
file_of() {
    printf '%s/Mail/new/%s' "$work" \
        "$(in_store "SELECT name FROM message WHERE CAST(uid AS TEXT) = '$1'")"
}

# A message of each kind.
make_troubles() {
    wanted 0
    wanted 0 hold a 000001.eml
    in_store "UPDATE message SET missing_at = 86400 WHERE CAST(uid AS TEXT) = '000002.eml';
        INSERT INTO trouble VALUES (CAST('failed' AS BLOB), 0, 2, 1, 172800, 259200, NULL, 'it was refused' || char(27));
        INSERT INTO trouble VALUES (CAST('given' || char(7) AS BLOB), 0, 7, 1, 2, 3, 345600, 'it was refused');
        INSERT INTO oversize VALUES (CAST('large' AS BLOB), 0, 2097152, 1)"
}

@test "each recorded message that is missing, failed, too large or held has a line" {
    make_troubles
    wanted 0 list --local a
    [ "${lines[0]}" = $'UID\tSTATE\tSINCE\tWHY' ]
    [ "${#lines[@]}" -eq 6 ]
    [[ "$(row 000001.eml)" == $'held\t20'*$'\tnever deleted from the server' ]]
    [ "$(row 000002.eml)" = $'missing\t1970-01-02T00:00:00+00:00\tits copy was not found here' ]
    [ "$(row failed)" = $'failed\t1970-01-03T00:00:00+00:00\tfailed 2 times, next attempt after 1970-01-04 00:00: it was refused\\x1b' ]
    says $'given\\x07\tquarantined\t1970-01-05T00:00:00+00:00\tfailed 7 times, no longer tried: it was refused'
    [ "$(row large)" = $'too-large\t\t2.0 MiB, larger than max-size' ]
}

@test "-v lists all recorded messages" {
    make_troubles
    wanted 0 list --local a -v
    [ "${#lines[@]}" -eq 14 ]
    [[ "$(row 000003.eml)" == $'kept\t20'*$'\t' ]]
    rm "$work/mail/000003.eml"
    write_rc "delete = now"
    wanted 0
    wanted 0 list --local a -v
    [[ "$(row 000003.eml)" == *"no longer listed by the server" ]]
    [[ "$(row 000004.eml)" == erased*"deleted from the server" ]]
}

@test "several troubles of a message are shown on one line, the worst first" {
    make_troubles
    wanted 0 hold a 000002.eml
    in_store "INSERT INTO trouble VALUES (CAST('large' AS BLOB), 0, 1, 1, 2, 3, NULL, '')"
    wanted 0 list --local a
    [[ "$(row 000002.eml)" == missing*"its copy was not found here; never deleted from the server" ]]
    [[ "$(row large)" == failed*"failed 1 time, next attempt after 1970-01-01 00:00; 2.0 MiB, larger than max-size" ]]
}

@test "--json prints an object for each message" {
    make_troubles
    wanted 0 list --local a --json
    [ "${#lines[@]}" -eq 5 ]
    for line in "${lines[@]}"; do
        printf '%s' "$line" >"$work/json"
        [ "$(sqlite3 :memory: "SELECT json_valid(readfile('$work/json'))")" = 1 ]
    done
    says '{"account":"a","uid":"000002.eml","ordinal":0,"state":"missing","since":86400,'
    says '"uid":"large","ordinal":0,"state":"too-large","since":null,"size":2097152,'
    says '"quarantined_at":345600,"error":"it was refused","reason":"failed 7 times'
}

@test "copies that verify found changed, missing or unreadable are listed until they are repaired" {
    wanted 0
    file=$(file_of 000001.eml)
    cp -p "$file" "$work/whole"
    echo more >>"$file"
    other=$(file_of 000002.eml)
    mv "$other" "$work/away"
    wanted 65 -n verify
    wanted 0 list --local a
    [ "${#lines[@]}" -eq 1 ]
    wanted 65 verify
    wanted 0 list --local a
    [ "${#lines[@]}" -eq 3 ]
    [[ "$(row 000001.eml)" == changed$'\t'20*"its copy was changed" ]]
    [[ "$(row 000002.eml)" == missing$'\t'20*"its copy was not found here" ]]
    wanted 0 status
    says "  2 found damaged or missing by keepmail verify"
    cp -p "$work/whole" "$file"
    mv "$work/away" "$other"
    wanted 0 verify
    wanted 0 list --local a
    [ "${#lines[@]}" -eq 1 ]
    wanted 0 status
    says_not "damaged"
}

@test "a message that is fetched again is no longer damaged" {
    wanted 0
    wanted 0 hold a 000001.eml
    echo more >>"$(file_of 000001.eml)"
    wanted 0 verify --refetch
    wanted 0 list --local a
    [[ "$(row 000001.eml)" == held* ]]
    [ "$(wc -l <<<"$output")" -eq 2 ]
}

@test "verify creates no store if there is none" {
    wanted 0 verify
    [ ! -e "$work/state" ]
}

@test "a terminal of 60 or 40 columns is not exceeded" {
    make_troubles
    for columns in 80 60 40; do
        on_terminal list --local a
        no_wider $columns
        says "held "
        says "larger than"
    done
}

@test "no server is asked, and nothing changes" {
    make_troubles
    stop_server
    before=$(sha256sum "$work/state"/*)
    wanted 0 list --local a
    [ "$(sha256sum "$work/state"/*)" = "$before" ]
    rm -r "$work/state"
    wanted 0 list --local a
    [ ! -e "$work/state" ]
    on_terminal list --local a
    says "no recorded message has a problem or is held"
}

@test "options that concern the server are refused" {
    for option in -k --no-brake --same-mailbox; do
        wanted 64 list --local $option a
        says "contacts no server"
    done
    wanted 64 --local
    says "only list does"
    wanted 64 list --local
    wanted 64 list --local a b
}
