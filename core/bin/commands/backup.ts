/** backup, restore: the book as one file, and back again, without ever signing on a fork. */

import { readFileSync, statSync } from 'node:fs'
import type { Command } from 'commander'
import { Malformed } from '../../base/malformed.ts'
import { entryCount } from '../../base/plural.ts'
import { formatMilliseconds, formatSeconds } from '../../domain/time.ts'
import { sha256 } from '../../drivers/sha256.ts'
import { createVerifier } from '../../drivers/sodium/verifier.ts'
import { makeBackup } from '../../drivers/sqlite/backup.ts'
import { openSqliteReader } from '../../drivers/sqlite/store.ts'
import { listKeys, Vault, vaultPath } from '../../drivers/vault.ts'
import { readPlatform } from '../../ledger/queries.ts'
import { checkCopy } from '../../ledger/tree.ts'
import { readCheckpoint } from '../../log/checkpoint.ts'
import { parseVerifierKey, type VerifierKey } from '../../log/note.ts'
import { Failure } from '../failure.ts'
import { formatFields, print, printJson, progressBar } from '../output.ts'
import { readPassphrase } from '../passphrase.ts'
import { type Place, userPath } from '../place.ts'
import { restoreLedger } from '../restoring.ts'
import { atOption, type GlobalOptions, listOption, placeOf, targetFile } from './options.ts'

interface BackupOptions extends GlobalOptions {
  readonly withKeys?: true
}

interface RestoreOptions extends GlobalOptions {
  readonly from: readonly string[]
  readonly vkey?: string
}

export function backupCommands(program: Command): void {
  program
    .command('backup')
    .description('write a checked copy of the ledger into one file, also while other programs write to it')
    .argument('<file>', 'where to; an older backup there is replaced')
    .option('--with-keys', "put this machine's keys in it too, sealed under their passphrase as they are here")
    .action(async (file: string, _options, command: Command) => {
      await backUp(targetFile(file), command.optsWithGlobals<BackupOptions>())
    })
  program
    .command('restore')
    .description('bring a ledger back from a backup, audited; never behind what its guard has signed')
    .argument('<file>', 'a backup, or the folder of a ledger')
    .addOption(
      listOption(
        '--from <folder>',
        'a mirror or another copy to consult, again for more: the longest is taken if all have one history',
        'none',
        userPath,
      ),
    )
    .option('--vkey <vkey>', "the log's key, got from elsewhere (default: the one that the ledger names)")
    .addOption(atOption())
    .action(async (file: string, _options, command: Command) => {
      await restore(file, command.optsWithGlobals<RestoreOptions>())
    })
}

async function backUp(file: string, options: BackupOptions): Promise<void> {
  const place = placeOf(options)
  const keys = options.withKeys ? await sealedKeys(place) : undefined
  const source = await openSqliteReader(place.dir)
  const verifier = createVerifier()
  try {
    const { origin } = await readPlatform(source)
    const checkpoint = await source.checkpoint()
    const content = { made: formatMilliseconds(Date.now()), checkpoint, keys: keys?.file }
    const check = (copy: Parameters<typeof checkCopy>[1]) => checkCopy(sha256, copy, verifier)
    await makeBackup(source, file, content, check, progressBar('backup'))
    const head = checkpoint && readCheckpoint(checkpoint)
    const checkpointSize = head === undefined || head instanceof Malformed ? 0 : head.size
    const size = await source.size()
    const written = { file, origin, size, checkpointSize, bytes: statSync(file).size, keys: keys?.count ?? 0 }
    if (options.json) printJson(written)
    else {
      print(`Wrote ${file}`, ...formatFields({ ...written, file: undefined }).map((line) => `  ${line}`))
      if (keys === undefined) print('The keys are not in it: --with-keys puts them in, and keys export FILE writes them apart.')
    }
  } finally {
    await source.close()
    await verifier.close()
  }
}

/** The vault's file, after its passphrase has opened every key in it: keys that nobody can open are no backup. */
async function sealedKeys(place: Place): Promise<{ file: Uint8Array; count: number }> {
  if (listKeys(place.dir).length === 0) throw new Failure('usage', `There are no keys in ${place.dir}.`)
  const count = Vault.open(place.dir, await readPassphrase(place.passphrase, false)).all().length
  return { file: readFileSync(vaultPath(place.dir)), count }
}

async function restore(file: string, options: RestoreOptions): Promise<void> {
  const trusted = options.vkey === undefined ? undefined : parseTrusted(options.vkey)
  const restored = await restoreLedger(placeOf(options), { file: userPath(file), from: options.from, trusted })
  const { staleBefore, ...shown } = restored
  const answer = { ...shown, ...(staleBefore !== undefined && { staleBefore: formatSeconds(staleBefore) }) }
  if (options.json) return printJson(answer)
  print(
    `Restored ${restored.origin} in ${restored.dir}`,
    ...formatFields({ ...answer, dir: undefined }).map((line) => `  ${line}`),
  )
  if (staleBefore !== undefined) {
    print(
      '',
      'The guard is new: what the lost one had signed and refused is not known any more.',
      `Notes made before ${formatSeconds(staleBefore)} are refused as stale.`,
      `If anybody holds a checkpoint of more than ${entryCount(restored.size)}, do not let this ledger sign: restore it again`,
      'with --from the folder of a mirror that has them.',
    )
  }
  if (restored.keys === 0) print('', 'There are no keys in the folder; keys import FILE brings exported ones.')
}

function parseTrusted(vkey: string): VerifierKey {
  const key = parseVerifierKey(sha256, vkey)
  if (key instanceof Malformed) throw new Failure('usage', `--vkey: ${key.reason}.`)
  return key
}
