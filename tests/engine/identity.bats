#!/usr/bin/env bats
# Which message is which, when uids do not tell.

load ../lib/helpers
load ../lib/dovecot

setup() {
    common_setup
    make_letters 40
    start_server --folder "$work/mail"
    write_rc
}

teardown() {
    stop_dovecot
    common_teardown
}

# make_letters N: N letters, each with a header by which it can be recognised.
make_letters() {
    local i
    rm -rf "$work/mail" "$work/sent"
    mkdir -p "$work/mail"
    for ((i = 1; i <= $1; i++)); do
        printf 'Received: from a\n\tby b; now\nFrom: a%d@example.org\nDate: %d\nSubject: letter %d\nMessage-ID: <%d@x>\n\ntext %d\n' \
            $i $i $i $i $i >"$work/mail/$(printf '%06d.eml' $i)"
    done
    cp -r "$work/mail" "$work/sent"
}

# The server gives new uids to all its messages.
rename_all() {
    local file
    for file in "$work/mail"/*; do
        mv "$file" "$work/mail/moved-${file##*/}"
    done
}

# news N: adds N new messages.
news() {
    local i
    for ((i = 1; i <= $1; i++)); do
        printf 'From: new@example.org\nSubject: new %d\nMessage-ID: <new%d@x>\n\nnew %d\n' \
            $i $i $i >"$work/mail/new-$i"
        cp "$work/mail/new-$i" "$work/sent/"
    done
}

# The number of complete messages that the server has sent.
sent_whole() {
    local i
    stop_server
    for ((i = 0; i < 50; i++)); do
        ! grep -q '^retrs' "$work/server/report" || break
        sleep 0.1
    done
    awk '$1 == "retrs" { n = $2 } END { print n }' "$work/server/report"
}

@test "mail under new uids is recognised by its headers: only new mail is fetched" {
    write_rc 'delete = "after 30 days"'
    wanted 0
    days_pass 20
    rename_all
    news 5
    wanted 0 -v
    says "40 messages were matched by header, 5 are new"
    says "fetched 5"
    same_mail "$work/sent" "$work/Mail"
    # Days that have passed still count.
    days_pass 10
    wanted 0 -v
    says "deleted 40, left 5"
    [ "$(sent_whole)" -eq 45 ]
}

@test "on-uid-reset = stop stops, and changes nothing" {
    wanted 0
    rename_all
    write_rc "delete = now" "on-uid-reset = stop"
    wanted 65
    says "it assigned new uids, or this is another mailbox"
    [ "$(files "$work/mail")" -eq 40 ]
    [ "$(kept)" -eq 40 ]
    # It does so again the next time.
    wanted 65
}

@test "on-uid-reset = refetch fetches all mail again" {
    wanted 0
    rename_all
    write_rc "on-uid-reset = refetch" "duplicates = keep"
    wanted 0
    [ "$(kept)" -eq 80 ]
}

@test "a dry run says that uids are new, and changes nothing" {
    wanted 0
    rename_all
    before=$(in_store "SELECT * FROM message" | sha256sum)
    wanted 0 -v -n
    says "new uids"
    [ "$(in_store "SELECT * FROM message" | sha256sum)" = "$before" ]
}

@test "if the mailbox contains other mail, all of it is fetched, and nothing is erased before it is fetched" {
    write_rc "delete = now"
    wanted 0
    news 3
    wanted 0
    [ "$(kept)" -eq 43 ]
    [ "$(files "$work/mail")" -eq 0 ]
    same_mail "$work/sent" "$work/Mail"
}

@test "the same text under two uids is stored here once, and both messages are kept, and erased" {
    for place in maildir mbox; do
        rm -rf "$work/state" "$work/Mail" "$work/mbox"
        make_letters 4
        cp "$work/mail/000001.eml" "$work/mail/again1"
        cp "$work/mail/000002.eml" "$work/mail/again2"
        write_rc
        [ $place = maildir ] || write_rc "mbox = \"$work/mbox\""
        wanted 0 -v
        says "fetched 6"
        says "2 of them already stored"
        cp "$work/mail/000003.eml" "$work/mail/later"
        wanted 0 -v
        says "1 of them already stored"
        [ $place = maildir ] && same_mail "$work/sent" "$work/Mail"
        [ $place = maildir ] || same_mail "$work/sent" "$work/mbox"
        write_rc "delete = now"
        [ $place = maildir ] || write_rc "mbox = \"$work/mbox\"" "delete = now"
        wanted 0 -v
        says "deleted 7"
        [ "$(files "$work/mail")" -eq 0 ]
    done
}

