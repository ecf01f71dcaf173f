# SPDX-License-Identifier: ISC
# Counts the lines of files and functions, parameters and fields, and prints those
# over a limit. Expects C as formatted by clang-format (.clang-format): a function
# has its braces in column 0, and a struct has "{" at the end of its first line.
#
# EXCEPTIONS in the environment: what may be over a limit for now, one per line:
# "lines FILE", "function FILE:NAME", "parameters FILE:NAME" or "fields FILE:TAG".
# An exception that is no longer needed is printed, too.
BEGIN {
    LINES = 500
    FUNCTION = 60
    PARAMETERS = 5
    FIELDS = 20
    count = split(ENVIRON["EXCEPTIONS"], rows, /[ \t]*\n[ \t]*/)
    for (i = 1; i <= count; i++)
        if (rows[i] != "")
            excepted[rows[i]] = "unused"
}

function check(what, name, line, found, limit, subject) {
    if (found <= limit)
        return
    if ((what " " name) in excepted) {
        excepted[what " " name] = "used"
        return
    }
    printf "%s:%d: %s has %d %s, and may have %d\n", file, line, subject,
        found, what == "function" ? "lines" : what, limit
}

# The line without comments and the contents of quotes.
function code_of(line,    code, mark, end) {
    code = ""
    for (;;) {
        if (in_comment) {
            end = index(line, "*/")
            if (end == 0)
                return code
            in_comment = 0
            line = substr(line, end + 2)
        }
        if (!match(line, /\/\*|\/\/|["']/))
            return code line
        mark = substr(line, RSTART, RLENGTH)
        code = code substr(line, 1, RSTART - 1)
        line = substr(line, RSTART + RLENGTH)
        if (mark == "//")
            return code
        if (mark == "/*") {
            in_comment = 1
            continue
        }
        if (mark == "\"")
            match(line, /^([^"\\]|\\.)*"/)
        else
            match(line, /^([^'\\]|\\.)*'/)
        line = substr(line, RLENGTH + 1)
        code = code "0"
    }
}

# The declaration that ends in ";" or a function's "{", from column 0 on.
function declared(text,    name, rest, depth, commas, c, i) {
    if (!match(text, /[A-Za-z_][A-Za-z_0-9]*\(/))
        return ""
    if (index(substr(text, 1, RSTART - 1), "="))
        return ""
    name = substr(text, RSTART, RLENGTH - 1)
    if (name ~ /^(_Static_assert|__attribute__)$/)
        return ""
    rest = substr(text, RSTART + RLENGTH)
    depth = 1
    commas = 0
    for (i = 1; depth > 0 && i <= length(rest); i++) {
        c = substr(rest, i, 1)
        if (c == "(")
            depth++
        else if (c == ")")
            depth--
        else if (c == "," && depth == 1)
            commas++
    }
    if (rest ~ /\.\.\./)
        commas--
    check("parameters", file ":" name, FNR, commas + 1, PARAMETERS,
        name)
    return name
}

# Does a struct or union begin in this line? Enums within it are not counted.
function open_struct(code, is_counted) {
    level++
    counted[level] = is_counted
    fields[level] = 0
    commas_seen[level] = 0
    parentheses[level] = 0
    first_line[level] = FNR
    tag[level] = ""
    if (match(code, /(struct|union)[ \t]+[A-Za-z_0-9]+/)) {
        tag[level] = substr(code, RSTART, RLENGTH)
        sub(/.*[ \t]/, "", tag[level])
    }
}

function read_fields(code,    c) {
    while (level > 0 && match(code, /[][{}();,]/)) {
        c = substr(code, RSTART, 1)
        code = substr(code, RSTART + 1)
        if (c == "{") {
            open_struct("", 0)
        } else if (c == "}") {
            if (counted[level])
                check("fields", file ":" tag[level], first_line[level],
                    fields[level], FIELDS, "struct " tag[level])
            level--
        } else if (c == "(" || c == "[") {
            parentheses[level]++
        } else if (c == ")" || c == "]") {
            parentheses[level]--
        } else if (c == "," && parentheses[level] == 0) {
            commas_seen[level]++
        } else if (c == ";") {
            fields[level] += 1 + commas_seen[level]
            commas_seen[level] = 0
        }
    }
}

function end_file() {
    if (file ~ /\.c$/ && file ~ /^src\//)
        check("lines", file, lines, lines, LINES, "the file")
}

FNR == 1 {
    end_file()
    file = FILENAME
    in_comment = in_directive = level = body = 0
    head = ""
}

{
    lines = FNR
    code = code_of($0)
    was_directive = in_directive
    in_directive = code ~ /\\$/ && (was_directive || code ~ /^[ \t]*#/)
    if (was_directive || code ~ /^[ \t]*#/)
        next
}

# Fields, wherever the struct is defined.
level > 0 || code ~ /(struct|union)([ \t]+[A-Za-z_0-9]+)?[ \t]*\{[ \t]*$/ {
    if (code ~ /(struct|union)([ \t]+[A-Za-z_0-9]+)?[ \t]*\{[ \t]*$/)
        open_struct(code, 1)
    else
        read_fields(code)
}

# Functions.
body && code ~ /^\}/ {
    check("function", file ":" function_name, body, FNR - body + 1, FUNCTION,
        function_name)
    body = 0
    head = ""
    next
}
body { next }
code ~ /^\{[ \t]*$/ {
    function_name = declared(head)
    body = FNR
    next
}
code ~ /^[A-Za-z_]/ { head = code }
code ~ /^[ \t]/ && head != "" { head = head " " code }
head ~ /;[ \t]*$/ {
    if (head !~ /[{}]/)
        declared(head)
    head = ""
}
code ~ /^\}/ { head = "" }

END {
    end_file()
    for (row in excepted)
        if (excepted[row] == "unused")
            printf "contrib/lint: the exception is stale: %s\n", row
}
