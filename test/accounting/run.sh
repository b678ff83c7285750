#!/usr/bin/env bash
# The check by accounting programs: makes journals with this project's code, and has hledger and beancount read them: strictly, with
# every balance assertion, and with the balances that the trial balance has. Then the counter-check: whatever is changed in them
# must be refused, or the check proves nothing. Needs hledger and beancount, both of them Debian's.
set -euo pipefail
cd "$(dirname "$0")/../.."

for tool in hledger bean-check bean-query; do
  if ! command -v "$tool" >/dev/null; then
    echo "test/accounting needs $tool: apt-get install hledger beancount" >&2
    exit 2
  fi
done
# The journals are UTF-8, whatever the system's own language is.
export LC_ALL=C.UTF-8

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
made=$scratch/made
node core/bin/launch.cjs test/accounting/make-journals.ts "$made"

fail() {
  echo "$*" >&2
  exit 1
}

check_hledger() {
  hledger -f "$1" check --strict
}

# Account and balance a line, sorted, without those that are zero.
balances_hledger() {
  hledger -f "$1" balance --flat --no-total -O csv | sed -e 1d -e 's/"//g' -e 's/,/ /' -e 's/ CREDIT$//' | LC_ALL=C sort
}

check_beancount() {
  bean-check "$1"
}

balances_beancount() {
  bean-query -f csv "$1" 'SELECT account, sum(number) GROUP BY account' |
    sed -e 1d -e 's/ //g' -e 's/\r$//' -e 's/,/ /' -e '/ 0\(\.0*\)\?$/d' -e '/ 0E-6$/d' | LC_ALL=C sort
}

for format in hledger beancount; do
  for name in demo market hostile; do
    journal=$made/$name.$format
    "check_$format" "$journal" || fail "$format does not accept $name.$format"
    "balances_$format" "$journal" >"$scratch/balances"
    [ -s "$scratch/balances" ] || fail "$format finds no balances in $name.$format"
    diff "$journal.balances" "$scratch/balances" || fail "the balances of $format are not those of the ledger: $name.$format"
    echo "accepted $name.$format, $(wc -l <"$scratch/balances") balances as ours"
  done
done

# What people wrote made no tag, no account and no date of its own.
hledger -f "$made/hostile.hledger" tags | LC_ALL=C sort | tr '\n' ' ' >"$scratch/tags"
[ "$(cat "$scratch/tags")" = 'created id index signer time type ' ] || fail "hledger finds other tags: $(cat "$scratch/tags")"
hledger -f "$made/hostile.hledger" print | grep -c '^2026-01-0[12] ' | grep -qx 10 || fail 'hledger finds other transactions'

echo '== what must be refused'
refused=0

# must_refuse FORMAT WHAT SED-SCRIPT: the journal of the marketplace with a line changed.
must_refuse() {
  local spoiled=$scratch/spoiled.$1
  sed -E "$3" "$made/market.$1" >"$spoiled"
  [ "$(diff "$made/market.$1" "$spoiled" | grep -c '^<')" -eq 1 ] || fail "exactly one line is to be changed: $2"
  if "check_$1" "$spoiled" >"$scratch/out" 2>&1; then fail "NOT REFUSED by $1: $2"; fi
  refused=$((refused + 1))
  echo "refused  $1: $2"
}

must_refuse hledger 'a microcredit more in an amount' '0,/^( +issued +-[0-9]+\.)000000 /s//\1000001 /'
must_refuse hledger 'a microcredit more in an assertion' '0,/^( +wallet:.* = [0-9]+\.)000000 /s//\1000001 /'
must_refuse hledger 'a posting left out' '0,/^ +wallet:/{/^ +wallet:/d}'
must_refuse hledger 'an account not declared' '0,/^account wallet:/{/^account wallet:/d}'
must_refuse hledger 'a microcredit more in the last assertion' '$s/0 CREDIT$/1 CREDIT/'
must_refuse beancount 'a microcredit more in an amount' '0,/^( +Equity:Issued +-[0-9]+\.)000000 /s//\1000001 /'
must_refuse beancount 'a microcredit more in an assertion' '0,/^(.* balance Equity:Issued +-[0-9]+\.)000000 /s//\1000001 /'
must_refuse beancount 'a posting left out' '0,/^ +Assets:Wallet:/{/^ +Assets:Wallet:/d}'
must_refuse beancount 'an account not opened' '0,/ open Assets:Wallet:/{/ open Assets:Wallet:/d}'
must_refuse beancount 'a microcredit more in the last assertion' '$s/0 ~ 0 CREDIT$/1 ~ 0 CREDIT/'

echo "hledger and beancount accept the journals, with our balances, and $refused spoiled ones were refused."
