# SPDX-License-Identifier: ISC
# The family "people": between any two runs, the owner, another program or the
# clock does something that has nothing to do with crashes.
# shellcheck disable=SC2154,SC2034 # the worker's and the scenario's variables

# Each message contains a unique line by which it is recognised anywhere.
known_messages=6
all_messages=8

people_message() {
    printf 'Received: from a by b; Mon, 2 Nov 2026 10:00:0%d +0000\nFrom: a%d@example.org\nMessage-ID: <people%d@x>\nSubject: number %d\n\nmark-%d-\nsome text\n' \
        "$1" "$1" "$1" "$1" "$1"
}

# serve FROM TO: makes these messages available on the server.
people_serve() {
    local i
    for ((i = $1; i <= $2; i++)); do
        people_message "$i" >"$w/mail/$i.eml"
    done
}

people_rc() {
    local delete=$policy
    case $policy in
    after) delete="after 30 days" ;;
    trashed | purged) delete="when $policy" ;;
    esac
    rc=$w/rc
    account=a
    {
        printf 'state = "%s"\nuser = test\npassword = test\n' "$state"
        [ "$(id -u)" -ne 0 ] || echo 'run-as = root'
        printf 'account a {\n  server = 127.0.0.1\n  port = %s\n  tls = off\n' "$port"
        printf '  %s = "%s"\n  delete = "%s"\n  local = "%s"\n}\n' \
            "$kind" "$place" "$delete" "$files"
    } >"$rc"
    chmod 600 "$rc"
}

# Six of eight messages came 31 days ago; the state is saved, and each point
# begins with it.
people_scenario() {
    kind=$1 policy=$2
    what="people, $kind, delete = $policy"
    rm -rf "$w/saved" "$state" "$place" "$files" "$w/mail"
    mkdir -p "$w/mail" "$w/saved" "$files"
    people_rc
    people_serve 1 $known_messages
    "$KEEPMAIL" -f "$rc" || scenario_failed "no earlier run"
    sqlite3 "$state/a.db" "UPDATE message SET kept_at = kept_at - 31 * 86400"
    cp -a "$w/mail" "$state" "$place" "$files" "$w/saved/"
}

people_reset() {
    rm -rf "$state" "$place" "$files" "$w/mail" "$w/aside"
    cp -a "$w/saved/mail" "$w/saved/state" "$w/saved/place" "$w/saved/files" "$w/"
    people_rc
    removed=() trashed=() edited=() when='' clock=0 aside=0 strikes=0
    stateless=0 placeless=0
}

# ---- what is done ------------------------------------------------------------------

# copy_of N: the file in the Maildir with message N; "" if it was moved away.
people_copy() {
    grep -rls "^mark-$1-" "$place/new" "$place/cur" 2>/dev/null | head -n 1
}

people_name() {
    echo "1795000000.M${1}P4711.mailhost,S=200:2,${2-S}"
}

# take N: moves message N to $w/taken; false if it does not exist.
people_take() {
    local file
    rm -f "$w/taken"
    if [ "$kind" = maildir ]; then
        file=$(people_copy "$1")
        [ -n "$file" ] || return 1
        mv "$file" "$w/taken"
        return
    fi
    [ -f "$place" ] && grep -qs "^mark-$1-" "$place" || return 1
    LC_ALL=C awk -v mark="^mark-$1-" -v taken="$w/taken" '
        function flush() { if (n) printf "%s", hit ? "" : text
            if (n && hit) { sub(/^[^\n]*\n/, "", text); sub(/\n$/, "", text)
                printf "%s", text >taken } text = ""; hit = 0 }
        /^From / && (NR == 1 || blank) { flush(); n++ }
        { text = text $0 "\n"; blank = $0 == "" } $0 ~ mark { hit = 1 }
        END { flush() }' "$place" >"$w/rest"
    cat "$w/rest" >"$place"
    [ -s "$w/taken" ]
}

people_folder() {
    mkdir -p "$1"/{new,cur,tmp}
}

act_nothing() { :; }

act_file_new() {
    local i
    people_folder "$files/Archive"
    for i in 1 2; do
        ! people_take $i || mv "$w/taken" "$files/Archive/cur/$(people_name $i)"
    done
}

act_file_same() {
    local file i
    people_folder "$files/Same"
    for i in 2 3; do
        [ "$kind" = maildir ] || { act_file_new; return; }
        file=$(people_copy $i)
        [ -z "$file" ] || mv "$file" "$files/Same/cur/$(basename "${file%%:*}"):2,S"
    done
}

