#!/usr/bin/env bats
# What became of the copies here, and what is erased because of it.

load lib/helpers

setup() {
    common_setup
    rm -rf "$work/mail" "$work/sent"
    mkdir -p "$work/mail"
    make_letters 1 40
    start_server --folder "$work/mail"
}

teardown() {
    common_teardown
}

# make_letters FROM TO: all of them with a header.
make_letters() {
    local i
    for ((i = $1; i <= $2; i++)); do
        printf 'From: a%d@example.org\nSubject: letter %d\nMessage-ID: <%d@x>\n\nFrom here on: text %d\n\n' \
            $i $i $i $i >"$work/mail/$(printf '%06d.eml' $i)"
    done
    rm -rf "$work/sent"
    cp -r "$work/mail" "$work/sent"
}

# copy_of N: the file of a letter here.
copy_of() {
    grep -rl "^Subject: letter $1$" "$work/Mail"
}

# move N FOLDER [FLAGS]: as a reader of mail does.
move() {
    local file
    file=$(copy_of "$1")
    mkdir -p "$work/Mail/$2"/{new,cur,tmp}
    mv "$file" "$work/Mail/$2/cur/$(basename "${file%%:*}"):2,${3-S}"
}

on_server() {
    files "$work/mail"
}

@test "when trashed: what is flagged T, lies in the trash, or is gone goes, and nothing else" {
    write_rc 'delete = "when trashed"'
    wanted 0
    wanted 0
    [ "$(on_server)" -eq 40 ]
    move 1 . ST
    move 2 .Trash
    rm "$(copy_of 3)"
    move 4 .Old
    move 5 . S
    wanted 0 -v
    says "erased 3, left 37"
    [ ! -e "$work/mail/000001.eml" ]
    [ ! -e "$work/mail/000002.eml" ]
    [ ! -e "$work/mail/000003.eml" ]
    wanted 0
    [ "$(on_server)" -eq 37 ]
}

@test "when purged: only what is gone goes, wherever the rest was moved" {
    write_rc 'delete = "when purged"'
    wanted 0
    move 1 . ST
    move 2 .Trash
    rm "$(copy_of 3)"
    move 4 .Old/Older
    wanted 0 -v
    says "erased 1, left 39"
    [ ! -e "$work/mail/000003.eml" ]
}

@test "mail filed elsewhere is found below local, and thrown away in trash" {
    write_rc 'delete = "when trashed"' "local = \"$work/Files\"" \
        "trash = \"$work/Bin\""
    mkdir -p "$work/Files/Work/cur" "$work/Bin/cur"
    wanted 0
    mv "$(copy_of 1)" "$work/Files/Work/cur/"
    mv "$(copy_of 2)" "$work/Bin/cur/"
    move 3 .Trash
    wanted 0 -v
    says "erased 1, left 39"
    [ ! -e "$work/mail/000002.eml" ]
}

@test "an mbox's mail is known by its header, whatever its readers wrote there" {
    write_rc "mbox = \"$work/mbox\"" 'delete = "when purged"'
    wanted 0
    # A reader marks all as read, and removes the first.
    awk '/^From .*[0-9]$/ { n++ } n != 1 { print }
        /^Subject: / && n != 1 { print "Status: RO" }' "$work/mbox" >"$work/new"
    cat "$work/new" >"$work/mbox"
    wanted 0 -v
    says "erased 1, left 39"
    [ ! -e "$work/mail/000001.eml" ]
    # What is due is what was stored, but for its Status.
    write_rc "mbox = \"$work/mbox\"" 'delete = "after 2 days"'
    sed -i 's/text 7$/text 8/' "$work/mbox"
    days_pass 3
    wanted 0 -v
    says "erased 38, left 1"
    [ "$(ls "$work/mail")" = 000007.eml ]
}

@test "due mail whose copy was changed, or cannot be read, is not erased" {
    write_rc 'delete = "after 30 days"'
    wanted 0
    days_pass 31
    sed -i 's/text 1$/texT 1/' "$(copy_of 1)"
    rm "$(copy_of 2)"
    wanted 0 -v
    says "1 messages are due, and their copies here are not what was stored"
    says "erased 39, left 1"
    [ "$(ls "$work/mail")" = 000001.eml ]
    wanted 0 -n -v
    says "its copy here is not what was stored: not erased"
    write_rc 'delete = "after 30 days"' "verify = off"
    wanted 0
    [ "$(on_server)" -eq 0 ]
}

