#!/bin/sh
# Makes the certificates of the tests anew, into the folder it lies in. Needs openssl 3. Those that are good stay so until
# 2126; those that are bad are bad by their construction, not by the day the tests run on.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
days_start=20200101000000Z
days_end=21260101000000Z

authority() { # name, subject
  mkdir "$work/$1" && : > "$work/$1/index" && echo 01 > "$work/$1/serial"
  openssl ecparam -name prime256v1 -genkey -noout -out "$work/$1/key.pem"
  cat > "$work/$1/ca.cnf" <<CNF
[ca]
default_ca = this
[this]
database = $work/$1/index
serial = $work/$1/serial
new_certs_dir = $work/$1
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
CNF
  openssl req -new -key "$work/$1/key.pem" -subj "/CN=$2" -out "$work/$1/request.pem"
}

sign() { # authority, request, start, end, extensions, output, more
  printf '%s\n' "$5" > "$work/extensions"
  openssl ca -batch -notext -config "$work/$1/ca.cnf" -keyfile "$work/$1/key.pem" -in "$2" \
    -startdate "$3" -enddate "$4" -extfile "$work/extensions" -out "$6" ${7:-} 2>/dev/null
}

root() { # authority, output
  printf 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n' > "$work/extensions"
  openssl ca -batch -notext -selfsign -config "$work/$1/ca.cnf" -keyfile "$work/$1/key.pem" \
    -in "$work/$1/request.pem" -startdate $days_start -enddate $days_end -extfile "$work/extensions" -out "$2" 2>/dev/null
  cp "$2" "$work/$1/ca.pem"
  sed -i "s|^\[any\]|certificate = $work/$1/ca.pem\n[any]|" "$work/$1/ca.cnf"
}

leaf() { # name, subject, names, authority, start, end, key options, more
  openssl genpkey $7 -out "$1.key.pem" 2>/dev/null
  openssl req -new -key "$1.key.pem" -subj "/CN=$2" -out "$work/request.pem"
  sign "$4" "$work/request.pem" "$5" "$6" "subjectAltName=$3" "$1.pem" "${8:-}"
}

ec="-algorithm EC -pkeyopt ec_paramgen_curve:P-256"
good_names="DNS:localhost,IP:127.0.0.1,IP:::1"
authority known "Belfry test authority"; root known authority.pem
authority stranger "Another authority"; root stranger "$work/stranger.pem"

leaf good localhost "$good_names" known $days_start $days_end "$ec"
leaf expired localhost "$good_names" known 20200101000000Z 20210101000000Z "$ec"
leaf not-yet-valid localhost "$good_names" known 21250101000000Z $days_end "$ec"
leaf wrong-name other.example "DNS:other.example" known $days_start $days_end "$ec"
leaf unknown-authority localhost "$good_names" stranger $days_start $days_end "$ec"
leaf weak-key localhost "$good_names" known $days_start $days_end "-algorithm RSA -pkeyopt rsa_keygen_bits:1024"
leaf weak-digest localhost "$good_names" known $days_start $days_end "$ec" "-md sha1"
leaf client client "DNS:client.example" known $days_start $days_end "$ec"

# Signed by an intermediate that has expired: the leaf alone looks good.
authority between "Belfry test intermediate"
printf 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n' > "$work/extensions"
openssl ca -batch -notext -config "$work/known/ca.cnf" -keyfile "$work/known/key.pem" -in "$work/between/request.pem" \
  -startdate 20200101000000Z -enddate 20210101000000Z -extfile "$work/extensions" -out "$work/between/ca.pem" 2>/dev/null
sed -i "s|^\[any\]|certificate = $work/between/ca.pem\n[any]|" "$work/between/ca.cnf"
leaf expired-intermediate localhost "$good_names" between $days_start $days_end "$ec"
cat "$work/between/ca.pem" >> expired-intermediate.pem

# Self-signed.
authority self localhost
openssl ca -batch -notext -selfsign -config "$work/self/ca.cnf" -keyfile "$work/self/key.pem" -in "$work/self/request.pem" \
  -startdate $days_start -enddate $days_end -out self-signed.pem 2>/dev/null
cp "$work/self/key.pem" self-signed.key.pem
