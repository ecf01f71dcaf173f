#!/usr/bin/env bats
# Lost stores and damaged mail.

load ../lib/helpers

setup() {
    common_setup
    rm -rf "$work/mail" "$work/sent"
    mkdir -p "$work/mail"
    for i in {1..20}; do
        printf 'From: a%d@example.org\nSubject: letter %d\nMessage-ID: <%d@x>\n\ntext %d\n' \
            "$i" "$i" "$i" "$i" >"$work/mail/$(printf '%06d.eml' "$i")"
    done
    cp -r "$work/mail" "$work/sent"
    start_server --folder "$work/mail"
}

teardown() {
    common_teardown
}

copy_of() {
    grep -rl "^Subject: letter $1$" "$work/Mail"
}

# Sets how many days ago keepmail's copies were stored: their names begin with
# the time.
age_names() {
    local file name
    for file in "$work/Mail/new"/*; do
        name=${file##*/}
        mv "$file" "$work/Mail/new/$((${name%%.*} - $1 * 86400)).${name#*.}"
    done
}

@test "a lost store is noticed if there is fetched mail, before all of it is fetched again" {
    write_rc
    wanted 0
    rm -r "$work/state"
    wanted 65
    says "keepmail rebuild a"
    [ "$(kept)" -eq 20 ]
    rm -r "$work/Mail"
    wanted 0
    [ "$(kept)" -eq 20 ]
}

@test "rebuild and fetch: nothing is fetched again, and past days still count" {
    write_rc 'delete = "after 30 days"'
    wanted 0
    age_names 20
    mkdir -p "$work/Mail/.Old"/{new,cur,tmp}
    file=$(copy_of 3)
    mv "$file" "$work/Mail/.Old/cur/${file##*/}:2,S"
    rm -r "$work/state"
    wanted 0 -v rebuild a
    says "20 of 20 messages on the server were found here by header"
    wanted 0 -v
    says "fetched 0"
    says "left 20"
    days_pass 10
    wanted 0 -v
    says "deleted 20, left 0"
    same_mail "$work/sent" "$work/Mail" "$work/Mail/.Old"
    stop_server
    [ "$(awk '$1 == "retrs" { print $2 }' "$work/server/report")" -eq 20 ]
}

@test "rebuild of an mbox" {
    write_rc "mbox = \"$work/mbox\""
    wanted 0
    rm -r "$work/state"
    wanted 0 -v rebuild a
    says "20 of 20 messages on the server were found here"
    wanted 0 -v
    says "fetched 0"
    same_mail "$work/sent" "$work/mbox"
}

@test "messages that are not here count as new after a rebuild; a second rebuild changes nothing" {
    write_rc
    wanted 0
    rm "$(copy_of 7)"
    rm -r "$work/state"
    wanted 0 -n -v rebuild a
    says "19 of 20 messages on the server were found here by header and would be recorded as kept"
    wanted 0 -v rebuild a
    says "19 of 20 messages on the server were found"
    wanted 0 -v
    says "fetched 1"
    same_mail "$work/sent" "$work/Mail"
    wanted 0 -v rebuild a
    says "0 of 20 messages on the server were found"
    wanted 0 verify a
}

@test "two accounts in one Maildir: the second starts without a rebuild" {
    write_rc
    wanted 0
    cat >>"$rc" <<END
account b { }
END
    wanted 0 b
}

@test "if another account's record cannot be read, nothing is rebuilt" {
    write_rc
    wanted 0
    rm -r "$work/state"
    mkdir -m 700 "$work/state"
    echo "no database, however long it is looked at" >"$work/state/c.db"
    wanted 65 rebuild a
    says "another account in $work/state cannot be read"
    rm "$work/state/c.db"
    wanted 0 rebuild a
    wanted 0
    [ "$(kept)" -eq 20 ]
}

@test "a rebuild that the server breaks off is on record as a failed run" {
    write_rc
    wanted 0
    rm -r "$work/state"
    cat >"$work/broken.pop" <<END
login PIPELINING
C: UIDL
S: +OK
S: 1 000001.eml
S: .
C: LIST
S: +OK
S: 1 90
S: .
C: TOP 1 0
S: +OK
S: Subject: letter 1
close
END
    start_server --dialog "$work/broken.pop"
    write_rc
    wanted 75 rebuild a
    says_not transaction
    [ "$(in_store "SELECT count(*) FROM run WHERE status = 75")" -eq 1 ]
}

