# SPDX-License-Identifier: ISC
# fish completion of keepmail, made by contrib/completion/generate

function __keepmail_accounts
    set -l dir $HOME/.config/keepmail
    set -q XDG_CONFIG_HOME; and set dir $XDG_CONFIG_HOME/keepmail
    set -l file $dir/keepmailrc
    set -q KEEPMAIL_CONFIG; and set file $KEEPMAIL_CONFIG
    test -r $file; or set file $HOME/.keepmailrc
    set -l parts $dir/accounts/*.rc
    sed -n 's/^[[:space:]]*account[[:space:]]\{1,\}"\{0,1\}\([A-Za-z0-9._@+-]\{1,\}\)"\{0,1\}.*/\1/p' $file $parts 2>/dev/null
end

# Is there no command yet, or one of these?
function __keepmail_may_be
    not __fish_seen_subcommand_from fetch check status history list hold release retry import mark-seen rebuild rename verify setup login logout decrypt help
    or __fish_seen_subcommand_from $argv
end

complete -c keepmail -f
complete -c keepmail -n 'not __fish_seen_subcommand_from help' -a '(__keepmail_accounts)'
complete -c keepmail -n '__keepmail_may_be help' -a fetch -d 'Fetch new mail and apply the retention policy'
complete -c keepmail -n '__keepmail_may_be help' -a check -d 'Test whether a fetch would succeed'
complete -c keepmail -n '__keepmail_may_be help' -a status -d 'Show the state of accounts; contacts no server'
complete -c keepmail -n '__keepmail_may_be help' -a history -d 'Show past runs, or all that is known about messages'
complete -c keepmail -n '__keepmail_may_be help' -a list -d 'List the messages on the server, or problems on record'
complete -c keepmail -n '__keepmail_may_be help' -a hold -d 'Never delete these messages from the server'
complete -c keepmail -n '__keepmail_may_be help' -a release -d 'Apply the retention policy to held messages again'
complete -c keepmail -n '__keepmail_may_be help' -a retry -d 'Try failed messages again in the next run'
complete -c keepmail -n '__keepmail_may_be help' -a import -d 'Do not fetch what another program has fetched'
complete -c keepmail -n '__keepmail_may_be help' -a mark-seen -d 'Do not fetch what is on the server now'
complete -c keepmail -n '__keepmail_may_be help' -a rebuild -d 'Rebuild a lost store from the mail stored here'
complete -c keepmail -n '__keepmail_may_be help' -a rename -d 'Rename the store of a renamed account'
complete -c keepmail -n '__keepmail_may_be help' -a verify -d 'Check whether the mail stored here is intact'
complete -c keepmail -n '__keepmail_may_be help' -a setup -d 'Add an account for a mail address to the rc file'
complete -c keepmail -n '__keepmail_may_be help' -a login -d 'Log in to a provider that requires OAuth'
complete -c keepmail -n '__keepmail_may_be help' -a logout -d 'Remove the login from this machine'
complete -c keepmail -n '__keepmail_may_be help' -a decrypt -d 'Print a message that was stored encrypted'
complete -c keepmail -n '__keepmail_may_be help' -a help -d 'Show the help for a command'
complete -c keepmail -s f -l config -r -F -d 'Read this rc file; may be repeated'
complete -c keepmail -n '__keepmail_may_be fetch list verify' -s k -l keep -d 'Delete nothing from the server in this run'
complete -c keepmail -n '__keepmail_may_be fetch import mark-seen rebuild verify' -s n -l dry-run -d 'Show what would be done and why; change nothing'
complete -c keepmail -s q -l quiet -d 'Show only errors'
complete -c keepmail -s v -l verbose -d 'Show each message; -vv also shows the POP3 dialog'
complete -c keepmail -n '__keepmail_may_be fetch rebuild' -s j -l jobs -x -d 'Work on up to this many accounts in parallel'
complete -c keepmail -n '__keepmail_may_be fetch check status history list rebuild verify' -l json -d 'Print JSON, one object per line'
complete -c keepmail -n '__keepmail_may_be list' -l local -d 'List recorded problems; contacts no server'
complete -c keepmail -n '__keepmail_may_be fetch rebuild verify' -l progress -d 'Show a progress bar'
complete -c keepmail -n '__keepmail_may_be fetch rebuild verify' -l no-progress -d 'Show no progress bar'
complete -c keepmail -n '__keepmail_may_be fetch list verify' -l no-brake -d 'Override the checks for missing copies and the clock'
complete -c keepmail -n '__keepmail_may_be verify' -l refetch -d 'Fetch missing and damaged messages again'
complete -c keepmail -n '__keepmail_may_be fetch list import mark-seen rebuild' -l same-mailbox -d 'Accept a new server or user name for the mailbox'
complete -c keepmail -l state-dir -x -a '(__fish_complete_directories)' -d 'Keep the stores in this directory'
complete -c keepmail -n '__keepmail_may_be import setup' -l from -x -a 'fetchmail getmail mpop fdm thunderbird claws' -d 'The program that fetched the messages'
complete -c keepmail -n '__keepmail_may_be import' -l trust-times -d 'Record the fetch times from the imported file'
complete -c keepmail -n '__keepmail_may_be decrypt' -l key -r -F -d 'The private key that decrypts the message'
complete -c keepmail -n '__keepmail_may_be login' -l browser -d 'Log in with the browser of this machine'
complete -c keepmail -n '__keepmail_may_be login' -l device -d 'Log in by a code that is typed on any device'
complete -c keepmail -n '__keepmail_may_be login' -l paste -d 'Log in with any browser, and paste its last URL'
complete -c keepmail -n '__keepmail_may_be setup' -l set -x -d 'Set this, NAME=VALUE, in the new account'
complete -c keepmail -n '__keepmail_may_be setup' -l print -d 'Print the new account, and write nothing'
complete -c keepmail -n '__keepmail_may_be setup' -l autoconfig -x -d 'The page that names the servers'
complete -c keepmail -n '__keepmail_may_be setup' -l name -x -d 'The name of the new account'
complete -c keepmail -s h -l help -d 'Show this help, or that of a command'
complete -c keepmail -s V -l version -d 'Show the version'
