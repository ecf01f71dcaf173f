#!/usr/bin/env bats
# What became of the copies here, and what is erased because of it.

load ../../lib/helpers

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

# make_letters FROM TO: letters with a header each.
make_letters() {
    local i
    for ((i = $1; i <= $2; i++)); do
        printf 'From: a%d@example.org\nSubject: letter %d\nMessage-ID: <%d@x>\n\nFrom here on: text %d\n\n' \
            $i $i $i $i >"$work/mail/$(printf '%06d.eml' $i)"
    done
    rm -rf "$work/sent"
    cp -r "$work/mail" "$work/sent"
}

# copy_of N: the file here with letter N.
copy_of() {
    grep -rl "^Subject: letter $1$" "$work/Mail"
}

# move N FOLDER [FLAGS]: as a mail reader does.
move() {
    local file
    file=$(copy_of "$1")
    mkdir -p "$work/Mail/$2"/{new,cur,tmp}
    mv "$file" "$work/Mail/$2/cur/$(basename "${file%%:*}"):2,${3-S}"
}

on_server() {
    files "$work/mail"
}

@test "when trashed: mail that is flagged T, in the trash, or gone is erased, and nothing else" {
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
    says "deleted 3, left 37"
    [ ! -e "$work/mail/000001.eml" ]
    [ ! -e "$work/mail/000002.eml" ]
    [ ! -e "$work/mail/000003.eml" ]
    wanted 0
    [ "$(on_server)" -eq 37 ]
}

@test "when purged: only mail that is gone is erased, wherever the rest was moved" {
    write_rc 'delete = "when purged"'
    wanted 0
    move 1 . ST
    move 2 .Trash
    rm "$(copy_of 3)"
    move 4 .Old/Older
    wanted 0 -v
    says "deleted 1, left 39"
    [ ! -e "$work/mail/000003.eml" ]
}

@test "mail moved elsewhere is found below local, and trashed mail in trash" {
    write_rc 'delete = "when trashed"' "local = \"$work/Files\"" \
        "trash = \"$work/Bin\""
    mkdir -p "$work/Files/Work/cur" "$work/Bin/cur"
    wanted 0
    mv "$(copy_of 1)" "$work/Files/Work/cur/"
    mv "$(copy_of 2)" "$work/Bin/cur/"
    move 3 .Trash
    wanted 0 -v
    says "deleted 1, left 39"
    [ ! -e "$work/mail/000002.eml" ]
}

@test "mail in an mbox is recognised by its header, whatever mail readers added to it" {
    write_rc "mbox = \"$work/mbox\"" 'delete = "when purged"'
    wanted 0
    # A mail reader marks all messages as read, and removes the first one.
    awk '/^From .*[0-9]$/ { n++ } n != 1 { print }
        /^Subject: / && n != 1 { print "Status: RO" }' "$work/mbox" >"$work/new"
    cat "$work/new" >"$work/mbox"
    wanted 0 -v
    says "deleted 1, left 39"
    [ ! -e "$work/mail/000001.eml" ]
    # Due mail is as it was stored, but for its Status.
    write_rc "mbox = \"$work/mbox\"" 'delete = "after 2 days"'
    sed -i 's/text 7$/text 8/' "$work/mbox"
    days_pass 3
    wanted 0 -v
    says "deleted 38, left 1"
    [ "$(ls "$work/mail")" = 000007.eml ]
}

@test "due mail whose copy was changed, or cannot be read, is not erased" {
    write_rc 'delete = "after 30 days"'
    wanted 0
    days_pass 31
    sed -i 's/text 1$/texT 1/' "$(copy_of 1)"
    rm "$(copy_of 2)"
    wanted 0 -v
    says "not deleted: 1 message whose copy here was changed"
    says "deleted 39, left 1"
    [ "$(ls "$work/mail")" = 000001.eml ]
    wanted 0 -n -v
    says "its copy here was changed: not deleted"
    write_rc 'delete = "after 30 days"' "verify = off"
    wanted 0
    [ "$(on_server)" -eq 0 ]
}

