#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# The sources of passwords other than a command and a file.

load ../../lib/helpers

setup() {
    common_setup
    start_server
    password=wrong
}

teardown() {
    common_teardown
}

@test "the password is found in a netrc file" {
    printf 'machine elsewhere login test password no\nmachine localhost\n  login "test"\n  password test\n' \
        >"$work/netrc"
    chmod 600 "$work/netrc"
    write_rc "password-netrc = \"$work/netrc\""
    wanted 0
    wanted 0 check
    says "password-netrc $work/netrc"
    chmod 644 "$work/netrc"
    wanted 78
    says "chmod 600"
    chmod 600 "$work/netrc"
    echo 'machine localhost login joe password test' >"$work/netrc"
    wanted 78
    says "has no password for test on localhost: add machine localhost login test password"
}

@test "the password is a credential of systemd" {
    mkdir "$work/credentials"
    echo test >"$work/credentials/pop"
    chmod 440 "$work/credentials/pop"
    write_rc "password-credential = pop"
    CREDENTIALS_DIRECTORY=$work/credentials wanted 0
    CREDENTIALS_DIRECTORY=$work/credentials wanted 0 check
    says "password-credential pop"
    wanted 78
    says "needs a systemd service with LoadCredential=pop"
    write_rc "password-credential = ../pop"
    wanted 78
    says "the name of a systemd credential"
}

@test "the password is in the keyring" {
    mkdir "$work/bin"
    printf '#!/bin/sh\n[ "$*" = "lookup keepmail a" ] && echo test\n' >"$work/bin/secret-tool"
    chmod 755 "$work/bin/secret-tool"
    write_rc "password-keyring = true"
    PATH=$work/bin:$PATH wanted 0
    PATH=$work/bin:$PATH wanted 0 check
    says "from the keyring"
    printf '#!/bin/sh\nexit 1\n' >"$work/bin/secret-tool"
    PATH=$work/bin:$PATH wanted 78
    says "secret-tool store --label=keepmail keepmail ACCOUNT"
    write_rc "password-keyring = false"
    wanted 78
}

@test "of several sources, a file may name one only" {
    write_rc "password-keyring = true" "password-netrc = \"$work/netrc\""
    wanted 78
    says "password-netrc"
}