@test "more than a fifth missing at once brakes: nothing is erased, and the status says so" {
    write_rc 'delete = "when purged"'
    wanted 0
    for i in {1..11}; do rm "$(copy_of "$i")"; done
    wanted 65
    says "of 40 messages whose copies were looked for"
    says "11 are missing"
    says "--no-brake"
    [ "$(on_server)" -eq 40 ]
    # New mail comes all the same.
    make_letters 41 42
    wanted 65
    [ "$(kept)" -eq 31 ]
    wanted 0 -v --no-brake
    says "erased 11, left 31"
}

@test "what was missing before does not brake again" {
    write_rc 'delete = "when purged"' "keep-newest = 40"
    wanted 0
    for i in {1..8}; do rm "$(copy_of "$i")"; done
    wanted 0
    for i in {9..15}; do rm "$(copy_of "$i")"; done
    wanted 0
    write_rc 'delete = "when purged"'
    wanted 0 -v
    says "erased 15, left 25"
}

@test "the mail root moved away: nothing is erased or fetched, and the sentence says so" {
    write_rc "delete = now"
    wanted 0 -k
    mv "$work/Mail" "$work/Elsewhere"
    wanted 65
    says "where mail was put, is not there: is its disk mounted?"
    [ "$(on_server)" -eq 40 ]
    [ ! -e "$work/Mail" ]
    mkdir "$work/Mail"
    wanted 65
    [ "$(on_server)" -eq 40 ]
    rmdir "$work/Mail"
    mv "$work/Elsewhere" "$work/Mail"
    wanted 0 -v
    says "erased 40"
}

@test "a folder that cannot be looked into: nobody knows what is gone, nothing is erased" {
    [ "$(id -u)" -ne 0 ] || skip "root reads everything"
    write_rc 'delete = "when purged"'
    wanted 0
    rm "$(copy_of 1)"
    mkdir -p "$work/Mail/.Closed/cur"
    chmod 0 "$work/Mail/.Closed"
    wanted 74
    says "nobody knows what is here"
    chmod 700 "$work/Mail/.Closed"
    [ "$(on_server)" -eq 40 ]
}

@test "keep-larger-than, delete-larger-than and max-server-size" {
    head -c 5000 /dev/zero | tr '\0' x | fold >>"$work/mail/000001.eml"
    head -c 9000 /dev/zero | tr '\0' x | fold >>"$work/mail/000002.eml"
    write_rc "delete = now" "keep-larger-than = 8k"
    wanted 0
    [ "$(ls "$work/mail")" = 000002.eml ]
    write_rc "delete-larger-than = 8k"
    wanted 0
    [ "$(on_server)" -eq 0 ]
    make_letters 50 59
    write_rc "max-server-size = 500"
    wanted 0
    wanted 0 -v
    # The oldest go first.
    [ -e "$work/mail/000059.eml" ]
    [ "$(on_server)" -lt 10 ]
    [ "$(cat "$work/mail"/* | wc -c)" -le 500 ]
}

@test "a copy that was damaged is no copy: the same text under another uid is stored" {
    write_rc "delete = now"
    wanted 0 -k
    : >"$(copy_of 5)"
    cp "$work/sent/000005.eml" "$work/mail/again.eml"
    wanted 0
    grep -q "text 5$" "$(copy_of 5)"
}

@test "a folder behind a link is a folder" {
    write_rc 'delete = "when purged"'
    wanted 0
    mkdir -p "$work/Archive/cur"
    ln -s "$work/Archive" "$work/Mail/.Archive"
    ln -s "$work/Mail" "$work/Mail/.Round"
    mv "$(copy_of 1)" "$work/Archive/cur/"
    write_rc 'delete = "when purged"' "local = \"$work/Archive\""
    wanted 0
    [ "$(on_server)" -eq 40 ]
}

@test "what was missing from a listing, and is back, is looked at before it is erased" {
    write_rc 'delete = "after 30 days"'
    wanted 0
    mv "$work/mail/000005.eml" "$work/away"
    wanted 0
    mv "$work/away" "$work/mail/000005.eml"
    sed -i 's/text 5$/texT 5/' "$(copy_of 5)"
    days_pass 31
    wanted 0
    [ "$(ls "$work/mail")" = 000005.eml ]
}

