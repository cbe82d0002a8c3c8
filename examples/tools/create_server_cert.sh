#!/bin/sh
# Makes the server's certificate, signed by the CA in CA_FOLDER: FOLDER/server.crt and FOLDER/server.key.
set -eu
umask 077

usage="usage: create_server_cert.sh CA_FOLDER FOLDER HOST...   for example: create_server_cert.sh ca/server tls localhost 127.0.0.1"
[ $# -ge 3 ] || { echo "$usage" >&2; exit 2; }
ca=$1 folder=$2
shift 2

names='' first=$1
for host in "$@"; do
  case $host in
    '' | *[!A-Za-z0-9.:*_-]*) echo "create_server_cert.sh: $host is no host" >&2; exit 2 ;;
    *[!0-9.]*) case $host in *:*) kind=IP ;; *) kind=DNS ;; esac ;;
    *) kind=IP ;;
  esac
  names="$names${names:+, }$kind:$host"
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/server.cnf" <<END
[req]
prompt = no
distinguished_name = subject
[subject]
CN = $first
[server]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = $names
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
END

mkdir -p "$folder"
openssl ecparam -name prime256v1 -genkey -noout -out "$work/server.key"
openssl req -new -sha256 -config "$work/server.cnf" -key "$work/server.key" -out "$work/server.csr"
openssl x509 -req -sha256 -days "${DAYS:-365}" -in "$work/server.csr" -CA "$ca/ca.crt" -CAkey "$ca/ca.key" \
  -set_serial "0x$(openssl rand -hex 16)" -extfile "$work/server.cnf" -extensions server -out "$work/server.crt" 2>"$work/log" ||
  { cat "$work/log" >&2; exit 1; }
# The key first: a server that reads in between finds a pair that does not fit, and waits for the next change.
mv "$work/server.key" "$folder/server.key"
mv "$work/server.crt" "$folder/server.crt"
chmod 644 "$folder/server.crt"
echo "$folder/server.crt: $names"
