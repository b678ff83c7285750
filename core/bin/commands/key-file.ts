/** keys export, keys import: keys of this machine in a sealed file or in words, to be kept apart or taken to another machine. */

import { existsSync } from 'node:fs'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { plural } from '../../base/plural.ts'
import { isAccountId } from '../../domain/ids.ts'
import { quoted } from '../../domain/text.ts'
import { writeDurably } from '../../drivers/durable-file.ts'
import { wordsOf } from '../../drivers/recovery-words.ts'
import { listKeys, type NamedKey, type PublicEntry, Vault } from '../../drivers/vault.ts'
import { publicKeyHex } from '../desk.ts'
import { Failure } from '../failure.ts'
import { hasLedger } from '../founding.ts'
import { namedByLedger, pairsInWords, takeKeys } from '../key-import.ts'
import { localKeys, ownerOf, SEQUENCER } from '../local-keys.ts'
import { print, printJson } from '../output.ts'
import { readPassphrase } from '../passphrase.ts'
import { type Place, reading, userPath } from '../place.ts'
import { type GlobalOptions, listOption, placeOf, readInput, targetFile } from './options.ts'

const FILE_PASSPHRASE = 'NIMLEDGER_FILE_PASSPHRASE'

interface FileOptions extends GlobalOptions {
  readonly filePassphraseFile?: string
}

interface ExportOptions extends FileOptions {
  readonly account: readonly string[]
  readonly words?: true
}

interface ImportOptions extends FileOptions {
  readonly words?: true
  readonly name?: string
  readonly rename: ReadonlyMap<string, string>
}

export function keyFileCommands(keys: Command): void {
  const help = `read the file's passphrase from there (else ${FILE_PASSPHRASE}, else it is that of this ledger's keys)`
  keys
    .command('export')
    .description('write keys of this machine into a file, sealed under a passphrase, or in words to keep on paper')
    .argument('[file]', 'where to; nothing that is there is replaced (with --words default: the standard output)')
    .addOption(
      listOption(
        '--account <account>',
        'only the keys of this local name or account id, or of the sequencer; again for more',
        'all',
      ),
    )
    .option('--words', 'in the open: 24 words for each key, which no passphrase protects')
    .option('--file-passphrase-file <file>', help, userPath)
    .action(async (file: string | undefined, _options, command: Command) => {
      await exportKeys(file === undefined ? undefined : targetFile(file), command.optsWithGlobals<ExportOptions>())
    })
  keys
    .command('import')
    .description('take keys from an exported file or from words; each is opened and checked before any is taken')
    .argument('<file>', 'an exported file; with --words also - for the standard input')
    .option('--words', 'the file has 24 words for each key, as on a recovery sheet')
    .option('--name <name>', 'with --words: what the key is called here (default: its name in the ledger of the folder)')
    .addOption(
      new Option('--rename <old=new>', 'give a key another local name here; again for more')
        .argParser(parseRename)
        .default(new Map(), 'as they are'),
    )
    .option('--file-passphrase-file <file>', help, userPath)
    .action(async (file: string, _options, command: Command) => {
      await importKeys(file, command.optsWithGlobals<ImportOptions>())
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

async function exportKeys(file: string | undefined, options: ExportOptions): Promise<void> {
  const place = placeOf(options)
  if (options.words && options.filePassphraseFile !== undefined)
    throw new Failure('usage', 'Words have no passphrase: leave out --words or --file-passphrase-file.')
  if (file === undefined && !options.words) throw new Failure('usage', 'Name the file, or ask for the keys in words: --words.')
  if (listKeys(place.dir).length === 0) throw new Failure('usage', `There are no keys in ${place.dir}.`)
  if (file !== undefined && existsSync(file))
    throw new Failure('usage', `${file} is in the way: keys that are nowhere else may be in it.`)
  const isWanted = wantedKeys(place, options.account)
  const own = await readPassphrase(place.passphrase, false)
  const keys = Vault.open(place.dir, own)
    .all()
    .filter(({ label, account, pair }) => isWanted({ label, account, publicKey: pair.publicKey }))
  if (options.words) return exportWords(file, keys, options)
  Vault.createFile(file!, await filePassphrase(options, own)).add(keys)
  if (options.json) printJson({ file: file!, keys: keys.length })
  else print(`Wrote ${plural(keys.length, 'key')} to ${file}. Whoever has the file and its passphrase can sign with them.`)
}

/** Into a file for its owner alone, else on the standard output, as `keys import --words` reads them. */
function exportWords(file: string | undefined, keys: readonly NamedKey[], { json }: ExportOptions): void {
  const told = keys.map(({ label, account, pair }) => {
    const owner = ownerOf({ label, account, publicKey: pair.publicKey })
    return { label, ...(owner !== undefined && { account: owner }), publicKey: publicKeyHex(pair), words: wordsOf(pair.seed) }
  })
  const text = told.map(({ label, account, words }) =>
    [`# ${[quoted(label), account].filter((part) => part !== undefined).join(', ')}`, words.join(' '), ''].join('\n'),
  )
  if (file !== undefined) {
    writeDurably(file, text.join('\n'))
    if (json) printJson({ file, keys: keys.length })
    else print(`Wrote ${plural(keys.length, 'key')} to ${file} in words. Whoever reads the file can sign with them.`)
  } else if (json) printJson({ keys: told.map(({ words, ...key }) => ({ ...key, words: words.join(' ') })) })
  else print(...text)
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
  if (options.name !== undefined && !options.words)
    throw new Failure('usage', '--name goes with --words; of a file, --rename OLD=NEW gives a key another name.')
  const place = placeOf(options)
  const isFirst = listKeys(place.dir).length === 0
  const own = await readPassphrase(place.passphrase, isFirst)
  const vault = isFirst ? Vault.create(place.dir, own) : Vault.open(place.dir, own)
  const source = file === '-' ? file : userPath(file)
  const found = options.words
    ? await keysInWords(place, (await readInput(source)).toString('utf8'), options.name)
    : Vault.openFile(source, await filePassphrase(options, own)).all()
  const renamed = found.map((key) => ({ ...key, label: options.rename.get(key.label) ?? key.label }))
  const imported = { file: source, ...takeKeys(place.dir, vault, renamed) }
  if (options.json) printJson(imported)
  else print(`Took ${plural(imported.imported, 'key')} from ${source}; here already: ${imported.alreadyHere}.`)
}

/** The keys in words, each under the name that it has in the ledger of the folder, or the one that is given. */
async function keysInWords(place: Place, text: string, given: string | undefined): Promise<NamedKey[]> {
  const pairs = pairsInWords(text)
  const known = hasLedger(place.dir) ? await reading(place, (store) => namedByLedger(store, pairs)) : []
  if (given !== undefined && pairs.length > 1) throw new Failure('usage', '--name is for one key, and these are more.')
  return pairs.map((pair, i) => {
    const named = known[i]
    const label = given ?? named?.label
    if (label !== undefined) return { ...named, label, pair }
    throw new Failure(
      'usage',
      `${pairs.length === 1 ? 'These words are' : `The words of key ${i + 1} are`} a key that no ledger in ${place.dir} knows. ` +
        'Nothing was imported; give --name NAME to take it all the same, as the key that an account was opened with.',
    )
  })
}
