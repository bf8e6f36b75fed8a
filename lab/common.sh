# What the lab's scripts share: where things go, a word to the user, Debian packages without installing them.
# To be sourced, after `set -euo pipefail`.
# shellcheck shell=bash
#
# Nothing is installed and no root is needed. Packages come from the machine's own Debian mirror by an apt whose whole state
# (lists, cache, the idea that nothing is installed) lies in the lab's folder, and are only unpacked. Programs unpacked so are run by
# the dynamic loader of their own tree, so that the machine's C library does not matter.
#
# Everything is restartable: what a script makes appears under its final name only when it is complete.

lab_sources=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
lab_dir=${EXPETHER_LAB_DIR:-$(dirname "$lab_sources")/artifacts/lab}

# The Debian release everything in the lab comes from; QEMU with vfio-user-pci (10.1 or later) is in its backports.
lab_suite=trixie

say() { printf 'lab: %s\n' "$*" >&2; }

# Ends with what cannot be had and what to do: fail WHAT [ADVICE]...
fail() {
    printf 'lab: %s\n' "$@" >&2
    exit 1
}

# One script at a time in a lab folder; scripts called by a holder of the lock do not wait for it.
lock_lab() {
    mkdir -p "$lab_dir" || fail "cannot make the folder $lab_dir" "name another with EXPETHER_LAB_DIR=…"
    lab_dir=$(readlink -f "$lab_dir")
    [ "${EXPETHER_LAB_LOCKED:-}" = "$lab_dir" ] && return
    exec 9>"$lab_dir/.lock"
    if ! flock -n 9; then
        say "waiting for another run in $lab_dir"
        flock -w 900 9 || fail "another run holds $lab_dir for 15 minutes; look for it: fuser $lab_dir/.lock"
    fi
    export EXPETHER_LAB_LOCKED=$lab_dir
}

# Whether OUT was made by these very scripts: up_to_date OUT FILE...; mark_made OUT FILE... says so once it is in place.
recipe_of() { cat -- "$@" | sha256sum | cut -c -64; }
up_to_date() {
    local out=$1
    shift
    [ -e "$out" ] && [ "$(cat "$out.recipe" 2>/dev/null)" = "$(recipe_of "$@")" ]
}
mark_made() {
    local out=$1
    shift
    recipe_of "$@" >"$out.recipe.part"
    mv -f "$out.recipe.part" "$out.recipe"
}

# ---- Debian packages ----

# Mirrors that may have Debian's archive, the likeliest first: those of this machine's own apt sources that offer its release.
# (Other people's archives use the same names of releases; a mirror is taken only if it has the lab's release, signed by Debian.)
debian_mirrors() {
    if [ -n "${EXPETHER_LAB_MIRROR:-}" ]; then
        echo "$EXPETHER_LAB_MIRROR"
        return
    fi
    # shellcheck disable=SC2016
    apt-get indextargets --no-release-info --format '$(CREATED_BY) $(COMPONENT) $(RELEASE) $(REPO_URI)' 2>/dev/null |
        awk '$1 == "Packages" && $2 == "main" && $3 !~ /-/ && !seen[$4]++ { print ($4 ~ /\/debian\/$/ ? 1 : 2), $4 }' |
        sort -s -k 1,1 | cut -d ' ' -f 2 | head -n 4
}

# Prepares the lab's own apt; afterwards `lab_apt` uses it. Lists younger than a day are taken as they are.
prepare_apt() {
    local apt=$lab_dir/apt mirrors mirror keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    [ "$(uname -m)" = x86_64 ] || fail "the lab's guests are x86_64 machines and their packages run here: this machine is $(uname -m)"
    if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
        fail "apt-get and dpkg-deb are needed to fetch Debian packages, and this machine lacks them" \
            "on Fedora, Arch and others: install the packages apt, dpkg and debian-archive-keyring, and say EXPETHER_LAB_MIRROR=<address of a Debian mirror>"
    fi
    [ -e "$keyring" ] || fail "the keys of Debian's archive are not in $keyring" "install the package debian-archive-keyring"
    mirrors=$(debian_mirrors)
    [ -n "$mirrors" ] || fail "no mirror of Debian in this machine's apt sources" "name one: EXPETHER_LAB_MIRROR=<address of a Debian mirror>"

    mkdir -p "$apt"/{lists/partial,cache/archives/partial,state,debs/partial}
    : >"$apt/state/status"
    {
        # How this machine reaches mirrors (proxies, checks of dates) is kept; hooks and pins are not.
        apt-config dump | grep '^Acquire::' | grep -v '^Acquire::IndexTargets' || true
        cat <<CONF
Dir::Etc::main "/dev/null";
Dir::Etc::parts "/dev/null";
Dir::Etc::sourcelist "$apt/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::State "$apt/state";
Dir::State::lists "$apt/lists";
Dir::State::status "$apt/state/status";
Dir::Cache "$apt/cache";
APT::Architecture "amd64";
APT::Architectures { "amd64"; };
APT::Default-Release "$lab_suite";
APT::Install-Recommends "false";
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::Retries "2";
Acquire::http::Timeout "20";
Acquire::https::Timeout "20";
Debug::NoLocking "true";
CONF
    } >"$apt/apt.conf"

    if [ -n "$(find "$apt/lists.read" -mmin -1440 2>/dev/null)" ] && grep -qxF "$(cat "$apt/lists.read")" <<<"$mirrors"; then return; fi
    say "reading the package lists of Debian $lab_suite and its backports"
    rm -f "$apt/lists.read"
    for mirror in $mirrors; do
        printf "deb [arch=amd64 signed-by=$keyring] $mirror %s main\n" "$lab_suite" "$lab_suite-backports" >"$apt/sources.list"
        if lab_apt -qq update -o APT::Update::Error-Mode=any >"$apt/log" 2>&1; then
            echo "$mirror" >"$apt/lists.read"
            return
        fi
        say "no Debian $lab_suite from $mirror:" && apt_errors >&2
    done
    fail "no mirror of this machine's apt sources can be used" \
        "look at the network, or name another mirror: EXPETHER_LAB_MIRROR=<address of a Debian mirror>; then run this again"
}

