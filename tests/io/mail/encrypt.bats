#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Mail that is encrypted before it is stored, and decrypted again.

load ../../lib/helpers

setup() {
    common_setup
    make_certificate mine rsa:2048
}

teardown() {
    common_teardown
}

# make_certificate NAME KIND: $work/NAME.pem, and its key in $work/NAME.key.
make_certificate() {
    local kind=(-newkey "$2")
    [ "$2" != ec ] || kind=(-newkey ec -pkeyopt ec_paramgen_curve:P-256)
    openssl req -x509 "${kind[@]}" -nodes -keyout "$work/$1.key" \
        -out "$work/$1.pem" -days 30 -subj "/CN=$1" 2>/dev/null
}

# encrypt_rc [SETTING...]
encrypt_rc() {
    write_rc "maildir = \"$work/Mail\"" "encrypt = \"$work/mine.pem\"" "$@"
}

# decrypted KEY: decrypts the Maildir to one at $work/plain.
decrypted() {
    local file
    rm -rf "$work/plain"
    mkdir -p "$work/plain"/{new,cur,tmp}
    for file in "$work"/Mail/new/*; do
        "$KEEPMAIL" decrypt --key "$work/$1.key" "$file" >"$work/plain/new/${file##*/}"
    done
}

@test "what is decrypted is what came, byte for byte" {
    with_mail 150
    encrypt_rc "delete = now"
    wanted 0
    says_nothing
    [ "$(left)" -eq 0 ]
    [ "$(grep -Lc '^Content-Type: application/pkcs7-mime; smime-type=enveloped-data;' "$work"/Mail/new/* | wc -l)" -eq 0 ]
    decrypted mine
    same_mail "$work/sent" "$work/plain"
    wanted 0 verify -v
    says "all 150 messages are intact"
}

@test "OpenSSL decrypts it, with CBC and with GCM, and with each of several keys" {
    mkdir -p "$work/mail"
    printf 'From: a@b\r\nSubject: s\r\nMessage-ID: <1@x>\r\n\r\nt\303\266xt\r\n' \
        >"$work/mail/000001.eml"
    start_server --folder "$work/mail" --shared
    make_certificate other ec
    cat "$work/mine.pem" "$work/other.pem" >"$work/both.pem"
    for cipher in cbc gcm; do
        rm -rf "$work/state" "$work/Mail"
        write_rc "maildir = \"$work/Mail\"" "encrypt = \"$work/both.pem\"" \
            "encrypt-cipher = aes-256-$cipher"
        wanted 0
        for key in mine other; do
            openssl cms -decrypt -inkey "$work/$key.key" -recip "$work/$key.pem" \
                -in "$work"/Mail/new/* -out "$work/out"
            cmp "$work/out" "$work/mail/000001.eml"
            "$KEEPMAIL" decrypt --key "$work/$key.key" <"$(echo "$work"/Mail/new/*)" >"$work/out"
            tr -d '\r' <"$work/mail/000001.eml" | cmp - "$work/out"
        done
    done
    grep -q 'smime-type=authEnveloped-data' "$work"/Mail/new/*
}

@test "only the header that lists need can be read, and the subject can be hidden" {
    mkdir -p "$work/mail"
    printf '%s\r\n' 'Received: from secret' 'Subject: hello' ' world' 'From: jane@x' 'To: joe@x' \
        'Cc: secret@x' 'Date: Fri, 27 Nov 2026 10:00:00 +0000' 'Message-ID: <1@x>' '' \
        'secret text' >"$work/mail/1"
    start_server --folder "$work/mail" --shared
    encrypt_rc
    wanted 0
    run grep -ri secret "$work/Mail"
    [ "$status" -eq 1 ]
    [ "$(sed '/^MIME-Version/,$d' "$work"/Mail/new/*)" = "Subject: hello
 world
From: jane@x
To: joe@x
Date: Fri, 27 Nov 2026 10:00:00 +0000
Message-ID: <1@x>" ]
    rm -r "$work/state" "$work/Mail"
    encrypt_rc "encrypt-subject = true"
    wanted 0
    run grep -ri 'hello\|world' "$work/Mail"
    [ "$status" -eq 1 ]
    grep -q '^Subject: \.\.\.$' "$work"/Mail/new/*
    decrypted mine
    tr -d '\r' <"$work/mail/1" | cmp - "$work"/plain/new/*
}

@test "nothing readable of a message is in the state directory, not even when keepmail is killed" {
    mkdir -p "$work/mail"
    printf '%s\r\n' 'Message-ID: <1@x>' '' 'secret text' >"$work/mail/1"
    start_server --folder "$work/mail" --shared
    encrypt_rc
    local calls k
    "$TESTS_BUILD/torture/strike" -o "$work/calls" "$KEEPMAIL" -f "$rc" || [ $? -ne 125 ] ||
        skip "calls cannot be traced here"
    calls=$(wc -l <"$work/calls")
    for ((k = 1; k <= calls; k += 9)); do
        rm -rf "$work/state" "$work/Mail"
        "$TESTS_BUILD/torture/strike" -n "$k" "$KEEPMAIL" -f "$rc" >/dev/null 2>&1 || true
        run grep -rs 'secret text' "$work/state" "$work/Mail"
        [ -z "$output" ]
    done
}

@test "with new uids and when they come twice, encrypted messages are recognised" {
    mkdir -p "$work/mail"
    for ((i = 0; i < 10; i++)); do
        printf 'Received: x\r\nMessage-ID: <%d@x>\r\nCc: a\r\n\r\ntext\r\n' $i >"$work/mail/$i"
    done
    start_server --folder "$work/mail" --shared
    encrypt_rc
    wanted 0
    for file in "$work/mail"/*; do mv "$file" "$work/mail/new-${file##*/}"; done
    wanted 0 -v
    says "10 messages were matched by header"
    for file in "$work/mail"/*; do cp "$file" "$work/mail/again-${file##*/}"; done
    wanted 0 -v
    says "fetched 10"
    says "(10 of them already stored)"
    [ "$(stored)" -eq 10 ]
}

