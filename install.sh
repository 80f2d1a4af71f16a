#!/bin/sh
# Installs stackctl for the current user, in a Python environment of its own.
# `./install.sh --help` says what it touches.
set -eu

say() { printf '%s\n' "$*"; }
fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}
misused() {
    printf 'error: %s\n' "$*" >&2
    exit 2
}

usage() {
    cat <<'END'
Usage: ./install.sh [OPTION]...

Installs stackctl for the current user; no root, nothing outside the two places below.

  PREFIX/share/stackctl   the program, in a Python environment of its own
  PREFIX/bin/stackctl     a link to it

PREFIX is ~/.local (and $XDG_DATA_HOME stands for ~/.local/share) unless --prefix is given.
Running it again upgrades to the checkout it is run from.

Options:
  --prefix DIR   install below DIR
  --quickstart   then start a sandbox cluster, deploy the profile gpu8 to it, show its status
  --uninstall    remove what was installed
  --dry-run      say what would be done, and do nothing
  -h, --help     show this

Environment:
  PYTHON         the Python to use, 3.11 or newer; default: python3, or the newest there is
END
}

# Sets $prefix, $quickstart, $uninstall and $dry_run.
read_options() {
    prefix='' quickstart='' uninstall='' dry_run=''
    while [ $# -gt 0 ]; do
        case $1 in
        --prefix)
            [ $# -gt 1 ] || misused '--prefix needs a directory'
            prefix=$2
            shift
            ;;
        --prefix=*) prefix=${1#--prefix=} ;;
        --quickstart) quickstart=yes ;;
        --uninstall) uninstall=yes ;;
        --dry-run) dry_run=yes ;;
        -h | --help)
            usage
            exit 0
            ;;
        *) misused "unknown option $1; ./install.sh --help lists the options" ;;
        esac
        shift
    done
    [ -z "$quickstart" ] || [ -z "$uninstall" ] || misused '--quickstart and --uninstall exclude each other'
}

