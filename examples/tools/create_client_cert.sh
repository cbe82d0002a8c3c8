#!/bin/sh
# Makes a client certificate of one organization, signed by the CA in CA_FOLDER: FOLDER/client.crt and FOLDER/client.key.
set -eu
umask 077

usage="usage: create_client_cert.sh MSPID CA_FOLDER FOLDER [NAME]   for example: create_client_cert.sh MyOrg1MSP ca/MyOrg1MSP tls/org1"
[ $# -ge 3 ] && [ $# -le 4 ] || { echo "$usage" >&2; exit 2; }
mspid=$1 ca=$2 folder=$3 name=${4:-client}

for word in "$mspid" "$name"; do
  case $word in
    '' | *[!A-Za-z0-9._-]*) echo "create_client_cert.sh: $word may have letters, digits, dots, hyphens and underscores" >&2; exit 2 ;;
  esac
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/client.cnf" <<END
[req]
prompt = no
distinguished_name = subject
[subject]
O = $mspid
CN = $name
[client]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
END

mkdir -p "$folder"
openssl ecparam -name prime256v1 -genkey -noout -out "$work/client.key"
openssl req -new -sha256 -config "$work/client.cnf" -key "$work/client.key" -out "$work/client.csr"
openssl x509 -req -sha256 -days "${DAYS:-365}" -in "$work/client.csr" -CA "$ca/ca.crt" -CAkey "$ca/ca.key" \
  -set_serial "0x$(openssl rand -hex 16)" -extfile "$work/client.cnf" -extensions client -out "$work/client.crt" 2>"$work/log" ||
  { cat "$work/log" >&2; exit 1; }
mv "$work/client.key" "$folder/client.key"
mv "$work/client.crt" "$folder/client.crt"
chmod 644 "$folder/client.crt"
echo "$folder/client.crt: $name of $mspid"
