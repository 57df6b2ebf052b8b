#!/usr/bin/env bash
# Finds the .NET SDK, then hands over to the build program in build/. Its twin is build.ps1.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
# The SDK then needs no ICU libraries; nothing here depends on a culture.
export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
# No build servers stay behind.
export MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0

# global.json says which SDK will do; dotnet answers with an error where there is none.
has_sdk() { (cd "$root" && dotnet --version) >/dev/null 2>&1; }

find_sdk() {
    local folder
    for folder in "${DOTNET_ROOT:-}" "${HOME:-}/.dotnet" /usr/share/dotnet /usr/lib/dotnet /usr/local/share/dotnet; do
        [ -n "$folder" ] && [ -x "$folder/dotnet" ] || continue
        if PATH="$folder:$PATH" has_sdk; then
            export DOTNET_ROOT="$folder" PATH="$folder:$PATH"
            return 0
        fi
    done
    return 1
}

install_sdk() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
    echo "The .NET 10 SDK is missing; trying the package dotnet-sdk-10.0." >&2
    apt-get update -qq >&2 || true
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq dotnet-sdk-10.0 >&2 </dev/null && has_sdk
}

if ! has_sdk && ! find_sdk && ! install_sdk; then
    cat >&2 <<'TEXT'
LlamaEngine needs the .NET 10 SDK (10.0.100 or later) and found none. Install it, then run this command again:
  Debian, Ubuntu   apt-get install dotnet-sdk-10.0   (Debian: add Microsoft's package feed first; see "Install .NET on Linux" in the .NET documentation)
  Fedora, RHEL     dnf install dotnet-sdk-10.0
  Alpine           apk add dotnet10-sdk
  macOS            brew install --cask dotnet-sdk
  anywhere         Microsoft's dotnet-install.sh --channel 10.0, which needs no root and installs to ~/.dotnet, where this script looks
TEXT
    exit 1
fi

exec dotnet run --project "$root/build" -- "$@"