@test "mail that its owner moved to a folder counts as here, and removed mail is fetched again" {
    make_letters 4
    wanted 0
    mkdir -p "$work/Mail/.Old"/{new,cur,tmp}
    file=$(grep -l "letter 1$" "$work/Mail/new"/*)
    mv "$file" "$work/Mail/.Old/cur/${file##*/}:2,S"
    rm "$(grep -l "letter 2$" "$work/Mail/new"/*)"
    cp "$work/mail/000001.eml" "$work/mail/again1"
    cp "$work/mail/000002.eml" "$work/mail/again2"
    wanted 0 -v
    says "fetched 2"
    says "1 of them already stored"
    [ "$(grep -rl "letter 1$" "$work/Mail" | wc -l)" -eq 1 ]
    [ "$(grep -rl "letter 2$" "$work/Mail" | wc -l)" -eq 1 ]
}

@test "messages without a header are stored here each time" {
    printf 'text\n' >"$work/mail/bare1"
    printf 'text\n' >"$work/mail/bare2"
    cp "$work/mail"/bare* "$work/sent/"
    wanted 0
    same_mail "$work/sent" "$work/Mail"
}

@test "copies are matched one to one under new uids" {
    for i in 1 2 3; do
        cp "$work/sent/000001.eml" "$work/mail/copy$i"
        cp "$work/sent/000001.eml" "$work/sent/copy$i"
    done
    write_rc "duplicates = keep"
    wanted 0
    rename_all
    wanted 0 -v
    says "43 messages were matched by header, 0 are new"
    [ "$(kept)" -eq 43 ]
    [ "$(in_store "SELECT count(DISTINCT uid) FROM message")" -eq 43 ]
}

@test "a known uid with another size is another message: it is fetched, and stored in addition to the first" {
    wanted 0
    printf 'Subject: another\n\nanother\n' >"$work/mail/000001.eml"
    cp "$work/mail/000001.eml" "$work/sent/another"
    news 1
    wanted 0 -v
    says "fetched 2"
    says "a different message under a known uid"
    same_mail "$work/sent" "$work/Mail"
    write_rc "delete = now"
    wanted 0
    [ "$(files "$work/mail")" -eq 0 ]
}

@test "a reused uid of mail with exactly the same size is detected by its header" {
    write_rc "delete = now"
    wanted 0
    wanted 0
    sed 's/^Subject: ./Subject: Z/' "$work/sent/000001.eml" >"$work/mail/000001.eml"
    cp "$work/mail/000001.eml" "$work/sent/another"
    run cmp -s "$work/sent/another" "$work/sent/000001.eml"
    [ "$status" -eq 1 ]
    wanted 0 -v
    says "fetched 1"
    same_mail "$work/sent" "$work/Mail"
    [ "$(files "$work/mail")" -eq 0 ]
}

@test "after Dovecot's uidvalidity changes, 1000 messages are recognised, and 5 are fetched" {
    find_dovecot || skip "no Dovecot 2.3 (contrib/bootstrap check unpacks one)"
    stop_server
    make_letters 1000
    start_dovecot
    serve_again
    password=pw
    write_rc "user = u" 'delete = "after 30 days"'
    wanted 0
    days_pass 10
    sleep 1
    rm -f "$work/dovecot/mail/Maildir"/dovecot*
    for i in 1 2 3 4 5; do
        printf 'Subject: new %d\nMessage-ID: <n%d@x>\n\nnew\n' $i $i >"$work/sent/new$i"
        cp "$work/sent/new$i" "$work/dovecot/mail/Maildir/new/"
    done
    chmod a+r "$work/dovecot/mail/Maildir/new"/new*
    run keepmail -vv
    [ "$status" -eq 0 ]
    grep -q "1000 messages were matched by header, 5 are new" <<<"$output"
    [ "$(grep -c '> RETR' <<<"$output")" -eq 5 ]
    same_mail "$work/sent" "$work/Mail"
    [ "$(in_store "SELECT count(*) FROM message WHERE kept_at < strftime('%s', 'now') - 9 * 86400")" -eq 1000 ]
    days_pass 20
    wanted 0 -v
    says "deleted 1000, left 5"
}

@test "without UIDL, mail is fetched once, and recognised by headers and sizes" {
    stop_server
    start_server --folder "$work/mail" --no UIDL
    write_rc
    wanted 0 -vv
    says "the server does not support UIDL"
    says "fetched 40"
    says_not "> UIDL 1"
    same_mail "$work/sent" "$work/Mail"
    wanted 0 -vv
    says "fetched 0"
    says_not "> UIDL 1"
    news 2
    rm "$work/mail/000003.eml"
    wanted 0 -v
    says "fetched 2"
    [ "$(kept)" -eq 42 ]
    write_rc "delete = now"
    wanted 0 -v
    says "deleted 41, left 0"
    [ "$(files "$work/mail")" -eq 0 ]
}