@test "if more than a fifth is missing at once, the brake applies: nothing is erased, and the exit status says so" {
    write_rc 'delete = "when purged"'
    wanted 0
    for i in {1..11}; do rm "$(copy_of "$i")"; done
    wanted 65
    says "11 of 40 messages stored in $work/Mail are missing"
    says "--no-brake"
    [ "$(on_server)" -eq 40 ]
    # New mail comes nevertheless.
    make_letters 41 42
    wanted 65
    [ "$(kept)" -eq 31 ]
    wanted 0 -v --no-brake
    says "deleted 11, left 31"
}

@test "copies that were missing before do not trigger the brake again" {
    write_rc 'delete = "when purged"' "keep-newest = 40"
    wanted 0
    for i in {1..8}; do rm "$(copy_of "$i")"; done
    wanted 0
    for i in {9..15}; do rm "$(copy_of "$i")"; done
    wanted 0
    write_rc 'delete = "when purged"'
    wanted 0 -v
    says "deleted 15, left 25"
}

@test "if the mail directory was moved away, nothing is erased or fetched, and the message says so" {
    write_rc "delete = now"
    wanted 0 -k
    mv "$work/Mail" "$work/Elsewhere"
    wanted 65
    says "where mail was stored, does not exist (is its disk mounted?)"
    [ "$(on_server)" -eq 40 ]
    [ ! -e "$work/Mail" ]
    mkdir "$work/Mail"
    wanted 65
    [ "$(on_server)" -eq 40 ]
    rmdir "$work/Mail"
    mv "$work/Elsewhere" "$work/Mail"
    wanted 0 -v
    says "deleted 40"
}

@test "if a folder cannot be searched, it is unknown what is gone, and nothing is erased" {
    [ "$(id -u)" -ne 0 ] || skip "root reads everything"
    write_rc 'delete = "when purged"'
    wanted 0
    rm "$(copy_of 1)"
    mkdir -p "$work/Mail/.Closed/cur"
    chmod 0 "$work/Mail/.Closed"
    wanted 74
    says "cannot read $work/Mail/.Closed"
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
    # The oldest messages are erased first.
    [ -e "$work/mail/000059.eml" ]
    [ "$(on_server)" -lt 10 ]
    [ "$(cat "$work/mail"/* | wc -c)" -le 500 ]
}

@test "a damaged copy does not count as a copy: the same text under another uid is stored" {
    write_rc "delete = now"
    wanted 0 -k
    : >"$(copy_of 5)"
    cp "$work/sent/000005.eml" "$work/mail/again.eml"
    wanted 0
    grep -q "text 5$" "$(copy_of 5)"
}

