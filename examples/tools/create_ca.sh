#!/bin/sh
# Makes a certificate authority for one organization (or for the server): FOLDER/ca.crt and FOLDER/ca.key.
# ca.crt goes into <ORCHESTRATOR_TLS_CLIENT_CA_CERT_DIR>/<MSPID>/; ca.key stays with the organization.
set -eu
# shellcheck source=examples/tools/certificate.sh
. "$(dirname "$0")/certificate.sh"

usage="usage: create_ca.sh ORGANIZATION FOLDER [DAYS]   for example: create_ca.sh MyOrg1MSP ca/MyOrg1MSP"
[ $# -ge 2 ] && [ $# -le 3 ] || { echo "$usage" >&2; exit 2; }
organization=$1 folder=$2 days=${3:-3650}

check_word "$organization"
[ ! -e "$folder/ca.key" ] || { echo "create_ca.sh: $folder/ca.key exists, and is not replaced" >&2; exit 1; }

cat >"$work/ca.cnf" <<END
[req]
prompt = no
distinguished_name = subject
x509_extensions = ca
[subject]
O = $organization
CN = $organization CA
[ca]
basicConstraints = critical, CA:true, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
END

make_key "$work/ca.key"
openssl req -x509 -new -sha256 -days "$days" -config "$work/ca.cnf" -key "$work/ca.key" -out "$work/ca.crt"
deliver ca "$folder"
echo "$folder/ca.crt: CA of $organization"