@test "mail that a machine sends each night with the same header is another message" {
    rm "$work/mail"/*
    printf 'From: root\nSubject: backup\n\nall is well\n' >"$work/mail/old"
    write_rc
    wanted 0
    rm "$work/mail/old"
    printf 'From: root\nSubject: backup\n\nFAILED\n' >"$work/mail/new"
    wanted 0 -v
    says "fetched 1"
    [ "$(kept)" -eq 2 ]
}

@test "no quiet period is longer than a day" {
    wanted 0
    [ "$(in_store "SELECT until <= unixepoch() + 86400 FROM quiet")" -eq 1 ]
}

@test "a uid reused at once for another message with exactly the same size is detected" {
    rm -rf "$work/mail" "$work/sent"
    mkdir -p "$work/mail"
    printf 'Subject: one\nMessage-ID: <1@x>\n\ntext\n' >"$work/mail/one"
    start_server --folder "$work/mail"
    write_rc "delete = now"
    wanted 0
    [ "$(files "$work/mail")" -eq 0 ]
    printf 'Subject: two\nMessage-ID: <2@x>\n\ntext\n' >"$work/mail/one"
    wanted 0
    [ "$(kept)" -eq 2 ]
    [ "$(files "$work/mail")" -eq 0 ]
}

@test "a server that confirms erasing but does not erase is asked once for each header" {
    make_mail 20
    start_server --folder "$work/mail" --forgetful
    write_rc "delete = now"
    wanted 0
    wanted 0
    in_store "DELETE FROM quiet"
    wanted 0 -vv
    says_not "> TOP"
    [ "$(kept)" -eq 20 ]
}

@test "sizes that are reported differently each time do not cause mail to be fetched again, with or without TOP" {
    rm -rf "$work/mail"
    mkdir -p "$work/mail"
    for ((i = 1; i <= 1100; i++)); do
        printf 'Subject: %d\nMessage-ID: <%d@x>\n\ntext\n' $i $i \
            >"$work/mail/$(printf '%05d' $i)"
    done
    start_server --folder "$work/mail"
    write_rc
    wanted 0
    in_store "UPDATE message SET size = size + 7; DELETE FROM quiet"
    wanted 0 -v
    says "fetched 0"
    # Without TOP, they must be fetched once to see that they are the same.
    start_server --folder "$work/mail" --no TOP
    write_rc
    in_store "UPDATE message SET size = size + 7; DELETE FROM quiet"
    wanted 0 -v
    [ "$(kept)" -eq 1100 ]
    for ((i = 0; i < 2; i++)); do
        in_store "UPDATE message SET size = size + 7 WHERE vanished_at IS NULL; DELETE FROM quiet"
        wanted 0 -v
        says "fetched 0"
    done
    # Nor is anything erased that might be another message.
    write_rc "delete = now"
    in_store "UPDATE message SET size = size + 7 WHERE vanished_at IS NULL; DELETE FROM quiet"
    wanted 0
    [ "$(files "$work/mail")" -eq 1100 ]
}

@test "a very different size under a uid that only counts as seen is another message" {
    make_mail 3
    start_server --folder "$work/mail"
    write_rc
    wanted 0 mark-seen a
    printf 'Subject: x\n\nnew\n' >"$work/mail/zzz"
    wanted 0
    [ "$(kept)" -eq 1 ]
    printf 'Subject: another\nMessage-ID: <another@x>\n\n%90000s\n' x >"$work/mail/000001.eml"
    in_store "DELETE FROM quiet"
    wanted 0
    [ "$(kept)" -eq 2 ]
}

@test "on-uid-reset = stop does not stop at a server that lists only a window" {
    mkdir "$work/hidden"
    make_mail 45
    start_server --folder "$work/mail" --window 10 --hidden "$work/hidden" \
        --no PIPELINING
    write_rc "on-uid-reset = stop"
    wanted 0
    [ "$(kept)" -eq 45 ]
    wanted 0
}

@test "uids are reset on a server without TOP: all mail is fetched, and nothing is stored twice" {
    make_mail 40
    start_server --folder "$work/mail"
    write_rc
    wanted 0
    here=$(kept)
    for file in "$work/mail"/*; do
        mv "$file" "$work/mail/new-${file##*/}"
    done
    start_server --folder "$work/mail" --no TOP
    write_rc
    wanted 0
    [ "$(kept)" -le $((here + 5)) ]
    says_nothing
}

