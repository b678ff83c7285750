/** passphrase: changes the passphrase of this machine's keys. */

import type { Command } from 'commander'
import { plural } from '../../base/plural.ts'
import { listKeys, Vault } from '../../drivers/vault.ts'
import { Failure } from '../failure.ts'
import { print, printJson } from '../output.ts'
import { NEXT, readPassphrase } from '../passphrase.ts'
import { userPath } from '../place.ts'
import { type GlobalOptions, placeOf } from './options.ts'

interface PassphraseOptions extends GlobalOptions {
  readonly newPassphraseFile?: string
}

export function passphraseCommand(program: Command): void {
  program
    .command('passphrase')
    .description('seal the keys of this machine under another passphrase')
    .option(
      '--new-passphrase-file <file>',
      `read the new one from a file (else ${NEXT.variable}, else it is asked for)`,
      userPath,
    )
    .action(async (_options, command: Command) => {
      await changePassphrase(command.optsWithGlobals<PassphraseOptions>())
    })
}

async function changePassphrase(options: PassphraseOptions): Promise<void> {
  const { dir, passphrase } = placeOf(options)
  if (listKeys(dir).length === 0) throw new Failure('usage', `There are no keys in ${dir}.`)
  const before = await readPassphrase(passphrase, false)
  // Whoever does not know the old one learns that before thinking of a new one.
  const vault = Vault.open(dir, before)
  const source = { file: options.newPassphraseFile, environment: process.env[NEXT.variable] }
  const next = await readPassphrase(source, true, NEXT)
  if (next.normalize('NFC') === before.normalize('NFC')) throw new Failure('usage', 'The new passphrase is the old one.')
  vault.reseal(next)
  const keys = listKeys(dir).length
  if (options.json) printJson({ dir, keys })
  else
    print(
      `Sealed ${plural(keys, 'key')} in ${dir} under the new passphrase; backups and exports made before are under the old one.`,
    )
}