@test "what goes in the place of a changed one was read, too" {
    size=$(cat "$work/mail"/* | wc -c)
    write_rc "max-server-size = $((size - 100))"
    wanted 0
    for i in 1 2 3; do sed -i "s/text $i$/texT $i/" "$(copy_of $i)"; done
    wanted 0
    for i in 1 2 3; do [ -e "$work/mail/00000$i.eml" ]; done
    [ ! -e "$work/mail/000004.eml" ]
}

@test "an mbox's mail without a header to know it by is known by its text" {
    printf 'text one\n' >"$work/mail/bare1"
    printf 'text two\n' >"$work/mail/bare2"
    write_rc "mbox = \"$work/mbox\"" 'delete = "after 2 days"'
    wanted 0
    sed -i 's/text two/text too/' "$work/mbox"
    days_pass 3
    wanted 0
    [ "$(ls "$work/mail")" = bare2 ]
}

# octets_read: of the mbox, by the last run, which was traced.
octets_read() {
    awk -F' = ' '/mbox>/ && $NF > 0 { n += $NF } END { print n + 0 }' "$work/trace"
}

traced() {
    # The leak checker cannot trace what is traced.
    ASAN_OPTIONS=detect_leaks=0 run strace -f -y -qq -o "$work/trace" \
        -e trace=read,pread64,readv,mmap "$KEEPMAIL" -f "$rc"
    [ "$status" -eq 0 ] || { echo "# $output"; return 1; }
}

# A note is made of an mbox that has not changed for more than two seconds.
settled_mbox() {
    command -v strace >/dev/null || skip "strace is missing"
    strace -qq -o /dev/null true 2>/dev/null || skip "strace may not trace here"
    make_letters 1 400
    write_rc "mbox = \"$work/mbox\"" "$@"
    wanted 0
    sleep 3
    wanted 0
    [ "$(in_store "SELECT count(*) FROM note")" -eq 1 ]
    size=$(stat -c %s "$work/mbox")
}

@test "an mbox that did not change is not read again, and one that grew only behind" {
    settled_mbox 'delete = "when purged"'
    traced
    [ "$(octets_read)" -le 512 ]
    make_letters 401 403
    wanted 0
    sleep 3
    traced
    # The last one known, twice, and what is new.
    [ "$(octets_read)" -lt $((size / 4)) ] || { echo "# $(octets_read) of $size"; false; }
    [ "$(on_server)" -eq 403 ]
    # What is taken out of the middle is gone all the same, and only that.
    awk '/^From / { n++ } n != 200' "$work/mbox" >"$work/new"
    cat "$work/new" >"$work/mbox"
    wanted 0
    [ "$(on_server)" -eq 402 ]
    [ ! -e "$work/mail/000200.eml" ]
    sleep 3
    wanted 0
    traced
    [ "$(octets_read)" -le 512 ]
    [ "$(on_server)" -eq 402 ]
}

# octets NUMBER: eight, as this machine orders them.
octets() {
    printf '%016x' "$1" | fold -w 2 | tac | tr -d '\n'
}

@test "what is noted of an mbox is read before it is erased for it" {
    [ "$(printf '\1\0' | od -An -tu2 | tr -d ' ')" -eq 1 ] || skip "big-endian"
    settled_mbox 'delete = "when purged"'
    # As a disk does it: the file's times do not tell.
    touch -r "$work/mbox" "$work/times"
    offset=$(grep -abo "text 7\$" "$work/mbox" | cut -d: -f1)
    printf x | dd of="$work/mbox" bs=1 seek="$offset" conv=notrunc status=none
    touch -r "$work/times" "$work/mbox"
    sleep 3
    changed=$(stat -c %.9Z "$work/mbox")
    in_store "UPDATE note SET note = CAST(substr(note, 1, 48) ||
        x'$(octets "${changed%.*}")$(octets "$((10#${changed#*.}))")' ||
        substr(note, 65) AS BLOB)"
    traced
    [ "$(octets_read)" -le 512 ]
    write_rc "mbox = \"$work/mbox\"" 'delete = "after 2 days"'
    days_pass 3
    wanted 0
    says "1 messages are due, and their copies here are not"
    [ "$(on_server)" -eq 1 ]
    [ -e "$work/mail/000007.eml" ]
}

@test "a note of an mbox that is damaged is no note" {
    settled_mbox 'delete = "when purged"'
    for change in "x''" "x'00'" "zeroblob(length(note))" \
        "substr(note, 1, length(note) - 1)" "note || x'00'" \
        "CAST(substr(note, 1, 120) || zeroblob(8) || substr(note, 129) AS BLOB)"; do
        in_store "UPDATE note SET note = $change"
        wanted 0
        says_nothing
        [ "$(on_server)" -eq 400 ]
        wanted 0
        # It was read, and noted anew.
        traced
        [ "$(octets_read)" -le 512 ]
    done
}
