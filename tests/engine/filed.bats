#!/usr/bin/env bats
# Mail that its owner moved, with whatever program, is not gone.

load ../lib/helpers
load ../lib/dovecot

setup() {
    common_setup
    rm -rf "$work/mail"
    mkdir -p "$work/mail" "$work/Files"
    local i
    for i in {1..6}; do
        printf 'From: a%d@example.org\nSubject: letter %d\nMessage-ID: <%d@x>\nDate: Mon, 2 Nov 2026 10:00:00 +0000\n\ntext %d\n' \
            "$i" "$i" "$i" "$i" >"$work/mail/$(printf '%06d.eml' "$i")"
    done
    start_server --folder "$work/mail"
}

teardown() {
    stop_dovecot
    common_teardown
}

on_server() {
    files "$work/mail"
}

# copy_of N: the file here with letter N.
copy_of() {
    grep -rl "^Subject: letter $1$" "$work/Mail/new" "$work/Mail/cur"
}

make_folder() {
    mkdir -p "$1"/{new,cur,tmp}
}

# A file name as another program would create it.
foreign_name() {
    echo "1795000000.M${1}P4711.mailhost,S=200:2,S"
}

fetch_all() {
    write_rc "$@" "local = \"$work/Files\""
    wanted 0
    [ "$(on_server)" -eq 6 ]
}

@test "mail moved to another name is not gone, and verify, history and list find it" {
    fetch_all 'delete = "when purged"'
    make_folder "$work/Files/Archive"
    for i in {1..6}; do
        mv "$(copy_of "$i")" "$work/Files/Archive/cur/$(foreign_name "$i")"
    done
    wanted 0
    says_nothing
    [ "$(on_server)" -eq 6 ]
    wanted 0 verify
    wanted 0 history a 000003.eml
    says "$work/Files/Archive/cur/$(foreign_name 3)"
    # From now on it is known by its new name.
    rm "$work/Files/Archive/cur/$(foreign_name 3)"
    wanted 0
    [ "$(on_server)" -eq 5 ]
    [ ! -e "$work/mail/000003.eml" ]
}

@test "mail moved to another name in the trash is trashed, not purged" {
    fetch_all 'delete = "when trashed"'
    make_folder "$work/Files/Trash"
    mv "$(copy_of 1)" "$work/Files/Trash/cur/$(foreign_name 1)"
    mv "$(copy_of 2)" "$work/Mail/cur/$(foreign_name 2 | sed 's/:2,S/:2,ST/')"
    wanted 0
    [ "$(on_server)" -eq 4 ]
    sed -i 's/when trashed/when purged/' "$rc"
    mv "$(copy_of 3)" "$work/Files/Trash/cur/$(foreign_name 3)"
    wanted 0
    [ "$(on_server)" -eq 4 ]
}

@test "a copy whose text or subject was edited, or to which a mail reader added lines, is not gone" {
    fetch_all 'delete = "when purged"'
    make_folder "$work/Files/Archive"
    sed 's/^text/my text/' "$(copy_of 1)" >"$work/Files/Archive/cur/$(foreign_name 1)"
    sed 's/^Subject: .*/Subject: mine/' "$(copy_of 2)" >"$work/Files/Archive/cur/$(foreign_name 2)"
    sed 's/^From:/X-TUID: abc\nStatus: RO\nContent-Length: 7\nLines: 1\nX-Keywords: a\n&/' \
        "$(copy_of 3)" >"$work/Files/Archive/cur/$(foreign_name 3)"
    sed 's/^Date:/In-Reply-To: <1@x>\nReferences: <1@x>\n&/' "$(copy_of 4)" \
        >"$work/Files/Archive/cur/$(foreign_name 4)"
    for i in 1 2 3 4; do rm "$(copy_of "$i")"; done
    wanted 0
    [ "$(on_server)" -eq 6 ]
    # Due mail is erased if mail readers added only their own lines.
    write_rc 'delete = "after 1 day"' "local = \"$work/Files\""
    days_pass 2
    wanted 0
    [ "$(cd "$work/mail" && echo *)" = "000001.eml 000002.eml 000004.eml" ]
}