@test "a filter sees the text, and what it wrote is encrypted" {
    with_mail 10
    encrypt_rc "filter = 'sed 1iX-Checked:\\ yes'" "delete = now"
    wanted 0
    decrypted mine
    [ "$(grep -l '^X-Checked: yes' "$work"/plain/new/* | wc -l)" -eq 10 ]
    run grep -r X-Checked "$work/Mail"
    [ "$status" -eq 1 ]
}

@test "mail in an mbox, and mail that is handed over, is encrypted too" {
    with_mail 10
    write_rc "mbox = \"$work/box\"" "encrypt = \"$work/mine.pem\"" "delete = now"
    wanted 0
    [ "$(grep -c '^Content-Type: application/pkcs7-mime' "$work/box")" -eq 10 ]
    wanted 0 verify -v
    says "all 10 messages are intact"
    cp -r "$work/sent/." "$work/mail"
    rm -r "$work/state"
    write_rc "pipe = 'cat >>$work/taken'" "encrypt = \"$work/mine.pem\""
    wanted 0
    [ "$(grep -c '^Content-Type: application/pkcs7-mime' "$work/taken")" -eq 10 ]
}

@test "a certificate that cannot be used costs no login" {
    with_mail 1
    encrypt_rc
    rm "$work/mine.pem"
    wanted 73
    says "cannot read the certificate $work/mine.pem (setting encrypt): No such file or directory. Nothing was fetched"
    wanted 73 check
    [[ $output == *"cannot read the certificate"* ]]
    echo rubbish >"$work/mine.pem"
    wanted 73
    says "not all certificates in $work/mine.pem (setting encrypt) can be read"
    openssl genpkey -algorithm ed25519 -out "$work/ed.key"
    openssl req -x509 -key "$work/ed.key" -out "$work/mine.pem" -subj /CN=ed -days 3
    wanted 73
    says "mail cannot be encrypted for a certificate"
    make_certificate mine ec
    sed -i 10,12d "$work/mine.pem"
    head -n 5 "$work/mine.pem" >"$work/torn" && mv "$work/torn" "$work/mine.pem"
    wanted 73
    [ ! -e "$work/Mail" ] || [ "$(stored)" -eq 0 ]
}

# decrypts STATUS [ARGUMENT...]: keepmail decrypt ends so, and prints nothing.
decrypts() {
    local wanted=$1 got=0
    shift
    "$KEEPMAIL" decrypt "$@" >"$work/out" 2>"$work/said" || got=$?
    [ "$got" -eq "$wanted" ]
    [ ! -s "$work/out" ]
}