# Sets $home (the environment's folder), $bin and $link.
choose_places() {
    if [ -n "$prefix" ]; then
        case $prefix in /*) ;; *) prefix=$PWD/$prefix ;; esac
        home=$prefix/share/stackctl
        bin=$prefix/bin
    else
        [ -n "${HOME:-}" ] || fail 'HOME is not set; say where to install with --prefix DIR'
        home=${XDG_DATA_HOME:-$HOME/.local/share}/stackctl
        bin=$HOME/.local/bin
    fi
    venv=$home/venv
    link=$bin/stackctl
}

# Runs a command, or only says so.
act() {
    if [ -n "$dry_run" ]; then
        say "would run: $*"
    else
        "$@"
    fi
}

version_of() {
    "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null
}

new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

# Sets $python.
choose_python() {
    if [ -n "${PYTHON:-}" ]; then
        new_enough "$PYTHON" || fail "Python 3.11 or newer is needed; $PYTHON is $(version_of "$PYTHON" || echo 'none')"
        python=$PYTHON
        return
    fi
    for python in python3 python3.14 python3.13 python3.12 python3.11; do
        if new_enough "$python"; then return; fi
    done
    found=$(version_of python3) || fail 'Python 3.11 or newer is needed, and there is no python3; set PYTHON to one'
    fail "Python 3.11 or newer is needed; python3 is $found; set PYTHON to a newer one"
}

check_venv_module() {
    "$python" -c 'import venv, ensurepip' >/dev/null 2>&1 ||
        fail "this Python has no venv module; install the package python$(version_of "$python")-venv (sudo apt install python$(version_of "$python")-venv)"
}

check_link() {
    [ -e "$link" ] || [ -L "$link" ] || return 0
    ours || fail "$link is there and is not ours; remove it, or install elsewhere with --prefix DIR"
}

ours() {
    [ -L "$link" ] && [ "$(readlink "$link")" = "$venv/bin/stackctl" ]
}

# The nearest folder that exists decides whether a path can be made.
check_writable() {
    folder=$1
    while [ ! -e "$folder" ]; do folder=$(dirname "$folder"); done
    [ -d "$folder" ] || fail "$folder is not a directory; choose another place with --prefix DIR"
    [ -w "$folder" ] || fail "cannot write to $folder; choose another place with --prefix DIR"
}

make_folder() {
    [ -d "$1" ] || act mkdir -p "$1" 2>/dev/null || fail "cannot write to $1; choose another place with --prefix DIR"
}

sound() {
    [ -x "$venv/bin/python" ] && new_enough "$venv/bin/python" && "$venv/bin/python" -c 'import pip' 2>/dev/null
}

make_environment() {
    if sound; then return; fi
    make_folder "$home"
    # Whatever is there is half made, or belonged to a Python that has gone.
    act "$python" -m venv --clear "$venv" || fail "cannot make a Python environment in $venv"
}

install_package() {
    if [ -n "$dry_run" ]; then
        say "would run: $venv/bin/python -m pip install $here"
        return
    fi
    log=$home/install.log
    say "installing stackctl into $home"
    if "$venv/bin/python" -m pip install --disable-pip-version-check --no-input --retries 2 \
        --timeout 20 --upgrade "$here" >"$log" 2>&1; then
        rm -f "$log"
        return
    fi
    if grep -Eqi 'connection|name resolution|timed out|unreachable|proxy|No matching distribution found for (hatchling|typer|rich|urllib3|pyyaml|cryptography)' "$log"; then
        fail "the package index cannot be reached; check the network and pip's settings (log: $log)"
    fi
    fail "pip could not install stackctl: $(grep -i '^error' "$log" | tail -n 1) (log: $log)"
}

make_link() {
    make_folder "$bin"
    act ln -sf "$venv/bin/stackctl" "$link"
}

tell_path() {
    case :${PATH:-}: in
    *":$bin:"*) ;;
    *) say "note: $bin is not on your PATH; add it: export PATH=\"$bin:\$PATH\"" ;;
    esac
}

install() {
    [ -f "$here/pyproject.toml" ] || fail "run install.sh from a checkout of stackctl; $here is none"
    choose_python
    check_venv_module
    check_writable "$home"
    check_writable "$bin"
    check_link
    make_environment
    install_package
    make_link
    [ -n "$dry_run" ] || say "installed: $("$link" --version) as $link"
    tell_path
}

remove() {
    if [ ! -e "$venv" ] && ! ours; then
        say "nothing to remove: stackctl is not installed in $home"
        return
    fi
    running=$("$venv/bin/python" -c 'from stackctl.sandbox.inspection import running_sandboxes as f; print(*f())' 2>/dev/null) || running=''
    [ -z "$running" ] || fail "a sandbox runs ($running); stop it first: $link sandbox down --name ${running%% *}"
    if ours; then act rm -f "$link"; fi
    act rm -rf "$venv"
    act rm -f "$home/install.log"
    [ -n "$dry_run" ] || rmdir "$home" 2>/dev/null || true
    [ -n "$dry_run" ] || say "removed: $home and $link"
    cache=${XDG_CACHE_HOME:-${HOME:-}/.cache}/stackctl
    [ ! -d "$cache" ] || say "note: the sandbox's programs are still in $cache; remove them with: rm -r $cache"
}

quickstart() {
    say 'starting a sandbox cluster; the first time its programs are built, which takes minutes'
    act "$link" sandbox up --install-go
    if [ -n "$dry_run" ]; then
        say "would run: $link deploy --profile gpu8 --yes"
        say "would run: $link status"
        return
    fi
    # Never the cluster that the user's own kubeconfig means.
    KUBECONFIG=$("$link" sandbox kubeconfig)
    export KUBECONFIG
    unset STACKCTL_KUBECONFIG STACKCTL_CONTEXT
    "$link" deploy --profile gpu8 --yes
    "$link" status
    say
    program=$(as_typed)
    say "to go on here:     export KUBECONFIG=\$($program sandbox kubeconfig)"
    say "                   $program status"
    say "to take it down:   $program sandbox down"
}

# Says how the program is called from here: by its name where the shell finds it by that.
as_typed() {
    if [ "$(command -v stackctl)" = "$link" ]; then
        say stackctl
    else
        say "'$link'"
    fi
}

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
read_options "$@"
choose_places
if [ -n "$uninstall" ]; then
    remove
else
    install
    [ -z "$quickstart" ] || quickstart
fi