@test "a symlinked folder is searched" {
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

@test "a message that returns to the listing has its copy checked before it is erased" {
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

@test "messages erased instead of changed ones have been verified, too" {
    size=$(cat "$work/mail"/* | wc -c)
    write_rc "max-server-size = $((size - 100))"
    wanted 0
    for i in 1 2 3; do sed -i "s/text $i$/texT $i/" "$(copy_of $i)"; done
    wanted 0
    for i in 1 2 3; do [ -e "$work/mail/00000$i.eml" ]; done
    [ ! -e "$work/mail/000004.eml" ]
}

@test "mail in an mbox without an identifying header is recognised by its text" {
    printf 'text one\n' >"$work/mail/bare1"
    printf 'text two\n' >"$work/mail/bare2"
    write_rc "mbox = \"$work/mbox\"" 'delete = "after 2 days"'
    wanted 0
    sed -i 's/text two/text too/' "$work/mbox"
    days_pass 3
    wanted 0
    [ "$(ls "$work/mail")" = bare2 ]
}

# octets_read: bytes of the mbox read by the last run, which was traced.
octets_read() {
    awk -F' = ' '/mbox>/ && $NF > 0 { n += $NF } END { print n + 0 }' "$work/trace"
}

traced() {
    # The leak checker does not work under strace.
    ASAN_OPTIONS=detect_leaks=0 run strace -f -y -qq -o "$work/trace" \
        -e trace=read,pread64,readv,mmap "$KEEPMAIL" -f "$rc"
    [ "$status" -eq 0 ] || { echo "# $output"; return 1; }
}

# A note is made only of an mbox that has not changed for more than two seconds.
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

@test "an unchanged mbox is not read again, and of one that grew only the new end is read" {
    settled_mbox 'delete = "when purged"'
    traced
    [ "$(octets_read)" -le 512 ]
    make_letters 401 403
    wanted 0
    sleep 3
    traced
    # The last known message, twice, and the new one.
    [ "$(octets_read)" -lt $((size / 4)) ] || { echo "# $(octets_read) of $size"; false; }
    [ "$(on_server)" -eq 403 ]
    # A message removed from the middle is noticed as gone, and only that one.
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

# octets NUMBER: as eight bytes in host byte order.
octets() {
    printf '%016x' "$1" | fold -w 2 | tac | tr -d '\n'
}

@test "noted messages are read before they are erased from the server" {
    [ "$(printf '\1\0' | od -An -tu2 | tr -d ' ')" -eq 1 ] || skip "big-endian"
    settled_mbox 'delete = "when purged"'
    # As if by a disk error: the file's times do not change.
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
    says "not deleted: 1 message whose"
    [ "$(on_server)" -eq 1 ]
    [ -e "$work/mail/000007.eml" ]
}

@test "a damaged note about an mbox is ignored" {
    settled_mbox 'delete = "when purged"'
    for change in "x''" "x'00'" "zeroblob(length(note))" \
        "substr(note, 1, length(note) - 1)" "note || x'00'" \
        "CAST(substr(note, 1, 120) || zeroblob(8) || substr(note, 129) AS BLOB)"; do
        in_store "UPDATE note SET note = $change"
        wanted 0
        says_nothing
        [ "$(on_server)" -eq 400 ]
        wanted 0
        # The mbox was read, and noted again.
        traced
        [ "$(octets_read)" -le 512 ]
    done
}

@test "an mbox that cannot be read, or that a reader is rewriting, has lost no mail" {
    command -v strace >/dev/null || skip "strace is missing"
    strace -qq -o /dev/null true 2>/dev/null || skip "strace may not trace here"
    write_rc "mbox = \"$work/mbox\"" 'delete = "when purged"'
    rm "$work/mail"/00000[3-9]* "$work/mail"/0000[1-9]*
    wanted 0
    strace -f -qq -o /dev/null -P "$work/mbox" -e inject=pread64:error=EIO \
        "$KEEPMAIL" -f "$rc" >"$work/out" 2>&1 && return 1
    grep -q "Input/output error" "$work/out"
    [ "$(files "$work/mail")" -eq 2 ]
    # Emptied, to be written anew: its reader is at work.
    sleep 60 3>&- &
    sleeper=$!
    cp "$work/mbox" "$work/whole"
    echo $sleeper >"$work/mbox.lock"
    : >"$work/mbox"
    run keepmail
    [ "$status" -ne 0 ]
    says "busy"
    [ "$(files "$work/mail")" -eq 2 ]
    cp "$work/whole" "$work/mbox"
    kill $sleeper
    rm "$work/mbox.lock"
    wanted 0
    [ "$(files "$work/mail")" -eq 2 ]
    : >"$work/mbox"
    wanted 0
    [ "$(files "$work/mail")" -eq 0 ]
}

@test "an mbox below local that its reader has emptied to write it anew has lost no mail" {
    mkdir "$work/Mail"
    write_rc "mbox = \"$work/mbox\"" "local = \"$work/Mail\"" \
        'delete = "when purged"'
    wanted 0
    # So few that the brake has nothing against it.
    awk -v filed="$work/Mail/filed" '/^From .*[0-9]$/ { n++ }
        { print >(n < 3 ? filed : "/dev/stderr") }' \
        "$work/mbox" 2>"$work/new"
    cat "$work/new" >"$work/mbox"
    wanted 0
    [ "$(on_server)" -eq 40 ]
    sleep 60 3>&- &
    sleeper=$!
    cp "$work/Mail/filed" "$work/whole"
    echo $sleeper >"$work/Mail/filed.lock"
    : >"$work/Mail/filed"
    run keepmail
    kill $sleeper
    [ "$status" -ne 0 ]
    says "busy"
    [ "$(on_server)" -eq 40 ]
    cp "$work/whole" "$work/Mail/filed"
    rm "$work/Mail/filed.lock"
    wanted 0
    [ "$(on_server)" -eq 40 ]
}

@test "an empty file below local need not be readable" {
    command -v strace >/dev/null || skip "strace is missing"
    strace -qq -o /dev/null true 2>/dev/null || skip "strace may not trace here"
    needs_plain_build
    write_rc "local = \"$work/Mail\"" 'delete = "when purged"'
    wanted 0
    : >"$work/Mail/lock"
    rm "$(copy_of 1)"
    strace -f -qq -o /dev/null -P "$work/Mail/lock" \
        -e inject=openat:error=EACCES "$KEEPMAIL" -f "$rc" >"$work/out" 2>&1
    [ "$(on_server)" -eq 39 ]
}

@test "mail moved to another configured mbox is here, and mail in a trash mbox is trashed" {
    write_rc "mbox = \"$work/one\"" 'delete = "when purged"'
    printf 'account b {\n mbox = "%s"\n}\n' "$work/two" >>"$rc"
    wanted 0 a
    mkdir "$work/filed"
    # The first goes to b's mbox, the second to a file below local.
    awk -v two="$work/two" -v filed="$work/filed/box" '/^From .*[0-9]$/ { n++ }
        { print >(n == 1 ? two : n == 2 ? filed : "/dev/stderr") }' \
        "$work/one" 2>"$work/new"
    cat "$work/new" >"$work/one"
    sed -i "/^account a/a local = \"$work/filed\"" "$rc"
    wanted 0 a
    [ "$(on_server)" -eq 40 ]
    # And the third to a trash that is a file: it is not purged.
    awk -v trash="$work/trash" '/^From .*[0-9]$/ { n++ }
        { print >(n == 1 ? trash : "/dev/stderr") }' "$work/one" 2>"$work/new"
    cat "$work/new" >"$work/one"
    sed -i "/^account a/a trash = \"$work/trash\"" "$rc"
    wanted 0 a
    [ "$(on_server)" -eq 40 ]
    sed -i 's/when purged/when trashed/' "$rc"
    wanted 0 a
    [ "$(on_server)" -eq 39 ]
    [ ! -e "$work/mail/000003.eml" ]
}

@test "the brake applies whatever verify is set to" {
    local verify
    for verify in stat digest off; do
        rm -rf "$work/state" "$work/Mail"
        make_letters 1 40
        write_rc 'delete = "after 30 days"' "verify = $verify"
        wanted 0
        find "$work/Mail/new" -type f | head -n 30 | xargs rm
        days_pass 31
        wanted 65
        says "30 of 40 messages stored in $work/Mail are missing, more than brake allows (20%)"
        [ "$(on_server)" -eq 40 ]
    done
}

@test "brake = N sets how much may be missing" {
    write_rc 'delete = "when purged"' "brake = 50"
    wanted 0
    find "$work/Mail/new" -type f | head -n 21 | xargs rm
    wanted 65
    [ "$(on_server)" -eq 40 ]
    sed -i 's/brake = 50/brake = 60/' "$rc"
    wanted 0
    [ "$(on_server)" -eq 19 ]
}

@test "if the disk of local is not mounted, nothing is erased, whether its mount point is missing or empty" {
    write_rc 'delete = "when purged"' "local = \"$work/filed\""
    mkdir -p "$work/filed/box"/{new,cur,tmp}
    wanted 0
    for i in 1 2 3; do
        mv "$(copy_of $i)" "$work/filed/box/cur/"
    done
    wanted 0
    [ "$(on_server)" -eq 40 ]
    mv "$work/filed" "$work/unmounted"
    wanted 65
    says "$work/filed"
    [ "$(on_server)" -eq 40 ]
    mkdir "$work/filed"
    wanted 65
    says "$work/filed is empty but was not before (is its disk mounted?)"
    [ "$(on_server)" -eq 40 ]
    rmdir "$work/filed"
    mv "$work/unmounted" "$work/filed"
    wanted 0
    [ "$(on_server)" -eq 40 ]
    # If this is intended, the owner has to say so.
    rm -r "$work/filed/box"
    wanted 65
    wanted 0 --no-brake
    [ "$(on_server)" -eq 37 ]
    wanted 0
}

@test "if the mbox is gone, nothing is erased, unless --no-brake says so once" {
    write_rc "mbox = \"$work/mbox\"" 'delete = "when purged"'
    wanted 0
    mv "$work/mbox" "$work/elsewhere"
    wanted 65
    says "does not exist (is its disk mounted?)"
    [ "$(on_server)" -eq 40 ]
    wanted 0 -v --no-brake
    says "deleted 40"
}

@test "a copy that cannot be read is not erased, and verify reports it" {
    write_rc 'delete = "after 30 days"'
    wanted 0
    days_pass 31
    file=$(copy_of 1)
    rm "$file"
    ln -s "$work" "$file"
    file=$(copy_of 2)
    rm "$file"
    mkdir "$file"
    wanted 0
    says "not deleted: 2 messages whose"
    [ "$(ls "$work/mail")" = "000001.eml
000002.eml" ]
    wanted 65 verify a
    says "unreadable"
}

@test "verify = stat checks that copies exist, and reads none" {
    write_rc 'delete = "after 30 days"' "verify = stat"
    wanted 0
    days_pass 31
    sed -i 's/text 7$/text 8/' "$(copy_of 7)"
    wanted 0
    [ "$(on_server)" -eq 0 ]
}

@test "a Maildir is searched by file names: none of its files is opened" {
    command -v strace >/dev/null || skip "strace is missing"
    strace -qq -o /dev/null true 2>/dev/null || skip "strace may not trace here"
    write_rc 'delete = "when trashed"'
    wanted 0
    ASAN_OPTIONS=detect_leaks=0 run strace -f -qq -o "$work/trace" \
        -e trace=open,openat "$KEEPMAIL" -f "$rc"
    [ "$status" -eq 0 ]
    grep -q '/cur"' "$work/trace"
    run grep '_keepmail\.' "$work/trace"
    [ "$status" -ne 0 ]
}

@test "max-server-size erases the oldest messages, and no more than necessary" {
    make_letters 1 40
    total=0
    for file in "$work/mail"/*; do
        # A server counts a line end as two bytes.
        total=$((total + $(wc -c <"$file") + $(wc -l <"$file")))
    done
    first=$(($(wc -c <"$work/mail/000001.eml") + $(wc -l <"$work/mail/000001.eml")))
    write_rc "max-server-size = $((total - first - 1))"
    wanted 0
    wanted 0
    [ "$(on_server)" -eq 38 ]
    [ ! -e "$work/mail/000002.eml" ]
    [ -e "$work/mail/000003.eml" ]
}

@test "a trash that does not exist yet, or was emptied, is not taken for an unmounted disk" {
    write_rc 'delete = "when trashed"' "trash = \"$work/rubbish\""
    wanted 0
    wanted 0
    mkdir "$work/rubbish"
    wanted 0
    mv "$(copy_of 1)" "$work/rubbish/"
    wanted 0
    rm -r "$work/rubbish"
    mkdir "$work/rubbish"
    wanted 0
    [ "$(on_server)" -eq 39 ]
}
