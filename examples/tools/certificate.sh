# shellcheck shell=sh
# Sourced by the scripts beside it that make certificates: what they have in common.

umask 077
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# refuse TEXT: the script was called in a way that makes no sense.
refuse() {
  echo "${0##*/}: $1" >&2
  exit 2
}

# check_word WORD: other characters would mean something in OpenSSL's subjects.
check_word() {
  case $1 in
    '' | *[!A-Za-z0-9._-]*) refuse "$1 may have letters, digits, dots, hyphens and underscores" ;;
  esac
}

make_key() {
  openssl ecparam -name prime256v1 -genkey -noout -out "$1"
}

# issue NAME CA_FOLDER FOLDER: makes FOLDER/NAME.crt and FOLDER/NAME.key, signed by the CA in CA_FOLDER, for DAYS days.
# Standard input has the sections [subject] and [extensions] of OpenSSL's configuration, in this order.
issue() {
  {
    printf '[req]\nprompt = no\ndistinguished_name = subject\n'
    cat
    printf 'basicConstraints = critical, CA:false\nkeyUsage = critical, digitalSignature\n'
    printf 'subjectKeyIdentifier = hash\nauthorityKeyIdentifier = keyid\n'
  } >"$work/$1.cnf"
  make_key "$work/$1.key"
  openssl req -new -sha256 -config "$work/$1.cnf" -key "$work/$1.key" -out "$work/$1.csr"
  openssl x509 -req -sha256 -days "${DAYS:-365}" -in "$work/$1.csr" -CA "$2/ca.crt" -CAkey "$2/ca.key" \
    -set_serial "0x$(openssl rand -hex 16)" -extfile "$work/$1.cnf" -extensions extensions -out "$work/$1.crt" 2>"$work/log" ||
    { cat "$work/log" >&2; exit 1; }
  deliver "$1" "$3"
}

# deliver NAME FOLDER
deliver() {
  mkdir -p "$2"
  # The key first: a server that reads in between finds a pair that does not fit, and waits for the next change.
  mv "$work/$1.key" "$2/$1.key"
  mv "$work/$1.crt" "$2/$1.crt"
  chmod 644 "$2/$1.crt"
}
