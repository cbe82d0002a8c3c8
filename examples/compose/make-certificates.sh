#!/bin/sh
# The certificates of compose.yaml, made once: sh make-certificates.sh TOOLS FOLDER
#
# FOLDER/server has the server's certificate, FOLDER/MSPID each client's, and FOLDER/clients the client CAs as the server
# wants them. TOOLS is examples/tools.
set -eu

if [ $# -ne 2 ]; then
  echo "usage: $0 TOOLS FOLDER" >&2
  exit 2
fi
tools=$1
folder=$2

if [ ! -f "$folder/server/server.crt" ]; then
  sh "$tools/create_ca.sh" Server "$folder/ca/server"
  sh "$tools/create_server_cert.sh" "$folder/ca/server" "$folder/server" localhost orchestrator.org-1.com orchestrator.org-2.com
  cp "$folder/ca/server/ca.crt" "$folder/server/ca.crt"
fi
for mspid in MyOrg1MSP MyOrg2MSP; do
  if [ -f "$folder/$mspid/client.crt" ]; then continue; fi
  sh "$tools/create_ca.sh" "$mspid" "$folder/ca/$mspid"
  sh "$tools/create_client_cert.sh" "$mspid" "$folder/ca/$mspid" "$folder/$mspid"
  mkdir -p "$folder/clients/$mspid"
  cp "$folder/ca/$mspid/ca.crt" "$folder/clients/$mspid/ca.crt"
done
# The server's user reads the server's; whoever is on the machine calls as a client, since all of this is for development.
chown -R 1000:1000 "$folder/server" "$folder/clients"
chmod a+rx "$folder" "$folder/server"
chmod -R a+rX "$folder/MyOrg1MSP" "$folder/MyOrg2MSP"