@test "mail moved from a Maildir to an mbox, or from an mbox to a Maildir, is not gone" {
    fetch_all 'delete = "when purged"'
    for i in {1..6}; do
        {
            printf 'From a Mon Nov  2 10:00:00 2026\n'
            sed 's/^From:/Status: RO\n&/' "$(copy_of "$i")"
            echo
        } >>"$work/Files/saved"
        rm "$(copy_of "$i")"
    done
    wanted 0
    [ "$(on_server)" -eq 6 ]
    wanted 0 verify
    rm -rf "$work/state" "$work/Mail" "$work/Files/saved"
    write_rc 'delete = "when purged"' "mbox = \"$work/box/inbox\"" \
        "local = \"$work/Files\""
    wanted 0
    make_folder "$work/Files/Archive"
    awk -v to="$work/Files/Archive/cur/" '/^From / { if (f) close(f)
        f = to "1795." ++n ".host:2,S"; blank = 0; next }
        $0 == "" { blank++; next }
        { while (blank > 0) { print "" >f; blank-- } print >f }' "$work/box/inbox"
    : >"$work/box/inbox"
    wanted 0
    [ "$(on_server)" -eq 6 ]
    wanted 0 verify
}

@test "mail without a header to recognise it by is found by its text, or else stays on the server" {
    rm "$work/mail"/*
    for i in {1..5}; do
        printf 'Subject: nightly\n\nreport %d\n' "$i" >"$work/mail/$i"
    done
    write_rc 'delete = "when purged"' "local = \"$work/Files\""
    wanted 0
    make_folder "$work/Files/Archive"
    mv "$(grep -rl 'report 1' "$work/Mail/new")" "$work/Files/Archive/cur/$(foreign_name 1)"
    rm "$(grep -rl 'report 2' "$work/Mail/new")"
    wanted 0
    [ "$(on_server)" -eq 5 ]
    wanted 0 -n -v
    says "its copy was not found, and its header does not identify it: not deleted"
    wanted 0 history a 1
    says "$work/Files/Archive/cur/$(foreign_name 1)"
}

@test "files of other mail are read only once" {
    command -v strace >/dev/null || skip "no strace here"
    fetch_all 'delete = "when purged"' "confine = false" "brake = 100"
    make_folder "$work/Files/Archive"
    for i in {1..30}; do
        printf 'Message-ID: <other%d@x>\n\nx\n' "$i" >"$work/Files/Archive/cur/$(foreign_name "$i")"
    done
    touch -d '1 minute ago' "$work/Files/Archive/cur"/*
    rm "$(copy_of 1)"
    ASAN_OPTIONS=detect_leaks=0 strace -f -e trace=open,openat -o "$work/trace" "$KEEPMAIL" -f "$rc"
    [ "$(grep -c 'Archive/cur/1795' "$work/trace")" -eq 30 ]
    [ "$(on_server)" -eq 5 ]
    rm "$(copy_of 2)"
    printf 'Message-ID: <2@x>\n\nx\n' >"$work/Files/Archive/cur/$(foreign_name 31)"
    ASAN_OPTIONS=detect_leaks=0 strace -f -e trace=open,openat -o "$work/trace" "$KEEPMAIL" -f "$rc"
    [ "$(grep -c 'Archive/cur/1795' "$work/trace")" -eq 1 ]
    [ "$(on_server)" -eq 5 ]
}

@test "if all copies are missing at once, and there are at least three, the brake applies whatever it is set to" {
    fetch_all 'delete = "when purged"' "brake = 100"
    rm "$work/Mail/new"/*
    wanted 65
    says "all 6 messages stored in $work/Mail are missing"
    says "set local to a directory above them"
    says "--no-brake"
    [ "$(on_server)" -eq 6 ]
    wanted 0 --no-brake
    [ "$(on_server)" -eq 0 ]
}

@test "a part that cannot be searched protects only mail that was not found elsewhere" {
    fetch_all 'delete = "when purged"'
    make_folder "$work/Files/Closed"
    ln -s loop "$work/Files/loop"
    rm "$(copy_of 1)"
    wanted 74
    says "cannot read $work/Files/loop"
    says "1 message that may be there stays on the server"
    [ "$(on_server)" -eq 6 ]
    # All copies are where they were stored, so none depends on that part.
    write_rc 'delete = "after 1 day"' "local = \"$work/Files\""
    days_pass 2
    wanted 74
    [ "$(on_server)" -eq 1 ]
    rm "$work/Files/loop"
    wanted 0
    [ "$(on_server)" -eq 0 ]
}

@test "symlinked folders and mboxes, and a maildir setting that was changed, are searched by a confined worker" {
    fetch_all 'delete = "when purged"'
    make_folder "$work/disk/Archive"
    ln -s "$work/disk/Archive" "$work/Mail/.Archive"
    ln -s "$work/disk/box" "$work/Files/box"
    mv "$(copy_of 1)" "$work/disk/Archive/cur/$(foreign_name 1)"
    { echo "From a Mon Nov  2 10:00:00 2026"; cat "$(copy_of 2)"; } >"$work/disk/box"
    rm "$(copy_of 2)"
    wanted 0
    says_nothing
    [ "$(on_server)" -eq 6 ]
    write_rc 'delete = "when purged"' "maildir = \"$work/New\"" \
        "local = \"$work/Files\""
    printf 'Message-ID: <7@x>\n\nseven\n' >"$work/mail/000007.eml"
    wanted 0
    wanted 0
    says_nothing
    [ "$(on_server)" -eq 7 ]
}

@test "a dry run and list read an mbox in the same way as a run" {
    write_rc 'delete = "after 1 day"' "mbox = \"$work/box/inbox\""
    wanted 0
    days_pass 2
    wanted 0 -n
    says "delete 6"
    wanted 0 list a
    wanted 0
    [ "$(on_server)" -eq 0 ]
}

@test "with another, empty directory in place of the Maildir, nothing is fetched or erased" {
    fetch_all 'delete = "when purged"'
    mv "$work/Mail" "$work/Elsewhere"
    make_folder "$work/Mail"
    printf 'Message-ID: <7@x>\n\nseven\n' >"$work/mail/000007.eml"
    wanted 65
    says "$work/Mail was replaced since mail was stored there"
    [ "$(on_server)" -eq 7 ]
    [ "$(files "$work/Mail")" -eq 0 ]
    # With the mail in it, it is a copy of the first one.
    rm -r "$work/Mail"
    cp -a "$work/Elsewhere" "$work/Mail"
    wanted 0
    [ "$(on_server)" -eq 7 ]
    # The owner says that this is intended.
    rm -r "$work/Mail"
    make_folder "$work/Mail"
    rm "$work/mail/000007.eml"
    wanted 65
    wanted 0 --no-brake
    [ "$(on_server)" -eq 0 ]
}

@test "a directory that cannot be searched completely is not called empty" {
    command -v strace >/dev/null || skip "strace is missing"
    strace -qq -o /dev/null true 2>/dev/null || skip "strace may not trace here"
    write_rc 'delete = now'
    wanted 0
    # The directory is now on another disk, and a mail reader has read the mail.
    cp -a "$work/Mail" "$work/Copy"
    rm -r "$work/Mail"
    mv "$work/Copy" "$work/Mail"
    mv "$work/Mail/new"/* "$work/Mail/cur/"
    printf 'Message-ID: <7@x>\n\nseven\n' >"$work/mail/000007.eml"
    # The leak checker does not work under strace.
    ASAN_OPTIONS=detect_leaks=0 run strace -f -o /dev/null -P "$work/Mail/cur" \
        -e inject=openat:error=EMFILE "$KEEPMAIL" -f "$rc"
    [ "$status" -eq 74 ]
    says "cannot read $work/Mail/cur: Too many open files"
    [ "$(on_server)" -eq 1 ]
    wanted 0
    [ "$(on_server)" -eq 0 ]
}

@test "an empty directory in place of the Maildir receives no mail with delete = now, either" {
    write_rc 'delete = now'
    wanted 0
    [ "$(on_server)" -eq 0 ]
    mv "$work/Mail" "$work/Elsewhere"
    make_folder "$work/Mail"
    printf 'Message-ID: <7@x>\n\nseven\n' >"$work/mail/000007.eml"
    wanted 65
    says "$work/Mail was replaced since mail was stored there"
    [ "$(on_server)" -eq 1 ]
    # It was moved to another disk, or most of the mail was moved elsewhere.
    cp "$work/Elsewhere/new"/*Q1R* "$work/Mail/new/"
    wanted 0
    [ "$(on_server)" -eq 0 ]
    [ "$(files "$work/Mail")" -eq 2 ]
}

# in_mutt FILE KEYS: what the user types.
in_mutt() {
    printf 'set folder="%s"\nset mbox_type=Maildir\nset delete=yes\nset confirmappend=no\nset confirmcreate=no\nset move=no\nset quit=yes\nset record=""\n' \
        "$work/Files" >"$work/muttrc"
    printf 'set editor="sed -i s/^text/my-text/"\n' >>"$work/muttrc"
    TERM=xterm timeout 30 script -qec \
        "mutt -n -F '$work/muttrc' -f '$1' -e 'push \"$2<sync-mailbox><quit>\"'" \
        /dev/null </dev/null >"$work/mutt.out" 2>&1
}

@test "mail that mutt saves to a Maildir or an mbox, or edits, is not gone" {
    command -v mutt >/dev/null || skip "no mutt here"
    command -v script >/dev/null || skip "no script(1) here"
    fetch_all 'delete = "when purged"'
    make_folder "$work/Files/Archive"
    : >"$work/Files/box"
    # Saves the first message, then two tagged ones at once, and edits one.
    in_mutt "$work/Mail" "<save-message><kill-line>$work/Files/Archive<enter>"
    [ "$(files "$work/Files/Archive")" -eq 1 ]
    in_mutt "$work/Mail" "<tag-pattern>~s letter.[23]<enter><tag-prefix><save-message><kill-line>$work/Files/box<enter>"
    [ "$(grep -c '^From ' "$work/Files/box")" -ge 1 ]
    in_mutt "$work/Mail" "<last-entry><edit>"
    grep -rq "^my-text" "$work/Mail"
    [ "$(files "$work/Mail")" -lt 6 ]
    wanted 0
    says_nothing
    [ "$(on_server)" -eq 6 ]
}

@test "mail that an IMAP server moves or copies to another folder is not gone" {
    find_dovecot || skip "no Dovecot 2.3 (contrib/bootstrap check unpacks one)"
    [ -x "$dovecot_prefix/usr/lib/dovecot/imap" ] || skip "no dovecot-imapd"
    fetch_all 'delete = "when purged"'
    chmod 711 "$work"
    cp "$work/server/cert.pem" "$work/cert.pem"
    [ "$(id -u)" -ne 0 ] || chown -R nobody:nogroup "$work/Mail"
    dovecot_imap=$work/Mail start_dovecot
    in_imap "CREATE Archive" "SELECT INBOX" "MOVE 1:2 Archive" \
        "COPY 1 Archive" "STORE 1:2 +FLAGS.SILENT (\\Deleted)" EXPUNGE
    stop_dovecot
    [ "$(id -u)" -ne 0 ] || chown -R "$(id -u):$(id -g)" "$work/Mail"
    cp "$work/cert.pem" "$work/server/cert.pem"
    # One of the deleted messages was copied before; the other is gone.
    [ "$(files "$work/Mail/cur")" -eq 2 ]
    [ "$(find "$work/Mail/.Archive"/{new,cur} -type f | wc -l)" -eq 3 ]
    wanted 0
    [ "$(on_server)" -eq 5 ]
}

@test "mail that mbsync moves from folder to folder is not gone" {
    command -v mbsync >/dev/null || skip "no mbsync here"
    fetch_all 'delete = "when purged"'
    mkdir -p "$work/desk" "$work/sync"
    cat >"$work/mbsyncrc" <<END
MaildirStore kept
Path $work/Files/
Inbox $work/Mail
SubFolders Verbatim

MaildirStore desk
Path $work/desk/
Inbox $work/desk/inbox
SubFolders Verbatim

Channel all
Far :kept:
Near :desk:
Patterns INBOX Archive
Create Both
Expunge Both
SyncState $work/sync/
END
    make_folder "$work/desk/Archive"
    mbsync -c "$work/mbsyncrc" all
    for i in 1 2; do
        mv "$(grep -rl "^Subject: letter $i$" "$work/desk/inbox")" \
            "$work/desk/Archive/cur/$(foreign_name "$i")"
    done
    # And one is removed for good at the other end.
    rm "$(grep -rl "^Subject: letter 3$" "$work/desk/inbox")"
    mbsync -c "$work/mbsyncrc" all
    [ "$(files "$work/Files/Archive/cur")" -eq 2 ]
    grep -q '^X-TUID: ' "$work/Files/Archive/cur"/*
    wanted 0
    [ "$(on_server)" -eq 5 ]
    [ ! -e "$work/mail/000003.eml" ]
}

@test "mail that procmail sorts is not gone" {
    command -v procmail >/dev/null || skip "no procmail here"
    fetch_all 'delete = "when purged"'
    mkdir -p "$work/Files"
    printf 'MAILDIR=%s\nDEFAULT=%s/sorted/\n:0:\n* ^Subject: letter [12]\nbox\n' \
        "$work/Files" "$work/Files" >"$work/procmailrc"
    for i in {1..6}; do
        procmail -f owner -m "$work/procmailrc" <"$(copy_of "$i")"
        rm "$(copy_of "$i")"
    done
    [ "$(grep -c '^From ' "$work/Files/box")" -eq 2 ]
    [ "$(files "$work/Files/sorted")" -eq 4 ]
    wanted 0
    says_nothing
    [ "$(on_server)" -eq 6 ]
    wanted 0 verify
}
