#!/usr/bin/env bash
# A machine with nothing but Python, make and git: clone what is committed, as an ordinary user with
# an empty home and a PATH of the basic tools alone (no java, mvn, go or promtool), and run
# `make demo` and `make test` there. With root the user is a new one; else it is whoever runs this.
#
#     tests/fresh/run.sh [FILE...]   only these tests; without any, all of them
#     PYTHON=/usr/bin/python3.12     another Python
set -euo pipefail
cd "$(dirname "$0")/../.."
DEMO_SECONDS_MAX=900
TEST_SECONDS_MAX=3600
BASIC=(
    awk basename bash cat chmod chown cmp cp cut date diff dirname du echo env expr false find getconf
    gzip grep head hostname id kill ln ls mkdir mktemp mv nice nproc printf ps pwd readlink realpath rm
    rmdir sed seq sh sleep sort stat stty tail tar tee test touch tr true tty uname uniq wc whoami xargs
)

base="$(mktemp -d)"
user=
leave() {
    [[ -z "$user" ]] || userdel --force "$user" 2>/dev/null || true
    rm -rf "$base"
}
trap leave EXIT
chmod 755 "$base"
mkdir "$base/bin" "$base/home"
for name in "${BASIC[@]}" make git; do
    ln -s "$(type -P "$name")" "$base/bin/$name"
done
# What a program manager puts on PATH may be a script; and nobody but root reads root's home.
python="${PYTHON:-/usr/bin/python3}"
ln -s "$("$python" -c 'import os, sys; print(os.path.realpath(sys.executable))')" "$base/bin/python3"

git clone --quiet . "$base/home/riskgate"
as_user=(env -i)
if ((EUID == 0)); then
    user="fresh$$"
    useradd --home-dir "$base/home" --no-create-home --shell /bin/sh "$user"
    chown -R "$user:" "$base/home"
    as_user=(runuser -u "$user" -- env -i)
fi
# How this site reaches the registries is not part of a fresh machine.
while IFS='=' read -r -d '' name value; do
    case "$name" in
    PIP_* | SSL_CERT_FILE | JGO_CONFIG_FILE | [Hh][Tt][Tt][Pp]*_[Pp][Rr][Oo][Xx][Yy] | [Nn][Oo]_[Pp][Rr][Oo][Xx][Yy])
        as_user+=("$name=$value")
        ;;
    esac
done < <(env -0)
as_user+=("HOME=$base/home" "PATH=$base/bin" LANG=C.UTF-8)

# WHAT SECONDS COMMAND...: run it there and say how long it took.
there() {
    local what="$1" most="$2" began=$SECONDS
    shift 2
    echo "=== $what, as an ordinary user with Python, make and git"
    (cd "$base/home/riskgate" && timeout "$most" "${as_user[@]}" "$@" </dev/null) || {
        echo "$what failed on a fresh machine" >&2
        exit 1
    }
    echo "=== $what took $((SECONDS - began)) s"
}

for absent in java mvn go promtool amtool; do
    if PATH="$base/bin" type -P "$absent" >/dev/null; then
        echo "$absent is there, so this is no fresh machine" >&2
        exit 2
    fi
done
there "make demo" "$DEMO_SECONDS_MAX" make demo
there "make test" "$TEST_SECONDS_MAX" make test TESTS="$*" | tee "$base/test.log"
# The tests that nothing from PyPI could run say so, and how they can.
grep -q '^Skipped: .*promtool is missing: install it with `apt-get install prometheus`' "$base/test.log"
left="$(cd "$base/home/riskgate" && git -c safe.directory='*' status --porcelain)"
if [[ -n "$left" ]]; then
    printf 'These are left in the clone:\n%s\n' "$left" >&2
    exit 1
fi