act_to_mbox() {
    local i
    for i in 3 4; do
        people_take $i || continue
        {
            echo "From a Mon Nov  2 10:00:00 2026"
            sed '1s/^/Status: RO\n/' "$w/taken"
            echo
        } >>"$files/saved"
    done
}

act_add_headers() {
    people_folder "$files/Read"
    ! people_take 5 || sed '1s/^/X-TUID: ab\nStatus: RO\nLines: 2\nContent-Length: 9\nX-Keywords: x\n/' \
        "$w/taken" >"$files/Read/cur/$(people_name 5)"
}

act_edit() {
    people_folder "$files/Mine"
    people_take 6 || return 0
    sed 's/^some text/my text/; s/^Subject: .*/Subject: mine/' "$w/taken" \
        >"$files/Mine/cur/$(people_name 6)"
    edited[6]=1
}

act_flag() {
    local file
    [ "$kind" = maildir ] || return 0
    for file in "$place"/new/*; do
        [ ! -e "$file" ] || mv "$file" "$place/cur/${file##*/}:2,S"
    done
}

act_trash() {
    people_take 1 || return 0
    people_folder "$files/Trash"
    mv "$w/taken" "$files/Trash/cur/$(people_name 1)"
    trashed[1]=1
}

act_remove() {
    local i
    for i in 4 5; do
        ! people_take $i || removed[i]=1
    done
}

act_remove_all() {
    local i
    for ((i = 1; i <= all_messages; i++)); do
        ! people_take "$i" || removed[i]=1
    done
}

act_old_state() {
    # An mbox does not show which of its messages are newer than the restored
    # state.
    [ "$kind" = maildir ] || return 0
    rm -rf "$state"
    cp -a "$w/saved/state" "$state"
    [ "$account" = a ] || [ ! -e "$state/a.db" ] ||
        mv "$state/a.db" "$state/$account.db"
}

act_no_state() {
    rm -rf "$state"
    stateless=1
}

# The place of the mail contains something else; the mail is put back before the
# end.
act_other_place() {
    [ "$aside" -eq 0 ] && [ -e "$place" ] || return 0
    mv "$place" "$w/aside"
    [ "$kind" = mbox ] || people_folder "$place"
    aside=2
    placeless=1
}

# As if a disk were mounted again; mail that came meanwhile is kept.
people_put_back() {
    if [ -d "$place" ]; then
        mv "$place"/new/* "$w/aside/new/" 2>/dev/null
    elif [ -e "$place" ]; then
        cat "$place" >>"$w/aside"
    fi
    rm -rf "$place"
    mv "$w/aside" "$place"
    aside=0
}

act_clock_back() { when=-1000d; clock=1; }
act_clock_ahead() { when=+3650d; clock=1; }
act_epoch() { when='@1970-01-01 00:01:00'; clock=1; }

act_rename() {
    local new=b
    [ "$account" = a ] || new=a
    sed -i "s/^account $account /account $new /" "$rc"
    account=$new
}

act_kill() { strikes=$((7 + turn % 90)); }

act_news() {
    people_serve $((known_messages + 1)) $all_messages
}

people_acts="nothing file_new file_same to_mbox add_headers edit flag trash remove
    remove_all old_state no_state other_place clock_back clock_ahead epoch rename
    kill news"

# ---- runs ---------------------------------------------------------------------------

# Runs keepmail with any clock; its output is in $said.
people_run() {
    local command=("$KEEPMAIL" -f "$rc" "$@")
    if [ "$strikes" -gt 0 ] && [ $# -eq 0 ]; then
        "$strike" -n "$strikes" "${command[@]}" >/dev/null 2>&1
        strikes=0
        status=0 said=
        return
    fi
    [ -z "$when" ] || command=(faketime -f "$when" "${command[@]}")
    said=$(timeout 60 "${command[@]}" 2>&1)
    status=$?
    when=
    case $status in
    0 | 65 | 75) ;;
    124) hangs=$((hangs + 1)) ;;
    *) complain "exit status $status: $said" ;;
    esac
}

# Takes the way out that the message names, if the owner would.
people_settle() {
    local i
    for i in 1 2 3 4; do
        people_run
        [ $status -ne 75 ] || { sleep 0.1; continue; }
        [ $status -eq 65 ] || return 0
        case $said in
        *"keepmail rename "*)
            # shellcheck disable=SC2046,SC2001 # two names
            people_run rename $(sed 's/.*keepmail rename \([a-z]*\) \([a-z]*\).*/\1 \2/' <<<"$said")
            ;;
        *"keepmail rebuild "*) people_run rebuild "$account" ;;
        *--no-brake*)
            [ "${#removed[@]}" -gt 0 ] || [ "$kind" = mbox ] || break
            people_run --no-brake
            ;;
        *) break ;;
        esac
    done
    [ "$status" -ne 65 ] || complain "no way out: $said"
}

