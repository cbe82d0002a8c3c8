#!/bin/sh
# Makes the server's certificate, signed by the CA in CA_FOLDER: FOLDER/server.crt and FOLDER/server.key.
set -eu
# shellcheck source=examples/tools/certificate.sh
. "$(dirname "$0")/certificate.sh"

usage="usage: create_server_cert.sh CA_FOLDER FOLDER HOST...   for example: create_server_cert.sh ca/server tls localhost 127.0.0.1"
[ $# -ge 3 ] || { echo "$usage" >&2; exit 2; }
ca=$1 folder=$2
shift 2

names='' first=$1
for host in "$@"; do
  case $host in
    '' | *[!A-Za-z0-9.:*_-]*) refuse "$host is no host" ;;
    *[!0-9.]*) case $host in *:*) kind=IP ;; *) kind=DNS ;; esac ;;
    *) kind=IP ;;
  esac
  names="$names${names:+, }$kind:$host"
done

issue server "$ca" "$folder" <<END
[subject]
CN = $first
[extensions]
extendedKeyUsage = serverAuth
subjectAltName = $names
END
echo "$folder/server.crt: $names"
