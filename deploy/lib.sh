# Shared by the scripts of this folder: says in one line what is missing, or installs it.

need_command() {
    command -v "$1" >/dev/null || { echo "$0: needs $2" >&2; exit 1; }
}

# Installs Debian or Ubuntu packages that are missing.
need_packages() {
    local missing=() package
    command -v dpkg-query >/dev/null || return 0
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed' \
            || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return 0
    local sudo=""
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null \
            || { echo "$0: needs the packages ${missing[*]}; install them as root" >&2; exit 1; }
        sudo=sudo
    fi
    echo "installing ${missing[*]}" >&2
    { $sudo apt-get update -qq && $sudo env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >/dev/null \
        || { echo "$0: cannot install ${missing[*]}" >&2; exit 1; }
}