@test "decrypt says what is wrong, and prints nothing then" {
    with_mail 1
    encrypt_rc
    wanted 0
    file=$(echo "$work"/Mail/new/*)
    make_certificate other rsa:2048
    decrypts 65 --key "$work/other.key" "$file"
    grep -q "this key does not decrypt it" "$work/said"
    decrypts 65 --key "$work/mine.key" "$(echo "$work"/sent/*)"
    grep -q "not a message that keepmail encrypted" "$work/said"
    head -n 15 "$file" >"$work/torn"
    decrypts 65 --key "$work/mine.key" "$work/torn"
    decrypts 73 --key "$work/none" "$file"
    decrypts 73 --key "$work/mine.key" "$work/none"
    decrypts 64 "$file"
    decrypts 64 --key "$work/mine.key" "$file" "$file"
    run script -qec "$KEEPMAIL decrypt --key $work/mine.key $file" /dev/null
    [ "$status" -eq 64 ]
    [[ $output == *"append | less"* ]]
    # It reads no rc file.
    HOME=/nonexistent "$KEEPMAIL" decrypt --key "$work/mine.key" "$file" >"$work/out"
    [ -s "$work/out" ]
}

@test "odd messages are encrypted, and come out as they came" {
    mkdir -p "$work/mail"
    : >"$work/mail/1"
    printf 'a' >"$work/mail/2"
    printf 'Message-ID: a b\r\nMessage-ID: <1@x>\r\nSubject: s\r\n\r\ntext\r\n' >"$work/mail/3"
    { for ((i = 0; i < 900; i++)); do printf 'Received: from %072d\r\n' $i; done
      printf 'Message-ID: <2@x>\r\n\r\ntext\r\n'; } >"$work/mail/4"
    printf 'From: a@x\r\r\nMessage-ID: <2@x>\r\r\nSubject: s\r\r\n\r\r\nTo: secret\r\nMessage-ID: <1@x>\r\n' >"$work/mail/5"
    printf 'Message-ID: <6@x>\r\n\r\n\0\0\r\r\r\n.\r\n%0100000d\r\n' 1 >"$work/mail/6"
    start_server --folder "$work/mail" --shared
    for cipher in cbc gcm; do
        rm -rf "$work/state" "$work/Mail"
        encrypt_rc "encrypt-cipher = aes-256-$cipher"
        wanted 0
        [ "$(stored)" -eq 6 ]
        decrypted mine
        same_mail "$work/mail" "$work/plain"
        run grep -r secret "$work/Mail"
        [ "$status" -eq 1 ]
    done
}

@test "decrypt finds the recipient whatever the key file has besides the key" {
    with_mail 1
    make_certificate other rsa:2048
    cat "$work/other.pem" "$work/mine.pem" >"$work/both.pem"
    write_rc "maildir = \"$work/Mail\"" "encrypt = \"$work/both.pem\""
    wanted 0
    file=$(echo "$work"/Mail/new/*)
    cat "$work/other.pem" "$work/mine.pem" "$work/mine.key" >"$work/all.key"
    cat "$work/mine.pem" "$work/mine.key" >"$work/pair.key"
    for key in mine all pair other; do
        "$KEEPMAIL" decrypt --key "$work/$key.key" "$file" >"$work/out"
        cat "$work"/sent/* | tr -d "\r" | cmp - "$work/out"
    done
    # With lines that end in CRLF.
    sed 's/$/\r/' "$file" >"$work/crlf"
    "$KEEPMAIL" decrypt --key "$work/mine.key" "$work/crlf" | cmp - "$work/out"
}

@test "a passphrase is asked for on a terminal, and not where there is none" {
    with_mail 1
    encrypt_rc
    wanted 0
    openssl rsa -aes256 -passout pass:secret -in "$work/mine.key" -out "$work/pass.key"
    run timeout 20 setsid "$KEEPMAIL" decrypt --key "$work/pass.key" <"$(echo "$work"/Mail/new/*)"
    [ "$status" -eq 73 ]
    [[ $output == *"no terminal to ask for a passphrase"* ]]
}

@test "settings that do nothing without encrypt are mistakes, and so is half a certificate" {
    with_mail 1
    write_rc "encrypt-subject = true"
    wanted 78
    says "encrypt-cipher and encrypt-subject need encrypt too"
    make_certificate other ec
    { cat "$work/mine.pem"; sed '1s/-----BEGIN/----BEGIN/' "$work/other.pem"; } >"$work/two.pem"
    mv "$work/two.pem" "$work/mine.pem"
    encrypt_rc
    wanted 73
    says "not all certificates"
}

@test "rebuild says that it cannot know which message is which" {
    with_mail 3
    encrypt_rc
    wanted 0
    rm -r "$work/state"
    wanted 78
    says "keepmail mark-seen a marks all that is on the server as fetched, even what never was"
    wanted 78 rebuild a
    wanted 0 mark-seen a
    wanted 0
    [ "$(stored)" -eq 3 ]
}
