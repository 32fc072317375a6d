#!/usr/bin/env bash
# A real Asterisk on loopback, without container, chroot or root.
#
#   asterisk-lab.sh provision DIR        fetch and unpack Asterisk (idempotent)
#   asterisk-lab.sh up        DIR        provision, write configuration, start, wait until it has booted
#   asterisk-lab.sh down      DIR        stop the instance of DIR (by pid)
#   asterisk-lab.sh status    DIR        exit 0 when it runs and answers
#   asterisk-lab.sh cli       DIR CMD..  one Asterisk CLI command
#
# The .deb closure of "asterisk" from another suite of the mirror that this machine's apt uses is downloaded with a
# private apt state (nothing of the machine's own apt and dpkg state is touched), unpacked with dpkg-deb -x, and run by
# its own ld.so (ld.so --library-path), so that the host's older libc does not matter.
#
# Environment (defaults): LAB_SUITE=sid (22.x; bullseye = 16.28)  LAB_CACHE=DIR/cache, shared by all instances
#   LAB_FRAGMENT=dialplan fragment to include
#   LAB_AMI_PORT=15038 LAB_SIP_PORT=15060 LAB_CARRIER_PORT=15080 LAB_AGENT_PORT=15081
#   LAB_RTP_START=20000 LAB_RTP_END=27999  LAB_AGENTS=20  LAB_SECRET=lab-secret
set -euo pipefail
umask 022
VERB=${1:-}; DIR=${2:-}
[ -n "$VERB" ] && [ -n "$DIR" ] || { sed -n '2,12p' "$0" >&2; exit 2; }
shift 2
mkdir -p "$DIR"; DIR=$(cd "$DIR" && pwd -P)
SUITE=${LAB_SUITE:-sid}
CACHE=${LAB_CACHE:-$DIR/cache}; mkdir -p "$CACHE"; CACHE=$(cd "$CACHE" && pwd -P)
AMI_PORT=${LAB_AMI_PORT:-15038}; SIP_PORT=${LAB_SIP_PORT:-15060}
CARRIER_PORT=${LAB_CARRIER_PORT:-15080}; AGENT_PORT=${LAB_AGENT_PORT:-15081}
RTP_START=${LAB_RTP_START:-20000}; RTP_END=${LAB_RTP_END:-27999}
AGENTS=${LAB_AGENTS:-20}; SECRET=${LAB_SECRET:-lab-secret}; FRAGMENT=${LAB_FRAGMENT:-}
ROOT=$CACHE/root-$SUITE; RUN=$DIR/run; ETC=$DIR/etc; LOG=$DIR/log
PIDFILE=$DIR/asterisk.pid
# A unix socket's path holds 107 bytes at most: under a long DIR the socket alone goes elsewhere.
if [ ${#RUN} -gt 90 ]; then
  [ -s "$DIR/rundir" ] && [ -d "$(cat "$DIR/rundir")" ] || mktemp -d "${TMPDIR:-/tmp}/outpace-lab-XXXXXX" > "$DIR/rundir"
  RUN=$(cat "$DIR/rundir")
fi

mirror() { # the mirror of this machine's own apt configuration
  local code; code=$(. /etc/os-release; echo "$VERSION_CODENAME")
  apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' |
    awk -v c="$code" '$1==c {print $2; exit}'
}

provision() {
  [ -e "$ROOT/.ok" ] && return 0
  local list=$CACHE/$SUITE.list
  mkdir -p "$CACHE/archives/partial"
  if ! { [ -s "$list" ] && (cd "$CACHE/archives" && xargs -a "$list" ls >/dev/null 2>&1); }; then
    local st=$CACHE/apt-$SUITE m key; m=$(mirror)
    key=$(dpkg -L debian-archive-keyring 2>/dev/null | grep '/debian-archive-keyring\.gpg$' | head -1) || key=""
    [ -n "$m" ] || { echo "no mirror in the apt configuration" >&2; return 1; }
    mkdir -p "$st/lists/partial"; : > "$st/status"
    echo "deb ${key:+[signed-by=$key] }$m $SUITE main" > "$st/sources.list"
    local a=(-o Dir::Etc::sourcelist="$st/sources.list" -o Dir::Etc::sourceparts=/dev/null
      -o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null
      -o Dir::State="$st" -o Dir::State::status="$st/status" -o Dir::Cache="$CACHE" -o Dir::Log="$st"
      -o APT::Sandbox::User=root -o Acquire::Languages=none -o APT::Install-Recommends=0
      -o pkgCacheGen::ForceEssential=none -o APT::Keep-Downloaded-Packages=true -o APT::Get::Assume-Yes=1
      -o Acquire::Retries=3 -o DPkg::Post-Invoke::=  -o APT::Update::Post-Invoke::=)
    apt-get "${a[@]}" -q update
    # (against an empty archive folder: --print-uris leaves out what is already downloaded)
    mkdir -p "$st/none/partial"
    apt-get "${a[@]}" -o Dir::Cache::archives="$st/none" -q --print-uris install asterisk | awk '/^\047/ {print $2}' > "$list.new"
    apt-get "${a[@]}" -q --download-only install asterisk
    mv "$list.new" "$list"
  fi
  rm -rf "$ROOT.tmp"; mkdir -p "$ROOT.tmp"
  while read -r f; do dpkg-deb -x "$CACHE/archives/$f" "$ROOT.tmp"; done < "$list"
  rm -rf "$ROOT"; mv "$ROOT.tmp" "$ROOT"; touch "$ROOT/.ok"
}

ast() { # run asterisk with the prefix's own loader
  local ld="" f
  for f in "$ROOT"/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2 "$ROOT"/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2 "$ROOT"/lib/x86_64-linux-gnu/ld-2.*.so; do
    if [ -x "$f" ]; then ld=$f; break; fi
  done
  [ -n "$ld" ] || { echo "no loader under $ROOT" >&2; exit 1; }
  exec "$ld" --library-path "$ROOT/usr/lib/x86_64-linux-gnu:$ROOT/lib/x86_64-linux-gnu:$ROOT/usr/lib" \
    "$ROOT/usr/sbin/asterisk" -C "$ETC/asterisk.conf" "$@"
}

config() {
  local mods=$ROOT/usr/lib/x86_64-linux-gnu/asterisk/modules i
  [ -d "$mods" ] || mods=$ROOT/usr/lib/asterisk/modules
  mkdir -p "$ETC" "$RUN" "$LOG" "$DIR/spool" "$DIR/lib" "$DIR/tmp" "$DIR/cachedir"
  mkdir -p "$DIR/lib/sounds"; ln -sfn "$ROOT/usr/share/asterisk/sounds/en_US_f_Allison" "$DIR/lib/sounds/en"
  for i in documentation static-http rest-api; do
    if [ -e "$ROOT/usr/share/asterisk/$i" ]; then ln -sfn "$ROOT/usr/share/asterisk/$i" "$DIR/lib/$i"
    elif [ -e "$ROOT/var/lib/asterisk/$i" ]; then ln -sfn "$ROOT/var/lib/asterisk/$i" "$DIR/lib/$i"; fi
  done
  cat > "$ETC/asterisk.conf" <<C
[directories]
astcachedir => $DIR/cachedir
astetcdir => $ETC
astmoddir => $mods
astvarlibdir => $DIR/lib
astdbdir => $DIR/lib
astkeydir => $DIR/lib
astdatadir => $DIR/lib
astagidir => $DIR/lib/agi-bin
astspooldir => $DIR/spool
astrundir => $RUN
astlogdir => $LOG
astsbindir => $ROOT/usr/sbin
[options]
verbose = 0
debug = 0
nocolor = yes
dontwarn = yes
defaultlanguage = en
systemname = lab
C
  cat > "$ETC/logger.conf" <<C
[general]
[logfiles]
messages => notice,warning,error
C
  # everything loads by itself except what needs outside services or opens ports of its own
  { echo "[modules]"; echo "autoload = yes"
    for i in chan_iax2 chan_unistim chan_motif chan_console chan_alsa chan_oss chan_mgcp chan_skinny chan_sip \
      pbx_dundi pbx_ael pbx_lua app_voicemail app_voicemail_odbc app_voicemail_imap app_minivm app_jack app_festival app_adsiprog app_getcpeid \
      app_alarmreceiver app_sms app_page app_followme app_directory app_sla app_osplookup res_adsi res_xmpp res_snmp res_smdi res_fax res_fax_spandsp res_hep \
      res_hep_pjsip res_hep_rtcp res_calendar res_calendar_caldav res_calendar_ews res_calendar_exchange \
      res_calendar_icalendar res_config_curl res_config_ldap res_config_odbc res_config_pgsql res_config_sqlite res_config_sqlite3 \
      res_odbc res_odbc_transaction res_phoneprov res_pjsip_phoneprov_provider res_statsd res_stun_monitor \
      res_resolver_unbound res_stir_shaken res_pjsip_stir_shaken res_geolocation res_pjsip_geolocation res_prometheus \
      res_pjsip_transport_websocket res_security_log res_cdrel_custom res_pjsip_config_wizard cdr_adaptive_odbc cdr_csv cdr_custom cdr_odbc cdr_pgsql cdr_radius \
      cdr_sqlite3_custom cdr_tds cdr_syslog cel_custom cel_manager cel_odbc cel_pgsql cel_radius cel_sqlite3_custom cel_tds func_odbc; do
      [ -e "$mods/$i.so" ] && echo "noload = $i.so"; done; true; } > "$ETC/modules.conf"
  cat > "$ETC/manager.conf" <<C
[general]
enabled = yes
bindaddr = 127.0.0.1
port = $AMI_PORT
webenabled = no
timestampevents = yes
allowmultiplelogin = yes
displayconnects = no
[outpace]
secret = $SECRET
deny = 0.0.0.0/0.0.0.0
permit = 127.0.0.1/255.255.255.255
read = system,call,user,originate
write = system,call,originate,reporting,command
writetimeout = 5000
eventfilter = !Event: (NewConnectedLine|NewCallerid|NewAccountCode|DialBegin|DialState|DialEnd|SoftHangupRequest|DeviceStateChange|BridgeCreate|BridgeDestroy|LocalBridge|MusicOnHold.*|RTCP.*|ChannelTalking.*)
; sees everything, for tests that look over the switch's shoulder
[observer]
secret = $SECRET
deny = 0.0.0.0/0.0.0.0
permit = 127.0.0.1/255.255.255.255
read = all
write = all
C
  printf '[general]\nenabled = no\n' > "$ETC/http.conf"
  printf '[general]\nenabled = no\n' > "$ETC/ari.conf"
  cat > "$ETC/rtp.conf" <<C
[general]
rtpstart = $RTP_START
rtpend = $RTP_END
strictrtp = no
icesupport = no
C
  printf '[general]\nenable = no\n' > "$ETC/cdr.conf"
  printf '[general]\nenable = no\n' > "$ETC/cel.conf"
  printf '[general]\nenabled = no\n' > "$ETC/cdr_manager.conf"
  { cat <<C
[global]
type = global
user_agent = lab
endpoint_identifier_order = username,ip
[system]
type = system
timer_t1 = 500
timer_b = 32000
threadpool_initial_size = 20
threadpool_auto_increment = 10
threadpool_max_size = 100
disable_tcp_switch = yes
[udp]
type = transport
protocol = udp
bind = 127.0.0.1:$SIP_PORT
[media](!)
type = endpoint
transport = udp
disallow = all
allow = ulaw,alaw
direct_media = no
media_address = 127.0.0.1
bind_rtp_to_media_address = yes
rtp_symmetric = yes
timers = no
send_pai = yes
send_connected_line = no
trust_id_inbound = yes
[carrier](media)
; for calls whose hang-up was lost while nobody listened
rtp_timeout = 45
context = from-carrier
aors = carrier
[carrier]
type = aor
contact = sip:127.0.0.1:$CARRIER_PORT
qualify_frequency = 0
[carrier]
type = identify
endpoint = carrier
match = 127.0.0.1
C
    for ((i = 1; i <= AGENTS; i++)); do cat <<C
[agent$i](media)
context = from-agent
aors = agent$i
callerid = Agent $i <$((7000 + i))>
[agent$i]
type = aor
contact = sip:10000000$i@127.0.0.1:$AGENT_PORT
max_contacts = 2
C
    done; } > "$ETC/pjsip.conf"
  cat > "$ETC/extensions.conf" <<C
[general]
static = yes
writeprotect = yes
${FRAGMENT:+#include "$FRAGMENT"}
; where the lab's phones would call from: nowhere
[from-carrier]
exten => _X.,1,Hangup(21)
[from-agent]
exten => _X.,1,Hangup(21)
; an agent without SIP: Local/1@lab-agent
[lab-agent]
exten => _X,1,Answer()
 same => n,Wait(3600)
C
  printf '[general]\ntotal_analysis_time = 5000\nsilence_threshold = 256\ninitial_silence = 2500\ngreeting = 1500\nafter_greeting_silence = 800\nmin_word_length = 100\nbetween_words_silence = 50\nmaximum_number_of_words = 3\nmaximum_word_length = 5000\n' > "$ETC/amd.conf"
  printf '[default]\nmode = files\ndirectory = moh\n' > "$ETC/musiconhold.conf"; mkdir -p "$DIR/lib/moh"
  for i in features queues confbridge ccss udptl codecs res_parking queuerules dsp dnsmgr enum; do echo "[general]" > "$ETC/$i.conf"; done
  for i in acl aeap websocket_client chan_websocket chan_dahdi pjsip_wizard pjsip_notify res_http_media_cache agents cli cli_aliases pjproject; do : > "$ETC/$i.conf"; done
  mkdir -p "$DIR/lib/keys" "$DIR/lib/agi-bin"
  cat > "$ETC/indications.conf" <<C
[general]
country=us
[us]
description = United States / North America
ringcadence = 2000,4000
dial = 350+440
busy = 480+620/500,0/500
ring = 440+480/2000,0/4000
congestion = 480+620/250,0/250
C
}

running() { [ -s "$PIDFILE" ] && kill -0 "$(cat "$PIDFILE")" 2>/dev/null && tr '\0' ' ' < "/proc/$(cat "$PIDFILE")/cmdline" | grep -qF "$ETC/asterisk.conf"; }
cli() { (ast -rx "$*"); }

case $VERB in
  provision) provision; (ast -V) ;;
  up)
    if running; then echo "already up, pid $(cat "$PIDFILE")"; exit 0; fi
    provision; config; rm -f "$RUN"/asterisk.ctl
    ulimit -n "$(ulimit -Hn)" 2>/dev/null || ulimit -n 65536 2>/dev/null || true
    ( ast -f > "$LOG/stdout" 2>&1 < /dev/null & echo $! > "$PIDFILE" )
    for _ in $(seq 1 150); do
      if cli core waitfullybooted 2>/dev/null | grep -qi 'fully booted'; then
        echo "up: pid $(cat "$PIDFILE") $(cli core show version | cut -d' ' -f1,2)  AMI 127.0.0.1:$AMI_PORT  SIP 127.0.0.1:$SIP_PORT"; exit 0; fi
      kill -0 "$(cat "$PIDFILE")" 2>/dev/null || { echo "asterisk died:" >&2; tail -20 "$LOG/stdout" >&2; exit 1; }
      sleep 0.2
    done; echo "asterisk did not boot in 30 s" >&2; exit 1 ;;
  down)
    running || { echo "not running"; exit 0; }
    # it may be gone by itself before the kill
    P=$(cat "$PIDFILE"); cli core stop now >/dev/null 2>&1 || kill -9 "$P" 2>/dev/null || true
    for _ in $(seq 1 30); do running || break; sleep 0.1; done
    running && kill -9 "$P" 2>/dev/null || true; rm -f "$PIDFILE"; echo "down" ;;
  status) if running && cli core show uptime >/dev/null 2>&1; then echo "up, pid $(cat "$PIDFILE"), $(cli core show channels count | head -1)"; else echo down; exit 1; fi ;;
  cli) cli "$@" ;;
  *) echo "unknown verb $VERB" >&2; exit 2 ;;
esac
