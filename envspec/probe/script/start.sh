envspec_sought=no
for envspec_python in "$ENVSPEC_PYTHON" python3 /usr/libexec/platform-python /usr/bin/python3 \
  python3.14 python3.13 python3.12 python3.11 python3.10 python3.9 python3.8 python3.7 python3.6; do
  [ "$ENVSPEC_PYTHON" != none ] || break
  [ -n "$envspec_python" ] && command -v "$envspec_python" >/dev/null 2>&1 || continue
  # A script that came by standard input, and not as a file, can not be handed on.
  { read -r envspec_first && read -r envspec_second; } 2>/dev/null <"$0" || break
  case $envspec_second in "''"*:*) ;; *) break ;; esac
  "$envspec_python" -I -S -B -c 'import sys; sys.exit(sys.version_info < (3, 6))' >/dev/null 2>&1 || continue
  exec "$envspec_python" -I -S -B "$0" "$@"
done
[ "$envspec_python" != python3.6 ] || envspec_sought=yes

# There is no Python here: what sh alone can see, in the shapes of the same document.
LC_ALL=C LANG=C
export LC_ALL LANG
output=- prefix= label=
while [ $# -gt 0 ]; do
  case $1 in
    --*=*) option=${1%%=*} value=${1#*=} ;;
    --identify | --brief | -h | --help) option=$1 value= ;;
    *) option=$1 value=${2-}; [ $# -lt 2 ] || shift ;;
  esac
  shift
  case $option in
    -o | --output) output=$value ;;
    --prefix) prefix=$value ;;
    --label) label=$value ;;
    --identify) ;;
    --scratch | --timeout | --endpoint | --ca-file | --probe-egress)
      echo "probe.py: $option needs Python, and this host has none; left out" >&2 ;;
    --brief)
      echo "probe.py: --brief needs Python, and this host has none; carry the whole document" >&2
      exit 2 ;;
    -h | --help)
      echo "usage: sh probe.py [--output FILE] [--prefix DIR] [--label NAME]   (this host has no Python 3.6 or newer)"
      exit 0 ;;
    *)
      echo "probe.py: there is no option $option" >&2
      exit 2 ;;
  esac
done

