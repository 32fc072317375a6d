#!/usr/bin/env bash
# What the telephony lab needs besides Asterisk: SIPp, and espeak-ng and sox for its voices. Installs what is missing.
set -euo pipefail
missing=()
command -v sipp >/dev/null || missing+=(sip-tester)
command -v espeak-ng >/dev/null || missing+=(espeak-ng)
command -v sox >/dev/null || missing+=(sox)
[ ${#missing[@]} -gt 0 ] || exit 0
if [ "$(id -u)" != 0 ]; then
  echo "the telephony lab needs: apt-get install ${missing[*]}" >&2
  exit 1
fi
apt-get -q update
DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "${missing[@]}"
