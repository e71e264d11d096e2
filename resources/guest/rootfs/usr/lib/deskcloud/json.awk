# Flattens JSON: a line per value, path<TAB>text, the path's parts joined by '/'. Line ends in texts become spaces,
# except in the last column of none: a consumer reads line by line. Fails on what is no JSON.
{ text = text $0 "\n" }
END {
    at = 1
    value("")
    blank()
    if (at <= length(text)) bad()
}
function bad() { print "json: unexpected text at " at > "/dev/stderr"; exit 1 }
function blank() { while (at <= length(text) && index(" \t\r\n", substr(text, at, 1))) at++ }
function join(path, part) { return path == "" ? part : path "/" part }
function value(path,   c, n) {
    blank()
    c = substr(text, at, 1)
    if (c == "{") {
        at++; blank()
        if (substr(text, at, 1) == "}") { at++; return }
        do { pair(path); blank(); c = substr(text, at++, 1) } while (c == ",")
        if (c != "}") bad()
    } else if (c == "[") {
        at++; blank()
        if (substr(text, at, 1) == "]") { at++; return }
        n = 0
        do { value(join(path, n++)); blank(); c = substr(text, at++, 1) } while (c == ",")
        if (c != "]") bad()
    } else if (c == "\"") {
        print path "\t" string()
    } else if (match(substr(text, at, 40), /^[-+.0-9A-Za-z]+/)) {
        n = RLENGTH
        print path "\t" substr(text, at, n)
        at += n
    } else bad()
}
function pair(path,   key) {
    blank()
    if (substr(text, at, 1) != "\"") bad()
    key = string()
    blank()
    if (substr(text, at++, 1) != ":") bad()
    value(join(path, key))
}
function string(   out, rest, c) {
    at++
    out = ""
    while (1) {
        rest = substr(text, at, 512)
        if (match(rest, /^[^"\\]+/)) { out = out substr(rest, 1, RLENGTH); at += RLENGTH; continue }
        c = substr(rest, 1, 1)
        at++
        if (c == "\"") break
        if (c != "\\") bad()
        c = substr(text, at++, 1)
        if (c == "u") { out = out utf8(hex(substr(text, at, 4))); at += 4 }
        else if (c == "n" || c == "t" || c == "r" || c == "b" || c == "f") out = out " "
        else out = out c
    }
    gsub(/[\n\t]/, " ", out)
    return out
}
function hex(digits,   i, n) {
    n = 0
    for (i = 1; i <= 4; i++) n = n * 16 + index("0123456789abcdef", tolower(substr(digits, i, 1))) - 1
    return n
}
function utf8(n) {
    if (n < 32) return " "
    if (n < 128) return sprintf("%c", n)
    if (n < 2048) return sprintf("%c%c", 192 + int(n / 64), 128 + n % 64)
    return sprintf("%c%c%c", 224 + int(n / 4096), 128 + int(n / 64) % 64, 128 + n % 64)
}
