#!/bin/sh
# Makes what a fleet of three nodes needs and nobody else may have:
#   sh make-secrets.sh SEKIMORI OUT
# SEKIMORI is the program, OUT a new folder. Give each machine its own files and
# the common ones (fleet.keys, nats-ca.pem, ca.pem, ca.key), keep nats-ca.key off
# the machines, and delete the rest.
set -eu
sekimori=$1 out=$2
here=$(cd "$(dirname "$0")" && pwd)
umask 077
mkdir "$out"
cd "$out"

"$sekimori" fleet keys > fleet.keys

# Who each is to the engine. The public keys go to the servers.
: > env
for who in node-1 node-2 node-3 officers admin; do
    public=$("$sekimori" fleet account --out "$who.nk")
    echo "$(echo $who | tr a-z- A-Z_)=$public" >> env
done

# A CA for the engine's TLS, and a certificate for each server.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj "/CN=fleet engine" \
    -keyout nats-ca.key -out nats-ca.pem 2>/dev/null
for n in 1 2 3; do
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=nats-$n" \
        -keyout "nats-$n.key" -out "nats-$n.csr" 2>/dev/null
    printf 'subjectAltName=DNS:nats-%s,DNS:localhost\nextendedKeyUsage=serverAuth,clientAuth\n' "$n" > ext
    openssl x509 -req -in "nats-$n.csr" -CA nats-ca.pem -CAkey nats-ca.key -CAcreateserial -days 1095 -extfile ext \
        -out "nats-$n.pem" 2>/dev/null
    sed "s/\"node-1\"$/\"node-$n\"/" "$here/node.toml" > "node-$n.toml"
done
rm -f ext ./*.csr ./*.srl

# The CA that all nodes sign with.
"$sekimori" ca new --data ca-folder > /dev/null
mv ca-folder/ca/ca.pem .
mv ca-folder/ca/ca-key.pem ca.key
rm -r ca-folder