# One line of text as the inside of a JSON string. Bytes beyond ASCII and control characters become "?".
odd_text='*[! -~]*' odd_char='[! -~]' tab=$(printf '\t')
quoted() {
  case $1 in
    $odd_text | *\\* | *\"*) ;;
    *) printf %s "$1"; return ;;
  esac
  rest=$1
  while [ -n "$rest" ]; do
    char=${rest%"${rest#?}"}
    rest=${rest#?}
    case $char in
      \\ | \") printf '\\%s' "$char" ;;
      "$tab") printf '\\t' ;;
      $odd_char) printf '?' ;;
      *) printf %s "$char" ;;
    esac
  done
}
comma=
key() {
  printf '%s"%s": ' "$comma" "$1"
  comma=', '
}
# A line without who built it where: "(root@gpu01)".
word_begin='[ (]' word_end='[ )]'
nameless() {
  line=$1
  [ ${#line} -le 4000 ] || line=$(printf %.4000s "$line")
  for time in 1 2 3 4; do
    case $line in *@*) ;; *) return ;; esac
    [ $time -lt 4 ] || { line=${line%%@*}; return; }
    before=${line%%@*} after=${line#*@}
    user=${before##*$word_begin} host=${after%%$word_end*}
    line="${before%"$user"}[user] at [host]${after#"$host"}"
  done
}
# Lines of standard input as an item's text; at most as many as the second argument says.
text() {
  key "$1"
  printf '{"text": "'
  lines=0
  while IFS= read -r line || [ -n "$line" ]; do
    nameless "$line"
    quoted "$line"
    printf '\\n'
    lines=$((lines + 1))
    [ $lines -lt "${2:-500}" ] || break
  done
  printf '"}'
}
failed() {
  key "$1"
  printf '{"error": "%s"}' "$2"
}
file() {
  if [ -f "$1" ] && [ -r "$1" ]; then text "file:$1" <"$1"
  elif [ -e "$1" ]; then failed "file:$1" EACCES
  else failed "file:$1" ENOENT
  fi
}
first() {
  first_line=
  { IFS= read -r first_line <"$1"; } 2>/dev/null
  printf %s "$first_line"
}
have() { command -v "$1" >/dev/null 2>&1; }
number() { case $1 in '' | *[!0-9]*) return 1 ;; esac; }
limited() {
  if have timeout; then timeout -s KILL 5 "$@"; else "$@"; fi
}

# A path, without the names of people.
hidden() {
  path=$1
  # A home such as /data is a service's, and a place that rules ask for by its name.
  case $HOME in
    /var/tmp | */) ;;
    /root | /*/*) case $path/ in "$HOME"/*) path="~${path#"$HOME"}" ;; esac ;;
  esac
  case $path in
    /home/*/*) path="/home/[user]/${path#/home/*/}" ;;
    /home/?*) path="/home/[user]" ;;
  esac
  quoted "$path"
}
mount_one() {
  printf '%s{"path": "' "$between"
  between=', '
  hidden "$2"
  printf '", "for": ["%s"]' "$1"
  at=$2
  while :; do
    limited test -e "$at"
    case $? in
      0) break ;;
      1) at=${at%/*} at=${at:-/} ;;
      *) printf ', "error": "timeout"}'; return ;;
    esac
  done
  [ "$at" = "$2" ] || { printf ', "at": "'; hidden "$at"; printf '"'; }
  point=
  kilo=$(limited df -P -k "$at" 2>/dev/null)
  case $? in 137) trouble=timeout ;; *) trouble=EIO ;; esac
  {
    read -r line
    read -r device blocks used available percent point
    if number "$blocks" && number "$available"; then
      printf ', "block-bytes": 1024, "blocks": %s, "available-blocks": %s' "$blocks" "$available"
    else
      printf ', "error": "%s"' $trouble
    fi
  } <<EOT
$kilo
EOT
  {
    read -r line
    read -r device inodes used available percent rest
    number "$inodes" && number "$available" && printf ', "inodes": %s, "available-inodes": %s' "$inodes" "$available"
  } <<EOT
$(limited df -P -i "$at" 2>/dev/null)
EOT
  kind= flags=
  while read -r device place type opts rest; do
    [ "$place" = "$point" ] && kind=$type flags=$opts
  done </proc/self/mounts
  if [ -n "$kind" ]; then
    printf ', "mount-point": "'
    hidden "$point"
    case ,$flags, in *,ro,*) flags=ro ;; *,noexec,*) flags=rw,noexec ;; *) flags=rw ;; esac
    printf '", "type": "%s", "options": "%s"' "$kind" "$flags"
  fi
  printf '}'
}

# Of the host's own word size: what the loader knows, and the symbol versions of libstdc++.
libraries() {
  case $(uname -m) in x86_64) word=x86-64 ;; aarch64) word=AArch64 ;; *) return ;; esac
  loader=
  for folder in /sbin /usr/sbin; do
    [ -x $folder/ldconfig ] && loader=$folder/ldconfig
  done
  known=
  [ -z "$loader" ] || known=$(limited $loader -p 2>/dev/null)
  case $known in *" (libc6,$word"*)
    key call:libraries
    printf '{"value": {"how": "ldconfig -p", "paths": {}, "sonames": {"libc6,%s": [' $word
    between=
    while read -r name flags rest; do
      case $flags in "(libc6,$word)" | "(libc6,$word,")
        printf '%s"' "$between"
        quoted "$name"
        printf '"'
        between=', ' ;;
      esac
    done <<EOT
$known
EOT
    printf ']}}}' ;;
  esac
  for folder in /usr/lib64 /usr/lib /lib64 /lib /usr/lib/x86_64-linux-gnu /usr/lib/aarch64-linux-gnu; do
    [ -f $folder/libstdc++.so.6 ] || continue
    known=$(limited grep -ao 'GLIBCXX_3[.]4[.][0-9]*' $folder/libstdc++.so.6 2>/dev/null)
    [ -n "$known" ] || continue
    key call:libstdcxx
    printf '{"value": {"path": "%s", "versions": [' "$folder/libstdc++.so.6"
    between=
    for name in $known; do
      printf '%s"%s"' "$between" "$name"
      between=', '
    done
    printf ']}}'
    break
  done
}

document() {
  printf '%s\n' '----- BEGIN ENVSPEC EVIDENCE -----'
  printf '{"envspec-evidence": 1, "by": "sh", "probe": "@VERSION@", "identified": false, "label": "'
  quoted "$label"
  printf '", "taken": "%s", "items": {' "$(date -u +%Y-%m-%dT%H:%M:%SZ)"
  if [ -r /etc/os-release ]; then text file:/etc/os-release </etc/os-release
  elif [ -r /usr/lib/os-release ]; then text file:/etc/os-release </usr/lib/os-release
  else failed file:/etc/os-release ENOENT
  fi
  release=$(uname -r)
  key call:uname
  printf '{"value": {"system": "%s", "release": "' "$(uname -s)"
  quoted "$release"
  printf '", "machine": "%s"}}' "$(uname -m)"
  libc=$(getconf GNU_LIBC_VERSION 2>/dev/null) || libc=
  if [ -n "$libc" ]; then text 'command:getconf GNU_LIBC_VERSION' <<EOT
$libc
EOT
  elif have getconf; then failed 'command:getconf GNU_LIBC_VERSION' EINVAL
  else failed 'command:getconf GNU_LIBC_VERSION' ENOENT
  fi
  for loader in /lib/ld-musl-*; do
    [ ! -e "$loader" ] || { key call:libc; printf '{"value": {"musl": true}}'; break; }
  done
  file /proc/meminfo
  if [ -r /proc/cpuinfo ]; then
    while IFS= read -r line && [ -n "$line" ]; do printf '%s\n' "$line"; done </proc/cpuinfo | text file:/proc/cpuinfo
    comma=', '
  fi
  libraries
  [ $envspec_sought = no ] || { key call:pythons; printf '{"value": []}'; }
  processors=$(getconf _NPROCESSORS_ONLN 2>/dev/null) || processors=
  number "$processors" || processors=$(nproc 2>/dev/null)
  if number "$processors"; then key call:cpu; printf '{"value": {"count": %s}}' "$processors"; fi
  user=$(id -u 2>/dev/null)
  case $user in
    0) key call:user; printf '{"value": {"root": true}}' ;;
    [1-9]*) key call:user; printf '{"value": {"root": false}}' ;;
  esac
  file /proc/driver/nvidia/version
  file /sys/module/nvidia/version
  file /proc/sys/crypto/fips_enabled
  file /sys/fs/selinux/enforce
  if [ -r /proc/modules ]; then
    while IFS= read -r line; do
      case $line in nvidia* | nouveau* | nova*) printf '%s\n' "$line" ;; esac
    done </proc/modules | text file:/proc/modules
    comma=', '
  else failed file:/proc/modules ENOENT
  fi
  if [ -d /sys/bus/pci/devices ]; then
    key call:pci
    devices=0 between=
    printf '{"value": {"nvidia": ['
    for device in /sys/bus/pci/devices/*; do
      [ -e "$device/vendor" ] || continue
      devices=$((devices + 1))
      [ "$(first "$device/vendor")" = 0x10de ] || continue
      class=$(first "$device/class")
      case $class in 0x03* | 0x0680*) ;; *) continue ;; esac
      driver=
      [ -d "$device/driver" ] && driver=$(cd -P "$device/driver" && pwd) && driver=${driver##*/}
      printf '%s{"class": "%s", "device": "%s", "driver": "%s"}' "$between" "$class" "$(first "$device/device")" "$driver"
      between=', '
    done
    printf '], "devices": %s}}' "$devices"
  else failed call:pci ENOENT
  fi
  build=/lib/modules/$release/build
  if [ -d "$build" ]; then state=folder; elif [ -L "$build" ]; then state=broken-link; else state=absent; fi
  key call:kernel-headers
  printf '{"value": {"build": "%s"}}' $state
  key call:executables
  printf '{"value": {'
  between=
  for name in @EXECUTABLES@; do
    place=
    for folder in /usr/sbin /usr/bin /sbin /bin /usr/local/sbin /usr/local/bin; do
      [ -z "$place" ] && [ -f "$folder/$name" ] && [ -x "$folder/$name" ] && place=$folder/$name
    done
    printf '%s"%s": "%s"' "$between" "$name" "$place"
    between=', '
  done
  printf '}}'
  if have df; then
    key call:mounts
    printf '{"value": ['
    between=
    mount_one root /
    mount_one tmp /tmp
    mount_one var-tmp /var/tmp
    mount_one shm /dev/shm
    mount_one opt /opt
    [ -n "$TMPDIR" ] && mount_one TMPDIR "$TMPDIR"
    [ -n "$HOME" ] && mount_one home "$HOME"
    [ -n "$prefix" ] && mount_one prefix "$prefix"
    printf ']}'
  else failed call:mounts ENOENT
  fi
  if [ -r /proc/net/route ] && [ -r /etc/resolv.conf ]; then
    route=false resolvers=0
    while read -r interface target gateway flags references used metric mask rest; do
      case $target$mask in 0000000000000000) [ $((0x$flags & 1)) -eq 0 ] || route=true ;; esac
    done </proc/net/route
    while read -r word rest || [ -n "$word" ]; do
      case $word in nameserver) resolvers=$((resolvers + 1)) ;; esac
    done </etc/resolv.conf
    key call:network
    printf '{"value": {"default-route": %s, "resolvers": %s}}' $route $resolvers
  fi
  smi=
  for folder in /usr/bin /usr/lib/wsl/lib; do
    [ -z "$smi" ] && [ -x $folder/nvidia-smi ] && smi=$folder/nvidia-smi
  done
  if [ -n "$smi" ] && have timeout; then
    ask_smi -L
    ask_smi --query-gpu=index,name,driver_version,memory.total,memory.free,ecc.mode.current,mig.mode.current --format=csv
    ask_smi --query-gpu=index,compute_cap --format=csv
  elif [ -n "$smi" ]; then failed command:nvidia-smi no-time
  else failed command:nvidia-smi ENOENT
  fi
  printf '}}\n%s\n' '----- END ENVSPEC EVIDENCE -----'
}

uuid='(UUID: '
ask_smi() {
  answer=$(cd / && env -i LANG=C LC_ALL=C HOME=/ PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    timeout -s KILL 20 "$smi" "$@" 2>/dev/null </dev/null)
  status=$?
  key "command:nvidia-smi $*"
  if [ $status -eq 137 ] || [ $status -eq 124 ]; then
    printf '{"error": "timeout"}'
    return
  fi
  printf '{"status": %s, "text": "' $status
  printf '%s\n' "$answer" | while IFS= read -r line; do
    case $line in *"$uuid"*) line="${line%%"$uuid"*}${uuid}[uuid])" ;; esac
    nameless "$line"
    quoted "$line"
    printf '\\n'
  done
  printf '"}'
}

if [ "$output" = - ]; then document
elif (umask 022; set -C; document >"$output.$$.part") 2>/dev/null && mv "$output.$$.part" "$output"; then :
else
  echo "probe.py: $output can't be written" >&2
  exit 3
fi
exit 0
