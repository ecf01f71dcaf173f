# SPDX-License-Identifier: ISC
# Prints each #include in src that breaks the rules (HACKING, "Rooms").
#
# EXCEPTIONS in the environment: includes that are allowed for now, one per
# line, "FILE HEADER". An exception that is no longer needed is printed, too.
BEGIN {
    count = split(ENVIRON["EXCEPTIONS"], rows, /[ \t]*\n[ \t]*/)
    for (i = 1; i <= count; i++)
        if (rows[i] != "")
            excepted[rows[i]] = "unused"
    # What the files of a directory may include: other directories, or single
    # headers.
    may["core"] = "core"
    may["io/process"] = "core io/process"
    may["io/net"] = "core io/process io/net"
    may["io/store"] = "core io/process io/store"
    may["io/mail"] = "core io/process io/mail"
    may["cli"] = "core cli io/process/log.h config.h"
    may["engine"] = "core io engine"
    # And a command's own headers, whose names begin with the first word of its
    # name.
    may["commands"] = "core io engine cli commands/run_options.h"
    may["main"] = "core io engine cli commands"
    # Where a library's headers may be included: never in a header, so that
    # nothing else needs them.
    home["curl/"] = "io/net/connection[a-z_]*[.]c"
    home["sqlite3"] = "io/store/store[a-z_]*[.]c"
    home["openssl/"] = "io/process/(digest|cms)[.]c"
    home["seccomp"] = "io/process/confine_calls[.]c"
}

function complain(why) {
    printf "src/%s:%d: %s\n", file, FNR, why
}

function room_of(path) {
    if (path == "main.c")
        return "main"
    if (path ~ /^io\/[^\/]*\//)
        match(path, /^io\/[^\/]*/)
    else
        match(path, /^[^\/]*/)
    return substr(path, 1, RLENGTH)
}

function directory_of(path) {
    sub(/[^\/]*$/, "", path)
    return path
}

function may_include(target,    rooms, count, i) {
    count = split(may[room], rooms, " ")
    for (i = 1; i <= count; i++)
        if (target == rooms[i] || index(target, rooms[i] "/") == 1)
            return 1
    if (("src/" file " " target) in excepted) {
        excepted["src/" file " " target] = "used"
        return 1
    }
    return room == "commands" && index(target, own_stem) == 1 &&
        substr(target, length(own_stem) + 1) ~ /^(_[a-z_]+)?[.]h$/
}

FNR == 1 {
    file = FILENAME
    sub(/^src\//, "", file)
    room = room_of(file)
    own_stem = file
    sub(/[.][ch]$/, "", own_stem)
    sub(/_.*/, "", own_stem)
    if (!(room in may))
        complain("this is in no room that HACKING names")
}

/^[ \t]*#[ \t]*include/ {
    target = $0
    sub(/^[^<"]*[<"]/, "", target)
    sub(/[>"].*/, "", target)
}

/^[ \t]*#[ \t]*include[ \t]*"/ {
    if (target ~ /(^|\/)[.][.]?\//)
        complain("the path of " target " should begin at src")
    else if (!may_include(target))
        complain(room " may not include " target)
    if (target ~ /_internal[.]h$/ &&
        directory_of(target) != directory_of(file))
        complain(target " is internal to its own room")
}

/^[ \t]*#[ \t]*include[ \t]*</ {
    for (library in home)
        if (index(target, library) == 1 && file !~ "^" home[library] "$")
            complain("<" target "> may only be included in " home[library])
}

END {
    for (row in excepted)
        if (excepted[row] == "unused")
            printf "contrib/lint: the exception is stale: %s\n", row
}
