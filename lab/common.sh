# What the lab's scripts share: where things go, a word to the user, Debian packages without installing them.
# To be sourced, after `set -euo pipefail`.
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

# The machine's own mirror of Debian: the first address in apt's sources (both forms) that offers the main archive of its release.
debian_mirror() {
    if [ -n "${EXPETHER_LAB_MIRROR:-}" ]; then
        echo "$EXPETHER_LAB_MIRROR"
        return
    fi
    local id='' codename=''
    # shellcheck source=/dev/null
    { id=$(. /etc/os-release && echo "${ID:-}") && codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}"); } 2>/dev/null || true
    [ "$id" = debian ] || return 0
    local parts=${EXPETHER_LAB_APT_ETC:-/etc/apt} file
    for file in "$parts"/sources.list.d/*.sources; do
        [ -e "$file" ] || continue
        # deb822: paragraphs of fields; a field goes on in lines that begin with a blank.
        awk -v codename="$codename" '
            function done(   i, n, suites, fits) {
                fits = 0
                n = split(field["suites"], suites, /[ \t]+/)
                for (i = 1; i <= n; i++) if (suites[i] == codename || suites[i] == "stable" || suites[i] == "oldstable") fits = 1
                if (fits && field["types"] ~ /(^|[ \t])deb([ \t]|$)/ && tolower(field["enabled"]) != "no") {
                    split(field["uris"], uris, /[ \t]+/)
                    print uris[1]
                }
                split("", field)
            }
            /^#/ { next }
            /^[ \t]*$/ { done(); next }
            /^[ \t]/ { sub(/^[ \t]+/, ""); field[name] = field[name] == "" ? $0 : field[name] " " $0; next }
            { name = tolower($0); sub(/:.*/, "", name); value = $0; sub(/^[^:]*:[ \t]*/, "", value); sub(/[ \t]+$/, "", value); field[name] = value }
            END { done() }' "$file"
    done | head -n 1 | grep . && return
    for file in "$parts"/sources.list "$parts"/sources.list.d/*.list; do
        [ -e "$file" ] || continue
        # One line: deb [option=value …] URI SUITE COMPONENT…
        sed -n 's/^[[:space:]]*deb[[:space:]]\{1,\}//p' "$file" | sed 's/^\[[^]]*\][[:space:]]*//' |
            awk -v codename="$codename" '$2 == codename || $2 == "stable" || $2 == "oldstable" { print $1 }'
    done | head -n 1 | grep . || true
}

# Prepares the lab's own apt; afterwards `lab_apt` and `lab_apt_cache` use it. Lists younger than a day are taken as they are.
prepare_apt() {
    local apt=$lab_dir/apt mirror keyring keyrings=()
    [ "$(uname -m)" = x86_64 ] || fail "the lab's guests are x86_64 machines and their packages run here: this machine is $(uname -m)"
    command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null ||
        fail "apt-get and dpkg-deb are needed to fetch Debian packages, and this machine lacks them" \
            "on Fedora, Arch and others: install the packages apt, dpkg and debian-archive-keyring, and say EXPETHER_LAB_MIRROR=<address of a Debian mirror>"
    mirror=$(debian_mirror)
    [ -n "$mirror" ] ||
        fail "no Debian mirror found in this machine's apt sources" \
            "install the package debian-archive-keyring and say EXPETHER_LAB_MIRROR=<address of a Debian mirror>"
    for keyring in "debian-archive-$lab_suite-automatic" "debian-archive-$lab_suite-stable" debian-archive-keyring; do
        for keyring in /usr/share/keyrings/"$keyring".{gpg,pgp}; do
            [ -e "$keyring" ] && keyrings+=("$keyring")
        done
    done
    [ ${#keyrings[@]} -gt 0 ] || fail "no keys of Debian's archive in /usr/share/keyrings" "install the package debian-archive-keyring"

    mkdir -p "$apt"/{lists/partial,cache/archives/partial,state}
    : >"$apt/state/status"
    : >"$apt/keyring.gpg"
    # A keyring is a binary one, or armoured (.pgp or .asc in later Debian): apt tells them by the file's name, so only binary ones are joined.
    for keyring in "${keyrings[@]}"; do
        if head -c 5 "$keyring" | grep -q -- '-----'; then continue; fi
        cat "$keyring" >>"$apt/keyring.gpg"
    done
    printf 'deb [arch=amd64 signed-by=%s] %s %s main\n' "$apt/keyring.gpg" "$mirror" "$lab_suite" "$apt/keyring.gpg" "$mirror" "$lab_suite-backports" \
        >"$apt/sources.list"
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

    if [ -z "$(find "$apt/sources.list.read" -mmin -1440 2>/dev/null)" ] || ! cmp -s "$apt/sources.list" "$apt/sources.list.read"; then
        say "reading the package lists of Debian $lab_suite and its backports"
        rm -f "$apt/sources.list.read"
        APT_CONFIG=$apt/apt.conf apt-get -qq update -o APT::Update::Error-Mode=any >"$apt/log" 2>&1 ||
            fail "the Debian mirror of this machine's apt sources cannot be used:" "$(apt_errors)" \
                "look at the network, or name another mirror: EXPETHER_LAB_MIRROR=<address of a Debian mirror>; then run this again"
        cp "$apt/sources.list" "$apt/sources.list.read"
    fi
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
    mkdir -p "$apt/debs"
    while read -r package version; do
        file=$(printf '%s_%s_*.deb' "$package" "${version//:/%3a}")
        compgen -G "$apt/debs/$file" >/dev/null || echo "$package=$version"
    done <<<"$list" >"$apt/wanted"
    # `download` puts a file in place only when it is complete and its hash is right.
    [ ! -s "$apt/wanted" ] || (cd "$apt/debs" && xargs -a "$apt/wanted" env APT_CONFIG="$apt/apt.conf" apt-get -q download) >"$apt/log" 2>&1 ||
        fail "the packages could not be fetched:" "$(apt_errors)" "look at the network and the free space, then run this again: what has come is kept"

    rm -rf "$folder.part"
    mkdir -p "$folder.part"
    : >"$folder.versions.part"
    while read -r package version; do
        dpkg-deb -x "$apt/debs/${package}_${version//:/%3a}"_*.deb "$folder.part"
        echo "$package $version" >>"$folder.versions.part"
    done <<<"$list"
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