lab_apt() { APT_CONFIG=$lab_dir/apt/apt.conf apt-get "$@"; }
apt_errors() { grep -E '^[EW]:' "$lab_dir/apt/log" | head -n 4 || true; }

# Downloads packages and unpacks them into a new folder: unpack_packages alone|closure FOLDER PACKAGE[/SUITE]...
# closure: with all they depend on, except what only maintainer scripts need. What was used is written to FOLDER.versions.
unpack_packages() {
    local what=$1 folder=$2 apt=$lab_dir/apt list package version file
    shift 2
    prepare_apt
    # A line of the simulation: Inst PACKAGE (VERSION ORIGIN... [ARCHITECTURE])
    lab_apt -s install "$@" >"$apt/log" 2>&1 || fail "Debian $lab_suite lacks something of: $*" "$(apt_errors)"
    list=$(sed -n 's/^Inst \([^ ]*\) (\([^ ]*\) .*/\1 \2/p' "$apt/log" |
        grep -vE '^(perl|libperl|debconf|dpkg|tar|passwd|adduser|libpam|init-system-helpers|linux-base|initramfs-tools|systemd|udev|python3)')
    if [ "$what" = alone ]; then
        list=$(awk 'NR == FNR { asked[$1]; next } $1 in asked' <(printf '%s\n' "${@%%/*}") - <<<"$list")
    fi
    say "fetching $(wc -l <<<"$list") packages for $(basename "$folder"): $*"
    : >"$apt/wanted"
    while read -r package version; do
        file=${package}_${version//:/%3a}
        compgen -G "$apt/debs/${file}_*.deb" >/dev/null || echo "$package=$version $file" >>"$apt/wanted"
    done <<<"$list"
    if [ -s "$apt/wanted" ]; then
        # `download` writes where it stands and goes on with what it finds half written: only whole files leave that folder.
        if ! (cd "$apt/debs/partial" && cut -d ' ' -f 1 "$apt/wanted" | APT_CONFIG=$apt/apt.conf xargs apt-get -q download) >"$apt/log" 2>&1; then
            rm -f "$apt/lists.read" # a mirror that has gone on to other versions is asked anew
            fail "the packages could not be fetched:" "$(apt_errors)" "look at the network and the free space, then run this again: what has come is kept"
        fi
        while read -r _ file; do mv "$apt/debs/partial/$file"_*.deb "$apt/debs/"; done <"$apt/wanted"
    fi

    rm -rf "$folder.part"
    mkdir -p "$folder.part"
    while read -r package version; do printf '%s\n' "$apt/debs/${package}_${version//:/%3a}"_*.deb; done <<<"$list" |
        xargs -P "$(nproc)" -I '{}' dpkg-deb -x '{}' "$folder.part"
    echo "$list" >"$folder.versions.part"
    rm -rf "$folder.part"/usr/share/{doc,man,locale,lintian,bug,bash-completion}
    rm -rf "$folder"
    mv -f "$folder.versions.part" "$folder.versions"
    mv "$folder.part" "$folder"
}

# Runs a program of an unpacked tree with that tree's own libraries: in_tree TREE PROGRAM [ARGUMENT]...
in_tree() {
    local tree=$1 program=$2
    shift 2
    "$tree/usr/lib64/ld-linux-x86-64.so.2" --library-path "$tree/usr/lib/x86_64-linux-gnu:$tree/lib/x86_64-linux-gnu" "$tree/$program" "$@"
}