@test "one byte changed: verify reports it, it is not erased, and --refetch repairs it" {
    write_rc 'delete = "after 30 days"'
    wanted 0
    wanted 0 verify a
    file=$(copy_of 5)
    sed -i 's/text 5$/text 6/' "$file"
    rm "$(copy_of 6)"
    wanted 65 verify a
    says "changed    uid 000005.eml, $file"
    says "missing    uid 000006.eml"
    says "20 messages checked: 1 missing, 1 changed, 0 unreadable; 2 of them are still on the server"
    wanted 65 --json verify a
    sed -n '/^{/p' <<<"$output" >"$work/lines"
    [ "$(wc -l <"$work/lines")" -eq 3 ]
    says '"checked":20,"missing":1,"changed":1,"unreadable":0,"on_server":2}'
    while read -r line; do
        [ "$(sqlite3 :memory: "SELECT json_valid('${line//\'/}')")" -eq 1 ]
    done <"$work/lines"
    days_pass 31
    wanted 0 -v
    says "deleted 19, left 1"
    [ -e "$work/mail/000005.eml" ]
    wanted 0 --refetch verify a
    rm "$file"
    wanted 0 verify a
    grep -q "text 5$" "$(copy_of 5)"
    cp "$work/sent/000005.eml" "$work/five"
    [ "$(sha256sum <"$(copy_of 5)")" = "$(sha256sum <"$work/five")" ]
}

@test "a held message that was damaged is repaired, and stays held" {
    write_rc
    wanted 0
    uid=$(in_store "SELECT CAST(uid AS TEXT) FROM message LIMIT 1")
    wanted 0 hold a "$uid"
    name=$(in_store "SELECT name FROM message WHERE CAST(uid AS TEXT) = '$uid'")
    printf 'x' >>"$work/Mail/new/$name"
    wanted 65 verify a
    wanted 0 --refetch verify a
    wanted 0 verify a
    write_rc "delete = now"
    wanted 0
    [ "$(ls "$work/mail")" = "$uid" ]
}

@test "verify and --refetch of an mbox, and of messages no longer on the server" {
    write_rc "mbox = \"$work/mbox\""
    sed -i '/^maildir/d' "$rc"
    wanted 0
    wanted 0 verify a
    count=$(kept "$work/mbox")
    offset=$(grep -abo "^Subject: " "$work/mbox" | sed -n 3p | cut -d: -f1)
    printf x | dd of="$work/mbox" bs=1 seek=$((offset + 11)) conv=notrunc status=none
    wanted 65 verify a
    wanted 0 --refetch verify a
    [ "$(kept "$work/mbox")" -eq $((count + 1)) ]
    wanted 0 verify a
}

@test "after the store of an mbox is lost, its mail is not stored twice" {
    write_rc "mbox = \"$work/mbox\""
    sed -i '/^maildir/d' "$rc"
    wanted 0
    all=$(kept "$work/mbox")
    rm -r "$work/state"
    wanted 65 -v
    says "keepmail rebuild a"
    wanted 0 rebuild a
    wanted 0
    [ "$(kept "$work/mbox")" -eq "$all" ]
    wanted 0
    wanted 0 verify a
}

@test "in an mbox, repairing one message does not affect others stored in the same second" {
    write_rc "mbox = \"$work/mbox\"" 'delete = "after 3 days"'
    sed -i '/^maildir/d' "$rc"
    wanted 0
    sed -i 's/^text 2$/tEXt 2/' "$work/mbox"
    wanted 0 --refetch verify a
    sed -i 's/^text 3$/tEXt 3/' "$work/mbox"
    wanted 65 verify a
    days_pass 5
    wanted 0
    [ "$(ls "$work/mail")" = 000003.eml ] || [ "$(files "$work/mail")" -le 2 ]
    [ -e "$work/mail/000003.eml" ]
}

@test "after the store of an mbox is lost, its mail is not stored twice in later sessions, either" {
    mkdir "$work/hidden"
    start_server --folder "$work/mail" --window 10 --hidden "$work/hidden"
    write_rc "mbox = \"$work/mbox\"" "sessions = 10"
    sed -i '/^maildir/d' "$rc"
    wanted 0
    [ "$(kept "$work/mbox")" -eq 20 ]
    rm -rf "$work/state" "$work/hidden"/*
    wanted 65
    wanted 0 rebuild a
    wanted 0
    [ "$(kept "$work/mbox")" -eq 20 ]
}
