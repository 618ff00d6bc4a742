#!/bin/sh
# Makes what a fleet of three nodes needs and nobody else may have:
#   sh make-secrets.sh SEKIMORI OUT
# SEKIMORI is the program, OUT a new folder. From the environment come NODES and
# SERVERS, names, and SAN, more names for each server's certificate. Give each machine its own files and
# the common ones (fleet.keys, nats-ca.pem, ca.pem, ca.key), keep nats-ca.key off
# the machines, and delete the rest.
set -eu
sekimori=$1 out=$2
nodes=${NODES:-node-1 node-2 node-3}
servers=${SERVERS:-nats-1 nats-2 nats-3}
here=$(cd "$(dirname "$0")" && pwd)
umask 077
mkdir "$out"
cd "$out"

"$sekimori" fleet keys > fleet.keys

# Who each is to the engine. The public keys go to the servers.
: > env
n=0
for who in $nodes; do
    n=$((n + 1))
    echo "NODE_$n=$("$sekimori" fleet account --out "$who.nk")" >> env
    sed "s/\"node-1\"$/\"$who\"/" "$here/node.toml" > "$who.toml"
done
echo "OFFICERS=$("$sekimori" fleet account --out officers.nk)" >> env
echo "ADMIN=$("$sekimori" fleet account --out admin.nk)" >> env

# A CA for the engine's TLS, and a certificate for each server.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj "/CN=fleet engine" \
    -keyout nats-ca.key -out nats-ca.pem 2>/dev/null
for who in $servers; do
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$who" \
        -keyout "$who.key" -out "$who.csr" 2>/dev/null
    printf 'subjectAltName=DNS:%s,DNS:localhost%s\nextendedKeyUsage=serverAuth,clientAuth\n' "$who" "${SAN:-}" > ext
    openssl x509 -req -in "$who.csr" -CA nats-ca.pem -CAkey nats-ca.key -CAcreateserial -days 1095 -extfile ext \
        -out "$who.pem" 2>/dev/null
done
rm -f ext ./*.csr ./*.srl

# The CA that all nodes sign with.
"$sekimori" ca new --data ca-folder > /dev/null
mv ca-folder/ca/ca.pem .
mv ca-folder/ca/ca-key.pem ca.key
rm -r ca-folder
