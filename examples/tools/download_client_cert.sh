#!/bin/sh
# Takes a client certificate from a Kubernetes secret of the usual form (tls.crt, tls.key, ca.crt: as cert-manager
# writes it): FOLDER/client.crt, FOLDER/client.key and, when the secret has it, FOLDER/ca.crt.
set -eu
umask 077

usage="usage: download_client_cert.sh [-n NAMESPACE] [-c CONTEXT] SECRET [FOLDER]   for example: download_client_cert.sh -n org-1 orchestrator-client-cert tls/org1"
set_namespace='' set_context=''
while getopts n:c: option; do
  case $option in
    n) set_namespace="--namespace=$OPTARG" ;;
    c) set_context="--context=$OPTARG" ;;
    *) echo "$usage" >&2; exit 2 ;;
  esac
done
shift $((OPTIND - 1))
[ $# -ge 1 ] && [ $# -le 2 ] || { echo "$usage" >&2; exit 2; }
secret=$1 folder=${2:-.}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Prints the entry of the secret, decoded; nothing when there is none.
read_entry() {
  kubectl ${set_context:+"$set_context"} ${set_namespace:+"$set_namespace"} get secret "$secret" \
    -o "go-template={{with index .data \"$1\"}}{{.}}{{end}}" >"$work/encoded"
  base64 -d <"$work/encoded"
}

read_entry tls.crt >"$work/client.crt"
read_entry tls.key >"$work/client.key"
read_entry ca.crt >"$work/ca.crt"
for file in client.crt client.key; do
  [ -s "$work/$file" ] || { echo "download_client_cert.sh: the secret $secret has no tls.${file##*.}" >&2; exit 1; }
done
openssl x509 -in "$work/client.crt" -noout -subject -enddate

mkdir -p "$folder"
mv "$work/client.key" "$folder/client.key"
mv "$work/client.crt" "$folder/client.crt"
chmod 644 "$folder/client.crt"
if [ -s "$work/ca.crt" ]; then
  mv "$work/ca.crt" "$folder/ca.crt"
  chmod 644 "$folder/ca.crt"
fi
