#!/bin/sh
# Makes a CA, a server's certificate and a client's certificate for each organization: for tries, not for production.
#
#   sh examples/tools/make-certificates.sh FOLDER HOST[,HOST...] MSPID...
#
# Writes FOLDER/ca.crt, FOLDER/server.crt and .key, and for each organization FOLDER/MSPID.crt and .key and
# FOLDER/clients/MSPID/ca.crt, the layout of ORCHESTRATOR_TLS_CLIENT_CA_CERT_DIR. What is there already stays.
set -eu

if [ $# -lt 3 ]; then
  echo "usage: $0 FOLDER HOST[,HOST...] MSPID..." >&2
  exit 2
fi
folder=$1
hosts=$2
shift 2

umask 077
mkdir -p "$folder"
days=365

# new NAME SUBJECT EXTENSIONS: a key and a certificate that the CA has signed.
new() {
  if [ -f "$folder/$1.crt" ]; then return; fi
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "$2" \
    -keyout "$folder/$1.key" -out "$folder/$1.csr" 2>/dev/null
  printf '%s\n' "$3" > "$folder/$1.ext"
  openssl x509 -req -in "$folder/$1.csr" -CA "$folder/ca.crt" -CAkey "$folder/ca.key" -CAcreateserial -sha256 \
    -days "$days" -extfile "$folder/$1.ext" -out "$folder/$1.crt" 2>/dev/null
  rm "$folder/$1.csr" "$folder/$1.ext"
}

if [ ! -f "$folder/ca.crt" ]; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -sha256 -days "$days" \
    -subj '/CN=orchestrator example CA' -keyout "$folder/ca.key" -out "$folder/ca.crt" 2>/dev/null
fi

names=
for host in $(printf '%s' "$hosts" | tr ',' ' '); do names="$names${names:+,}DNS:$host"; done
# The container's health check and the helm test show the server's certificate as a client's.
new server '/CN=orchestrator' "subjectAltName=$names
extendedKeyUsage=serverAuth,clientAuth"

for mspid in "$@"; do
  new "$mspid" "/O=$mspid/CN=client of $mspid" 'extendedKeyUsage=clientAuth'
  mkdir -p "$folder/clients/$mspid"
  cp "$folder/ca.crt" "$folder/clients/$mspid/ca.crt"
done
echo "certificates are in $folder"