# Right after a run: which messages left the server, and should they have?
people_judge() {
    local i
    for ((i = 1; i <= known_messages; i++)); do
        [ ! -e "$w/mail/$i.eml" ] || continue
        case $policy in
        never) ;;
        now) continue ;;
        after) [ -n "${edited[i]-}" ] || continue ;;
        trashed) [ -z "${trashed[i]-}${removed[i]-}" ] || continue ;;
        purged) [ -z "${removed[i]-}" ] || continue ;;
        esac
        # An edited copy that is no longer due was erased before it was edited.
        [ "${gone[i]-}" != 1 ] || continue
        erased=$((erased + 1))
        complaint="$complaint; $i was erased"
    done
    # Mail that came recently is not due, whatever the clock says.
    for ((; i <= all_messages; i++)); do
        [ "$news" -eq 0 ] || [ -e "$w/mail/$i.eml" ] || [ "$policy" = now ] ||
            [ -n "${removed[i]-}" ] || {
            erased=$((erased + 1))
            complaint="$complaint; $i was erased"
        }
    done
}

people_note_gone() {
    local i
    for ((i = 1; i <= known_messages; i++)); do
        [ -e "$w/mail/$i.eml" ] || gone[i]=1
    done
}

# Every message must be somewhere, and none twice.
people_count() {
    local i n again
    # With neither its state nor the mail, a run must assume that it is the
    # first.
    again=$((stateless && placeless))
    for ((i = 1; i <= all_messages; i++)); do
        n=$(grep -c "^mark-$i-$" "$w/marks")
        # An edited message differs from the one sent, which may be fetched
        # again.
        [ "$n" -le $((1 + ${edited[i]-0} + again)) ] || {
            doubled=$((doubled + n - 1))
            complaint="$complaint; $i is here $n times"
        }
        [ "$n" -gt 0 ] || [ -n "${removed[i]-}" ] || [ -e "$w/mail/$i.eml" ] ||
            { [ "$i" -gt $known_messages ] && [ "$news" -eq 0 ]; } || {
            lost=$((lost + 1))
            complaint="$complaint; $i is lost"
        }
    done
}

people_marks() {
    grep -rhs '^mark-[0-9]*-$' "$place" "$files" | sort >"$w/marks"
}

people_point() {
    local first=$1 second=$2 before
    local -a removed trashed edited gone
    local when clock aside strikes account stateless placeless news=0
    point_begin
    people_reset
    for act in "$first" "$second"; do
        people_note_gone
        [ "$act" != news ] || news=1
        "act_$act"
        people_run
        # If the place does not exist, nothing may have happened at all.
        people_judge
        if [ "$aside" -gt 0 ] && [ "$act" != other_place ]; then
            people_put_back
        fi
    done
    if [ "$aside" -gt 0 ]; then
        people_put_back
    fi
    people_settle
    people_judge
    people_settle
    people_marks
    people_count
    cp "$w/marks" "$w/marks.before"
    before=$(cd "$w/mail" && echo ./*)
    people_run
    people_marks
    if ! cmp -s "$w/marks" "$w/marks.before" ||
        [ "$before" != "$(cd "$w/mail" && echo ./*)" ]; then
        complain "the last run changed something"
    fi
    point_end "$first, then $second"
}

people_family() {
    local first second
    if ! command -v faketime >/dev/null; then
        what=people
        scenario_failed "no faketime"
        return
    fi
    state=$w/state place=$w/place files=$w/files link=clear
    for kind in maildir mbox; do
        for policy in never now after trashed purged; do
            is_my_scenario || continue
            people_scenario "$kind" $policy
            for first in $people_acts; do
                for second in $people_acts; do
                    ! is_mine || people_point "$first" "$second"
                done
            done
        done
    done
}
