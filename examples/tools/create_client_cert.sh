#!/bin/sh
# Makes a client certificate of one organization, signed by the CA in CA_FOLDER: FOLDER/client.crt and FOLDER/client.key.
set -eu
# shellcheck source=examples/tools/certificate.sh
. "$(dirname "$0")/certificate.sh"

usage="usage: create_client_cert.sh MSPID CA_FOLDER FOLDER [NAME]   for example: create_client_cert.sh MyOrg1MSP ca/MyOrg1MSP tls/org1"
[ $# -ge 3 ] && [ $# -le 4 ] || { echo "$usage" >&2; exit 2; }
mspid=$1 ca=$2 folder=$3 name=${4:-client}

check_word "$mspid"
check_word "$name"

issue client "$ca" "$folder" <<END
[subject]
O = $mspid
CN = $name
[extensions]
extendedKeyUsage = clientAuth
END
echo "$folder/client.crt: $name of $mspid"
