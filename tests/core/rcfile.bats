#!/usr/bin/env bats
# keepmailrc(5): what it may contain, and the messages when it is wrong.

load ../lib/helpers

setup() {
    common_setup
    rc=$work/rc
}

teardown() {
    common_teardown
}

write() {
    cat >"$rc"
    chmod 600 "$rc"
}

@test "an unknown setting is reported with its line and the one probably meant" {
    write <<'END'
# a comment
account a {
  sever = pop.example.org   # another
  user = me
  maildir = "~/Mail"
}
END
    wanted 78
    says "$rc:3: no such setting 'sever': did you mean 'server'?"
}

@test "all mistakes in a file are reported in one run" {
    write <<'END'
jobs = many
/* a comment
   of lines */
account a {
  server = pop.example.org:995
  port = 99999
  user = me
  user = you
  tls = sometimes
  tls-min = 1.0
  tls-pin = abc
  delete = "after a while"
  max-size = big
  keep-newest = some
  timeout = never
  proxy = localhost
  cleartext-password = perhaps
  auth = magic
  maildir = Mail
  mbox = "/var/mail/me"
  frobnicate = 1
}
acount b { user = x }
account a { user = y }
END
    wanted 78
    says "$rc:1: jobs = many: expected a number from 1 to 64"
    says "$rc:5: server = pop.example.org:995: expected a host name"
    says "$rc:6: port = 99999: expected a number from 1 to 65535"
    says "$rc:8: user is set twice (first on line 7)"
    says "$rc:9: tls = sometimes: expected implicit, starttls or off"
    says "$rc:10: tls-min = 1.0: expected 1.2 or 1.3"
    says "$rc:11: tls-pin = abc: expected \"sha256//\""
    says "$rc:12: delete = after a while: expected never, now,"
    says "$rc:13: max-size = big: expected a size such as 20M"
    says "$rc:14: keep-newest = some: expected a number"
    says "$rc:15: timeout = never: expected 1 to 86400 seconds"
    says "$rc:16: proxy = localhost: expected a URL"
    says "$rc:17: cleartext-password = perhaps: expected true or false"
    says "$rc:18: auth = magic: expected auto, plain"
    says "$rc:19: maildir = Mail: expected an absolute path"
    says "$rc:20: mbox contradicts maildir on line 19"
    says "$rc:21: no such setting 'frobnicate'"
    says "$rc:23: no such setting 'acount': did you mean 'account'?"
    says "$rc:24: account a appears twice"
    says "mistakes in the rc file: nothing was done"
}

