# SPDX-License-Identifier: ISC
# fish completion of keepmail

function __keepmail_accounts
    set -l dir $HOME/.config/keepmail
    set -q XDG_CONFIG_HOME; and set dir $XDG_CONFIG_HOME/keepmail
    set -l file $dir/keepmailrc
    set -q KEEPMAIL_CONFIG; and set file $KEEPMAIL_CONFIG
    test -r $file; or set file $HOME/.keepmailrc
    set -l parts $dir/accounts/*.rc
    sed -n 's/^[[:space:]]*account[[:space:]]\{1,\}"\{0,1\}\([A-Za-z0-9._@+-]\{1,\}\)"\{0,1\}.*/\1/p' $file $parts 2>/dev/null
end

complete -c keepmail -f -a '(__keepmail_accounts)'
set -l commands fetch check status history list import mark-seen rebuild rename verify hold release retry
set -l first "not __fish_seen_subcommand_from $commands"
complete -c keepmail -n $first -a fetch -d 'fetch new mail'
complete -c keepmail -n $first -a check -d 'try places, password, server and login'
complete -c keepmail -n $first -a status -d 'how the accounts are'
complete -c keepmail -n $first -a history -d 'what is known of runs and messages'
complete -c keepmail -n $first -a import -d 'what another fetcher has seen is not fetched'
complete -c keepmail -n $first -a mark-seen -d 'what is listed now is not fetched'
complete -c keepmail -n $first -a rebuild -d 'find out what is here, after a store was lost'
complete -c keepmail -n $first -a rename -d 'an account has a new name in the rc file'
complete -c keepmail -n $first -a verify -d 'read what is here against its digests'
complete -c keepmail -n $first -a hold -d 'never erase messages on the server'
complete -c keepmail -n $first -a release -d 'let the retention policy have them again'
complete -c keepmail -n $first -a retry -d 'try again what failed to be fetched'
complete -c keepmail -s f -l config -r -F -d 'read this rc file'
complete -c keepmail -s n -l dry-run -d 'print what would be done and change nothing'
complete -c keepmail -s k -l keep -d 'erase nothing on the server'
complete -c keepmail -s j -l jobs -x -d 'accounts fetched in parallel'
complete -c keepmail -s v -l verbose -d 'a line for each message'
complete -c keepmail -s q -l quiet -d 'errors only'
complete -c keepmail -l json -d 'one JSON object for each account'
complete -c keepmail -l local -d 'list: what is on record, and in trouble'
complete -c keepmail -l progress -d 'a progress bar'
complete -c keepmail -l no-progress -d 'no progress bar'
complete -c keepmail -l refetch -d 'fetch again what is damaged here'
complete -c keepmail -l no-brake -d 'erase although many copies are missing here'
complete -c keepmail -l same-mailbox -d 'server or user have new names'
complete -c keepmail -l state-dir -x -a '(__fish_complete_directories)' -d 'where the stores are kept'
complete -c keepmail -l from -x -a 'fetchmail getmail mpop fdm thunderbird claws' -d 'import: whose memory is taken over'
complete -c keepmail -l trust-times -d 'import: days count from the times in its file'
complete -c keepmail -s V -l version -d 'print the version'
complete -c keepmail -s h -l help -d 'print the options'