@test "each peculiarity of uids is reported once" {
    make_mail 6
    start_server --folder "$work/mail" --twice
    write_rc
    wanted 0
    says "several messages the same uid"
    printf 'Subject: x\n\nnew\n' >"$work/mail/zzz"
    wanted 0
    says_nothing
    start_server --folder "$work/mail" --no UIDL
    write_rc
    rm -rf "$work/state" "$work/Mail"
    wanted 0
    says "the server does not support UIDL"
    wanted 0
    says_nothing
}

@test "mail that returns without a proof that it is the same still counts as on the server, and is proven later" {
    make_mail 12
    start_server --folder "$work/mail" --no TOP
    write_rc
    wanted 0
    mv "$work/mail" "$work/aside"
    mkdir "$work/mail"
    wanted 0
    rmdir "$work/mail"
    mv "$work/aside" "$work/mail"
    wanted 0
    wanted 0 status
    says "12 on the server"
    # It is not erased, since its identity is not certain.
    write_rc "delete = now"
    wanted 0
    [ "$(files "$work/mail")" -eq 12 ]
    file=$(find "$work/Mail/new" -type f | head -n 1)
    printf x >>"$file"
    wanted 0 --refetch verify a
    wanted 0 verify a
    [ "$(kept)" -eq 13 ]
}

@test "a hold stays when the message under its uid is fetched again" {
    make_mail 3
    start_server --folder "$work/mail" --no TOP
    write_rc
    wanted 0
    wanted 0 hold a 000001.eml
    in_store "UPDATE message SET size = size + 7000 WHERE uid = CAST('000001.eml' AS BLOB); DELETE FROM quiet"
    write_rc "delete = now"
    wanted 0
    wanted 0
    [ -e "$work/mail/000001.eml" ]
    wanted 0 status
    says "1 held"
}

@test "unreliable sizes do not keep new mail from being fetched, and TOP is sent no more often than needed" {
    rm -rf "$work/mail"
    mkdir -p "$work/mail"
    for ((i = 1; i <= 5; i++)); do
        printf 'Subject: %d\n\nfirst text\n' $i >"$work/mail/$i"
    done
    start_server --folder "$work/mail"
    write_rc
    wanted 0
    in_store "UPDATE message SET size = size + 7 WHERE id = 1; DELETE FROM quiet"
    wanted 0
    [ -n "$(in_store "SELECT loose_sizes_at FROM mailbox")" ]
    write_rc "delete = now"
    wanted 0
    for ((i = 1; i <= 5; i++)); do
        printf 'Subject: %d\n\nanother text\n' $i >"$work/mail/$i"
    done
    wanted 0
    here=$(grep -l "another text" "$work/Mail/new"/* | wc -l)
    [ "$here" -eq 5 ]
}

@test "a header without identifying fields is not that of a message whose header had them" {
    rm -rf "$work/mail"
    mkdir -p "$work/mail"
    printf 'Subject: one\nMessage-ID: <1@x>\n\ntext\n' >"$work/mail/one"
    start_server --folder "$work/mail"
    write_rc "delete = now"
    wanted 0
    printf 'Subject: two\nXessage-ID: <2@x>\n\ntext\n' >"$work/mail/one"
    wanted 0
    [ "$(kept)" -eq 2 ]
}

@test "on-uid-reset = stop stops if no header tells messages apart" {
    rm -rf "$work/mail"
    mkdir -p "$work/mail"
    for ((i = 1; i <= 30; i++)); do
        printf 'From: a@example.org\nSubject: %d\n\ntext\n' $i >"$work/mail/$i"
    done
    start_server --folder "$work/mail"
    write_rc "on-uid-reset = stop"
    wanted 0
    for ((i = 1; i <= 30; i++)); do mv "$work/mail/$i" "$work/mail/new$i"; done
    wanted 65
    [ "$(kept)" -eq 30 ]
}

@test "a message that is waiting to be fetched again does not count as one without a uid" {
    rm -rf "$work/mail"
    mkdir -p "$work/mail"
    for ((i = 1; i <= 6; i++)); do
        printf 'Message-ID: <%d@x>\nSubject: %d\n\ntext\n' $i $i >"$work/mail/$i"
    done
    cp "$work/mail/1" "$work/mail/dup1"
    start_server --folder "$work/mail"
    write_rc "duplicates = keep"
    wanted 0
    wanted 0 hold a 1
    name=$(in_store "SELECT name FROM message WHERE uid = CAST('1' AS BLOB)")
    printf x >>"$work/Mail/new/$name"
    stop_server
    wanted 75 --refetch verify a
    wanted 0 release a 1
    wanted 0 hold a 1
    for ((i = 2; i <= 6; i++)); do mv "$work/mail/$i" "$work/mail/z$i"; done
    rm "$work/mail/dup1"
    start_server --folder "$work/mail"
    write_rc "duplicates = keep"
    wanted 0
    wanted 0 verify a
}
