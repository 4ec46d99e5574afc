#!/bin/bash
# The database of the platform:
#
#   postgresql prepare   makes the files, roles and databases that are missing and sets the passwords anew
#   postgresql serve     runs the server
#
# prepare reads a database a line, with its roles, from $DATABASES: the first role owns the database, the others may only
# connect until the owner gives them more. Each role's password is in $ROLES/<role>/password.
set -euo pipefail

major=15
PGDATA=${PGDATA:-/data/pgdata}
DATABASES=${DATABASES:-/etc/atoll/postgresql/databases}
ROLES=${ROLES:-/etc/atoll/roles}
CONFIG=${CONFIG:-/etc/atoll/postgresql/postgresql.conf}

fail() {
  echo "postgresql: $*" >&2
  exit 1
}

# alone holds the files for as long as this process and its children live. What a killed server left as its mark is then
# stale, whatever process has its number now.
alone() {
  exec 9>"${PGDATA%/*}/lock"
  flock --wait 60 9 || fail "another server has $PGDATA open"
  rm -f "$PGDATA/postmaster.pid"
}

initialize() {
  local have
  if [[ ! -s $PGDATA/PG_VERSION ]]; then
    # Files without a version are those of an initdb that was cut off.
    rm -rf "$PGDATA"
    initdb --pgdata "$PGDATA" --username postgres --encoding UTF8 --locale C.UTF-8 --data-checksums \
      --auth-local peer --auth-host scram-sha-256 >/dev/null
  fi
  chmod 0700 "$PGDATA"
  have=$(<"$PGDATA/PG_VERSION")
  [[ $have == "$major" ]] || fail "$PGDATA was written by PostgreSQL $have, this is $major: dump it with the old version's image and restore it into an empty volume"
}

sql() { psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username postgres --dbname "${1:-postgres}" >/dev/null; }

role() {
  [[ -s $ROLES/$1/password ]] || fail "the password of role $1 is not in $ROLES/$1/password: is its Secret there?"
  sql <<SQL
\set role $1
\set password \`cat $ROLES/$1/password\`
SELECT format('CREATE ROLE %I', :'role') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec
ALTER ROLE :"role" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'password';
SQL
}

database() {
  local name=$1 owner=$2 user
  shift
  for user; do role "$user"; done
  sql <<SQL
\set name $name
\set owner $owner
SELECT format('CREATE DATABASE %I OWNER %I', :'name', :'owner') WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name') \gexec
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
SQL
  for user; do
    sql <<SQL
\set name $name
\set role $user
GRANT CONNECT ON DATABASE :"name" TO :"role";
SQL
  done
}

prepare() {
  local line
  alone
  initialize
  # Nobody but this script reaches the server meanwhile, and no statement with a password is logged.
  pg_ctl start --wait --timeout 900 --silent \
    --options "-c config_file=$CONFIG -c listen_addresses='' -c log_statement=none -c log_min_error_statement=panic"
  trap 'pg_ctl stop --wait --mode fast --silent' EXIT
  sql <<'SQL'
SELECT 'CREATE ROLE exporter LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'exporter') \gexec
GRANT pg_monitor TO exporter;
REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC;
GRANT CONNECT ON DATABASE postgres TO exporter;
SQL
  while read -r -a line; do
    ((${#line[@]} == 0)) || database "${line[@]}"
  done <"$DATABASES"
}

case ${1:-} in
prepare) prepare ;;
serve)
  alone
  exec postgres -c "config_file=$CONFIG"
  ;;
*) fail "usage: postgresql prepare | serve" ;;
esac