@test "a truncated file is refused: the missing part may have been a limit" {
    write <<'END'
account a {
  server = pop.example.org
  user = me
  maildir = "~/Mail"
  delete = now
END
    wanted 78
    says "$rc:1: the { on this line has no closing }"
    write <<'END'
account a {
  server = pop.example.org
  user = me
  maildir = "~/Mail"

account b { user = you }
END
    wanted 78
    says "$rc:6: account inside of account a: its closing } is missing above"
    says_not "duplicate option"
}

@test "a word that is not a setting, and a comment within a value, are reported" {
    write <<'END'
account a {
  server = pop.example.org
  bogus
  user = me
  maildir = "~/Mail"
}
END
    wanted 78
    says "$rc:3: no such setting 'bogus'"
    write <<'END'
# a comment
account a {
  server = pop.example.org
  user = me
  password = te#st
  maildir = "~/Mail"
}
END
    wanted 78
    says "$rc:5: a # right after a value begins a comment: put the value in quotes"
}

@test "a refused value is reported as one mistake, not two" {
    write <<'END'
account a { server = "localhost:995" user = "" maildir = Mail }
END
    wanted 78
    says "3 mistakes"
}

@test "certificates that cannot be read are reported before anything is fetched" {
    write <<'END'
account a {
  server = pop.example.org
  user = me
  maildir = "~/Mail"
  tls-ca = "/no/such/file"
}
END
    wanted 78
    says "cannot read tls-ca = /no/such/file: No such file"
}

@test "missing settings of an account are reported" {
    write <<'END'
account a { }
END
    wanted 78
    says "account a: no server is set"
    says "account a: no user is set"
    says "account a: no destination is set"
}

@test "a password in clear text requires an explicit setting" {
    write <<'END'
account a { server = pop.example.org user = me tls = off maildir = "~/M" }
END
    wanted 78
    says "would send its password in clear text"
    says "cleartext-password = true"
}

@test "syntax errors are reported with their line" {
    write <<'END'
account a {
  server = pop.example.org
  user me
}
END
    wanted 78
    says "$rc:3: there is no = after user: write user = VALUE"
    write <<'END'
account a {
  server = "pop.example.org
END
    wanted 78
    says "$rc:1: the { on this line has no closing }"
    says "$rc:2: the quotation mark here is not closed on its line"
    write <<'END'
account { server = x }
END
    wanted 78
    says "$rc:1:"
}

@test "an empty file, a missing file and a directory are reported" {
    : >"$rc"
    wanted 78
    says "has no account"
    rm "$rc"
    wanted 78
    says "cannot read it: No such file"
    mkdir "$rc"
    wanted 78
    says "not a regular file"
    run "$KEEPMAIL"
    [ "$status" -eq 78 ]
    says "no rc file: looked for $HOME/.config/keepmail/keepmailrc and $HOME/.keepmailrc"
}

# write_line LINE (for printf %b): puts it into an account that is otherwise
# complete, followed by mistakes, so that anything it swallows is noticed.
write_line() {
    {
        printf 'account a {\n  server = pop.example.org\n  user = me\n'
        printf '%b\n' "$1"
        printf '  delete = newer\n}\naccount b {\n  port = 99999\n}\n'
    } >"$rc"
    chmod 600 "$rc"
}

@test "a line that cannot be parsed hides nothing after it, and is one mistake" {
    local line sentence count=0
    while IFS='|' read -r line sentence; do
        write_line "  $line"
        wanted 78
        says "$rc:4: $sentence"
        says "$rc:5: delete = newer: expected"
        says "$rc:8: port = 99999: expected"
        says "3 mistakes in the rc file: nothing was done"
        count=$((count + 1))
    done <<'END'
maildir = ~/My Mail dir|the value of maildir contains a blank: put it in quotes, as in maildir = "VALUE"
maildir = ~/My Mail = dir|the value of maildir contains a blank
password = pw x y|the value of password contains a blank
password = pw "x"|the value of password contains a blank
server: x|there is a : after server: write = instead
maildir /x|there is no = after maildir: write maildir = VALUE
stray|no such setting 'stray'
maildir =|the value of maildir is missing: write maildir = "VALUE"
maildir = # /x|the value of maildir is missing, since # begins a comment
maildir = /a\0000b|there is a NUL byte
maildir = "/a|the quotation mark here is not closed on its line
maildir = '/a|the quotation mark here is not closed on its line
maildir = \0342\0200\0234/My Mail\0342\0200\0235|there is a typographic quotation mark (U+201C): replace the typographic quotation marks by plain ones
maildir\0302\0240= /a|there is a no-break space (U+00A0) instead of a blank
maildir =\0342\0200\0257/a|there is a no-break space (U+202F) instead of a blank
maildir = "${UNSET}/a"|the environment variable UNSET is not set
maildir = /a tls = off|there is a second setting on this line
maildir = {/a, /b}|the value of maildir has one of
maildir += /a|there is no += here
END
    [ "$count" -eq 19 ]
}

@test "the same is true in an account on one line" {
    write <<'END'
account a { server = x user = me maildir = ~/My Mail dir delete = newer }
account b { server = x user = me mbox = /a port = 99999 }
END
    wanted 78
    says "$rc:1: the value of maildir contains a blank: put it in quotes"
    says "$rc:1: delete = newer: expected"
    says "$rc:2: port = 99999: expected"
    says "3 mistakes"
}

@test "missing settings are not reported for an account with a line that cannot be parsed" {
    write <<'END'
account a {
  sever = pop.example.org
  user = me
  maildir = /a
}
account b { server = x }
END
    wanted 78
    says "$rc:2: no such setting 'sever'"
    says "$rc:6: account b: no user is set"
    says_not "account a:"
}

@test "mistakes in included files are reported together with those in the file" {
    printf 'stray\ninclude("b")\ninclude("c")\n' | write
    printf 'account b { stray }\n' >"$work/b"
    printf 'account c {\n' >"$work/c"
    wanted 78
    says "$rc:1: no such setting"
    says "$work/b:1: no such setting"
    says "$work/c:1: the { on this line has no closing }"
    says "3 mistakes"
}

@test "a byte order mark, and line ends of other systems, are accepted" {
    start_server --synthetic 2 --shared
    write_rc
    printf 'include("rc")\n' >"$work/outer"
    sed -i '1s/^/\xef\xbb\xbf/; s/$/\r/' "$rc" "$work/outer"
    chmod 600 "$work/outer"
    wanted 0
    [ "$(kept)" -eq 2 ]
    rc=$work/outer
    wanted 0
}

@test "a byte order mark before a password is not part of it" {
    start_server --synthetic 2 --shared
    write_rc
    sed -i "/^password/d; s|^user = .*|user = test\npassword-file = \"$work/secret\"|" "$rc"
    printf '\xef\xbb\xbftest\r\n' >"$work/secret"
    chmod 600 "$work/secret"
    wanted 0
    sed -i "s|^password-file.*|password-command = \"cat $work/secret\"|" "$rc"
    wanted 0
    printf '\xef\xbb\xbf\n' >"$work/secret"
    wanted 78
    says "is empty (only its first line is read)"
}

@test "a file with a password that others can read is refused, with the chmod to run" {
    write <<'END'
account a { server = localhost user = me password = x maildir = "~/M" }
END
    chmod 640 "$rc"
    wanted 78
    says "chmod 600 '$rc'"
    says_not "password = x"
}

@test "a file that others can write to is refused" {
    write <<'END'
account a { server = localhost user = me password-command = "echo x" maildir = "~/M" }
END
    chmod 622 "$rc"
    wanted 78
    says "chmod go-w '$rc'"
}

@test "text after a password on its line is not shown, nor is a proxy's password" {
    tls_port=1
    for line in 'password = my hunter2word' 'password = hunter2}word' \
        'password = ${HOME}hunter2' 'proxy = "ftp://u:hunter2@host:99"'; do
        write_rc "$line"
        wanted 78
        says_not hunter2
        says_not word:
        says_not "'word'"
    done
}

@test "a wrong password setting is reported without the password" {
    printf 'account a { server = localhost user = me maildir = "~/M"\n password = "top\001secret" }\n' >"$rc"
    chmod 600 "$rc"
    wanted 78
    says "$rc:2: there is a control character (0x01): remove it"
    says_not secret
    write <<'END'
account a { server = localhost user = me maildir = "~/M"
 password = "top\x01secret" }
END
    wanted 78
    says "$rc:2: password = (not shown)"
    says_not secret
}

@test "an account's name cannot lead out of the state directory" {
    write <<'END'
account "../../evil" { server = localhost user = me maildir = "~/M" }
END
    wanted 78
    says "account \"../../evil\": a name has letters"
}

@test "settings at the top are defaults, and an account's own take precedence" {
    start_server --synthetic 2
    write_rc 'delete = now'
    sed -i '1i delete = never' "$rc"
    wanted 0 -v
    says "deleted 2"
}

@test "each account may have a file of its own, and defaults apply to it" {
    start_server --synthetic 2 --shared
    write_rc
    mkdir "$work/accounts"
    sed -i '/^account a/,$d' "$rc"
    printf 'include("accounts/*.rc")\n' >>"$rc"
    for name in one two; do
        printf 'account %s { maildir = "${HOME}/Mail-%s" }\n' \
            "$name" "$name" >"$work/accounts/$name.rc"
    done
    wanted 0 -v
    says "2 accounts"
    [ "$(kept "$HOME/Mail-one")" -eq 2 ]
    [ "$(kept "$HOME/Mail-two")" -eq 2 ]
    printf 'account one { maildir = "~/x" }\n' >"$work/accounts/three.rc"
    wanted 78
    says "three.rc:1: account one is already defined in"
}

@test "includes of missing files, and endless includes, are reported" {
    printf 'include("missing.rc")\n' | write
    wanted 78
    says "$rc:1: cannot include $work/missing.rc"
    printf 'include("rc")\n' | write
    wanted 78
    says "$rc:1: $work/rc includes itself"
}

@test "~ and \${VAR} are expanded, and -f may be given twice" {
    start_server --synthetic 2 --shared
    write_rc 'maildir = "~/deep/${WHERE}"'
    cp "$rc" "$work/second"
    sed -i 's/account a/account b/; s/deep/other/' "$work/second"
    WHERE=there run keepmail -f "$work/second"
    [ "$status" -eq 0 ]
    [ "$(kept "$HOME/deep/there")" -eq 2 ]
    [ "$(kept "$HOME/other/there")" -eq 2 ]
}

@test "the rc file is searched for in the environment, the config directory, and home" {
    start_server --synthetic 1 --shared
    write_rc
    mkdir -p "$HOME/.config/keepmail" "$work/xdg/keepmail"
    cp -p "$rc" "$HOME/.keepmailrc"
    run "$KEEPMAIL"
    [ "$status" -eq 0 ]
    printf 'broken\n' >"$HOME/.config/keepmail/keepmailrc"
    run "$KEEPMAIL"
    [ "$status" -eq 78 ]
    says "$HOME/.config/keepmail/keepmailrc"
    cp -p "$rc" "$work/xdg/keepmail/keepmailrc"
    XDG_CONFIG_HOME=$work/xdg run "$KEEPMAIL"
    [ "$status" -eq 0 ]
    printf 'broken\n' >"$work/named"
    KEEPMAIL_CONFIG=$work/named XDG_CONFIG_HOME=$work/xdg run "$KEEPMAIL"
    [ "$status" -eq 78 ]
}

@test "the password may come from a command or a file" {
    start_server --synthetic 2 --password 'o p"e n'
    write_rc
    sed -i '/^password/d; /^user/s/password.*//' "$rc"
    cat >"$work/secret" <<'END'
o p"e n
not this
END
    chmod 600 "$work/secret"
    sed -i "s|^account a {|&\n  password-file = \"$work/secret\"|" "$rc"
    wanted 0
    sed -i "s|password-file = .*|password-command = \"head -n 1 $work/secret\"|" "$rc"
    wanted 0
    sed -i "s|password-command = .*|password-command = \"exit 3\"|" "$rc"
    wanted 78
    says "password-command failed with exit status 3"
    sed -i "s|password-command = .*|password-command = \"true\"|" "$rc"
    wanted 78
    says "is empty (only its first line is read)"
    sed -i "s|password-command = .*|password-command = \"sleep 30\"\n  timeout = 1|" "$rc"
    wanted 75
    says "did not end within 1 seconds"
    # A command that closes its output and continues, or ignores signals, does
    # no harm.
    sed -i "s|password-command = .*|password-command = \"trap '' TERM; exec >\&-; sleep 30\"|" "$rc"
    wanted 75
    says "did not end within 1 seconds"
    sed -i "s|password-command = .*|password-command = \"test \$KEEPMAIL_ACCOUNT.\$KEEPMAIL_USER = a.test \&\& head -n 1 $work/secret\"|" "$rc"
    wanted 0
    chmod 644 "$work/secret"
    sed -i "s|password-command = .*|password-file = \"$work/secret\"|" "$rc"
    wanted 78
    says "chmod 600 '$work/secret'"
}

@test "without a password or a terminal, the message says what to set" {
    start_server --synthetic 1
    write_rc
    sed -i '/^password/d' "$rc"
    run setsid "$KEEPMAIL" -f "$rc"
    [ "$status" -eq 78 ]
    says "no terminal to ask for one: set password-command"
}

@test "the password is asked for on a terminal, and not echoed" {
    start_server --synthetic 2
    write_rc
    sed -i '/^password/d' "$rc"
    typed test
    [ "$status" -eq 0 ]
    says "Password of test on localhost"
    says "fetched 2"
}

@test "every setting is in the man page" {
    settings=$(sed -n 's/^\t{"\([a-z-]*\)", [a-z_]*set_.*/\1/p' \
        "$TESTS_SRC/../src/core/setting.c")
    [ "$(wc -w <<<"$settings")" -gt 35 ]
    for name in $settings jobs include; do
        grep -Eq "^\.It (Ic|Fn) $name( |\$)" "$TESTS_SRC/../man/keepmailrc.5"
    done
}

@test "the example rc file has no mistakes" {
    mkdir -p "$HOME/.config"
    cp "$TESTS_SRC/../contrib/keepmailrc.example" "$rc"
    chmod 600 "$rc"
    wanted 64 no-such-account
    says "no command or account named"
}
