/** keys export, keys import: keys of this machine in one sealed file, to be kept apart or taken to another machine. */

import { existsSync, mkdirSync } from 'node:fs'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { toHex } from '../../base/bytes.ts'
import { plural } from '../../base/plural.ts'
import { isAccountId } from '../../domain/ids.ts'
import { quoted } from '../../domain/text.ts'
import { listKeys, type PublicEntry, Vault } from '../../drivers/vault.ts'
import { type Place, userPath } from '../desk.ts'
import { Failure } from '../failure.ts'
import { localKeys, ownerOf, SEQUENCER } from '../local-keys.ts'
import { print, printJson } from '../output.ts'
import { readPassphrase } from '../passphrase.ts'
import { type GlobalOptions, listOption, placeOf, targetFile } from './options.ts'

const FILE_PASSPHRASE = 'NIMLEDGER_FILE_PASSPHRASE'

interface FileOptions extends GlobalOptions {
  readonly filePassphraseFile?: string
}

interface ExportOptions extends FileOptions {
  readonly account: readonly string[]
}

interface ImportOptions extends FileOptions {
  readonly rename: ReadonlyMap<string, string>
}

export function keyFileCommands(keys: Command): void {
  const help = `read the file's passphrase from there (else ${FILE_PASSPHRASE}, else it is that of this ledger's keys)`
  keys
    .command('export')
    .description('write keys of this machine into a file, sealed under a passphrase')
    .argument('<file>', 'where to; nothing that is there is replaced')
    .addOption(
      listOption(
        '--account <account>',
        'only the keys of this local name or account id, or of the sequencer; again for more',
        'all',
      ),
    )
    .option('--file-passphrase-file <file>', help, userPath)
    .action(async (file: string, _options, command: Command) => {
      await exportKeys(targetFile(file), command.optsWithGlobals<ExportOptions>())
    })
  keys
    .command('import')
    .description('take keys from an exported file; each is opened and checked before any is taken')
    .argument('<file>', 'an exported file')
    .addOption(
      new Option('--rename <old=new>', 'give a key another local name here; again for more')
        .argParser(parseRename)
        .default(new Map(), 'as they are'),
    )
    .option('--file-passphrase-file <file>', help, userPath)
    .action(async (file: string, _options, command: Command) => {
      await importKeys(userPath(file), command.optsWithGlobals<ImportOptions>())
    })
}

function parseRename(text: string, before: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const [, old, name] = /^([^=]+)=([^=]+)$/.exec(text) ?? []
  if (old === undefined || name === undefined) throw new InvalidArgumentError('It must be such as Ada=Ada2.')
  return new Map([...before, [old, name]])
}

/** A file of keys may have another passphrase than the machine, since it may lie about anywhere. */
function filePassphrase({ filePassphraseFile: file }: FileOptions, own: string): Promise<string> {
  return readPassphrase({ file, environment: process.env[FILE_PASSPHRASE] ?? own }, false)
}

async function exportKeys(file: string, options: ExportOptions): Promise<void> {
  const place = placeOf(options)
  if (listKeys(place.dir).length === 0) throw new Failure('usage', `There are no keys in ${place.dir}.`)
  if (existsSync(file)) throw new Failure('usage', `${file} is in the way: keys that are nowhere else may be in it.`)
  const isWanted = wantedKeys(place, options.account)
  const own = await readPassphrase(place.passphrase, false)
  const keys = Vault.open(place.dir, own)
    .all()
    .filter(({ label, account, pair }) => isWanted({ label, account, publicKey: pair.publicKey }))
  Vault.createFile(file, await filePassphrase(options, own)).add(keys)
  if (options.json) printJson({ file, keys: keys.length })
  else print(`Wrote ${plural(keys.length, 'key')} to ${file}. Whoever has the file and its passphrase can sign with them.`)
}

/** Which keys were asked for in an export. */
function wantedKeys({ dir }: Place, names: readonly string[]): (entry: PublicEntry) => boolean {
  if (names.length === 0) return () => true
  const wanted = new Set(
    names.map((name) => {
      if (name === SEQUENCER) return undefined
      const found = localKeys(dir).find(({ account, label, isFirst }) =>
        isAccountId(name) ? account === name : isFirst && label === name,
      )
      if (found === undefined) throw new Failure('usage', `There are no keys of ${quoted(name)} here.`)
      return found.account
    }),
  )
  return (entry) => wanted.has(ownerOf(entry))
}

async function importKeys(file: string, options: ImportOptions): Promise<void> {
  const place = placeOf(options)
  const before = listKeys(place.dir)
  const own = await readPassphrase(place.passphrase, before.length === 0)
  const vault = before.length === 0 ? Vault.create(place.dir, own) : Vault.open(place.dir, own)
  const held = new Set(before.map(({ publicKey }) => toHex(publicKey)))
  const found = Vault.openFile(file, await filePassphrase(options, own)).all()
  const missing = found.filter(({ pair }) => !held.has(toHex(pair.publicKey)))
  const named = missing.map((key) => ({ ...key, label: options.rename.get(key.label) ?? key.label }))
  const entries = named.map(({ label, account, pair }) => ({ label, account, publicKey: pair.publicKey }))
  for (const [i, entry] of entries.entries()) refuseTakenName(entry, [...before, ...entries.slice(0, i)])
  mkdirSync(place.dir, { recursive: true, mode: 0o700 })
  if (named.length > 0) vault.add(named)
  const imported = {
    file,
    imported: named.length,
    alreadyHere: found.length - named.length,
    names: named.map(({ label }) => label),
  }
  if (options.json) printJson(imported)
  else print(`Took ${plural(imported.imported, 'key')} from ${file}; here already: ${imported.alreadyHere}.`)
}

/** Refuses a local name that would stand for two accounts. */
function refuseTakenName(entry: PublicEntry, others: readonly PublicEntry[]): void {
  const isName = (one: PublicEntry) => one.account === undefined && ownerOf(one) !== undefined
  if (!isName(entry) || !others.some((one) => isName(one) && one.label === entry.label)) return
  throw new Failure(
    'usage',
    `This machine has another key called ${quoted(entry.label)}, and a name stands for one account. Nothing was imported; give ` +
      `--rename ${quoted(`${entry.label}=NAME`)}.`,
  )
}
