#!/bin/sh
# Takes a client's certificate, its key and the CA out of a Secret that cert-manager has made.
#
#   sh examples/tools/download-client-cert.sh SECRET NAMESPACE [FOLDER]
#
# Writes FOLDER/SECRET.crt, FOLDER/SECRET.key and FOLDER/ca.crt; the folder is the current one unless given.
set -eu

if [ $# -lt 2 ]; then
  echo "usage: $0 SECRET NAMESPACE [FOLDER]" >&2
  exit 2
fi
secret=$1
namespace=$2
folder=${3:-.}

# The key is nobody else's.
umask 077
mkdir -p "$folder"

take() {
  text=$(kubectl --namespace "$namespace" get secret "$secret" --output "jsonpath={.data.$1}")
  if [ -z "$text" ]; then
    echo "the Secret $secret in $namespace has no $1" >&2
    exit 1
  fi
  printf '%s' "$text" | base64 -d > "$folder/$2"
}

take 'tls\.crt' "$secret.crt"
take 'tls\.key' "$secret.key"
take 'ca\.crt' ca.crt
echo "$folder/$secret.crt, $folder/$secret.key, $folder/ca.crt"
