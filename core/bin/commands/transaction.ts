/**
 * tx: any transaction type, built, signed and submitted; tx sign and tx submit, for keys and ledgers that are in different
 * places.
 */

import { existsSync, writeFileSync } from 'node:fs'
import { type Command, Help, type Option } from 'commander'
import { tryUtf8Decode } from '../../base/bytes.ts'
import { MAX_COMMIT_NOTES, MAX_NOTE_BYTES } from '../../base/limits.ts'
import { Malformed } from '../../base/malformed.ts'
import type { Json } from '../../domain/canonical.ts'
import { parseTransaction, type Transaction, wrongSignatures } from '../../domain/envelope.ts'
import { type Refusal, refuse } from '../../domain/refusal.ts'
import { type Milliseconds, type Seconds, wholeSeconds } from '../../domain/time.ts'
import { sha256 } from '../../drivers/sha256.ts'
import { isSqliteMirror } from '../../drivers/sqlite/mirror-store.ts'
import { openSqliteOutbox } from '../../drivers/sqlite/outbox-store.ts'
import { Vault } from '../../drivers/vault.ts'
import { notesUnderWay } from '../../ledger/outbox-store.ts'
import { describe } from '../../ledger/present.ts'
import { type Preview, preview } from '../../ledger/preview.ts'
import { readPlatform } from '../../ledger/queries.ts'
import { formatNote, parseNote, signNote } from '../../log/note.ts'
import { parseBody } from '../body.ts'
import { compose, type DraftToSign, LEDGER_TOOLS, writing } from '../desk.ts'
import { EXIT, Failure } from '../failure.ts'
import { hasLedger } from '../founding.ts'
import { chooseKey, localSigner, type UsableKeys, usableKeys } from '../local-keys.ts'
import { print, printJson } from '../output.ts'
import { readPassphrase } from '../passphrase.ts'
import { type Place, reading, readingTime, resolveAccount, userPath } from '../place.ts'
import { forgetAnswered } from '../unanswered.ts'
import { atOption, type GlobalOptions, parseTimeSeconds, placeOf, readInput, targetFile } from './options.ts'
import { pendingOf, showOutcome } from './outcome.ts'
import { helpOfType, whyNoType } from './transaction-types.ts'

interface TransactionOptions extends GlobalOptions {
  readonly as: string
  readonly body: string
  readonly key?: string
  readonly cosign?: string
  readonly preview?: true
  readonly validUntil?: Seconds
  readonly output?: string
  readonly ledger?: string
}

export function transactionCommands(program: Command): void {
  const tx = program
    .command('tx')
    .description('build, sign and submit a transaction of any type')
    .argument('[type]', 'the transaction type, for instance dataset.purchase')
    .option('--as <account>', 'who signs: a local name, operator, or an account id')
    .option('--body <json>', 'the body, - for standard input')
    .option('--key <key>', 'which of the keys of --as signs, by id or label (default: one that may sign everything)')
    .option('--cosign <account>', 'who signs second, for types that demand it')
    .option('--preview', 'show what it would do, and do nothing')
    .option('--valid-until <time>', 'until when it may be accepted (default: a day)', parseTimeSeconds)
    .addOption(atOption())
    .addHelpText('after', ({ command }) => ['', ...helpOfType(namedType(command))].join('\n'))
    .action(async (type: string | undefined, _options, command: Command) => {
      const options = command.optsWithGlobals<TransactionOptions>()
      requireOptions(type, options)
      process.exitCode = await runTransaction(type!, options)
    })
  const sign = tx
    .command('sign')
    .description('sign a transaction into a file, without a ledger at hand; or sign, second, what another has signed')
    .argument(
      '<type|file>',
      'the transaction type, with its --body; or a note that wants a second signature, - for standard input',
    )
    .option('-o, --output <file>', 'where the note goes (default: standard output)')
    .option('--ledger <origin>', 'the ledger it is for (default: the one in the folder)')
    .action(async (what: string, _options, command: Command) => {
      const options = command.optsWithGlobals<TransactionOptions>()
      const isNote = options.body === undefined && (what === '-' || existsSync(userPath(what)))
      requireOptions(what, isNote ? { ...options, body: '' } : options)
      process.exitCode = isNote ? await signSecond(what, options) : await signOffline(what, options)
    })
  const submit = tx
    .command('submit')
    .description('submit signed notes made elsewhere')
    .argument('<files...>', 'note files, - for standard input')
    .action(async (files: string[], _options, command: Command) => {
      process.exitCode = await submitFiles(files, command.optsWithGlobals<GlobalOptions>())
    })
  without(sign, ['preview'])
  without(submit, ['as', 'body', 'key', 'cosign', 'preview', 'validUntil'])
}

/** Takes options of tx away from a command below it: they are not in its help, and it does nothing if one is given. */
function without(command: Command, names: readonly (keyof TransactionOptions)[]): void {
  const isUnused = (option: Option) => names.some((name) => name === option.attributeName())
  command.configureHelp({
    showGlobalOptions: true,
    visibleGlobalOptions(asked: Command) {
      return Help.prototype.visibleGlobalOptions.call(this, asked).filter((option) => !isUnused(option))
    },
  })
  command.hook('preAction', () => {
    const given = command.parent!.options.find(
      (option) => isUnused(option) && command.parent!.getOptionValue(option.attributeName()),
    )
    if (given !== undefined) throw new Failure('usage', `tx ${command.name()} takes no ${given.long}; nothing was done.`)
  })
}

/** The type of which help is asked for. */
function namedType({ args }: Command): string | undefined {
  return args.find((arg) => !arg.startsWith('-'))
}

function requireOptions(type: string | undefined, { as, body }: Partial<TransactionOptions>): void {
  if (type === undefined) throw new Failure('usage', 'Name a transaction type; nimledger tx --help lists them.')
  if (as === undefined) throw new Failure('usage', 'Say who signs: --as ACCOUNT.')
  if (body === undefined)
    throw new Failure(
      'usage',
      `Give the body: --body '{…}', or --body - for standard input; nimledger tx ${type} --help has an example.`,
    )
}

/** The body of a transaction of a type that there is. */
async function readBody(type: string, option: string): Promise<Json | Malformed> {
  const unknown = whyNoType(type)
  if (unknown !== undefined) return new Malformed(unknown)
  const text = option === '-' ? tryUtf8Decode(await readInput('-')) : option
  return text === undefined ? new Malformed('the body is not UTF-8') : parseBody(text)
}

function showMalformed({ reason }: Malformed, options: { json?: true }): number {
  return showOutcome(refuse('malformed', { reason }), options)
}

/** Signs and submits one transaction, or previews it, and prints the result. */
async function runTransaction(type: string, options: TransactionOptions): Promise<number> {
  const body = await readBody(type, options.body)
  if (body instanceof Malformed) return showMalformed(body, options)
  const { as: signer, validUntil, key, cosign: cosigner } = options
  const draft = { signer, type, body, validUntil, key, cosigner }
  const place = placeOf(options)
  const submit = () => writing(place, (desk) => desk.submit(draft)).catch(pendingOf)
  return showOutcome(options.preview ? await previewOne(place, draft) : await submit(), options)
}

function previewOne(place: Place, draft: DraftToSign): Promise<Preview | Refusal> {
  return reading(place, async (store) => {
    const platform = await readPlatform(store)
    const time = await readingTime(store, place)
    const signer = resolveAccount(place, platform, draft.signer)
    const text = compose(platform.origin, time, { ...draft, signer })
    const cosigner = draft.cosigner === undefined ? undefined : resolveAccount(place, platform, draft.cosigner)
    const usable = await usableKeys(store, signer, wholeSeconds(time))
    const keyId = keyIdOf(place, signer, draft.key, usable)
    return preview(LEDGER_TOOLS, store, text, time, { keyId, cosigner, underWay: await underWay(place) })
  })
}

/** What waits in a mirror's outbox; undefined for a ledger of one's own. */
async function underWay({ dir }: Place): Promise<Uint8Array[] | undefined> {
  const outbox = isSqliteMirror(dir) ? openSqliteOutbox(dir, 'read') : undefined
  try {
    return outbox && (await notesUnderWay(outbox))
  } finally {
    await outbox?.close()
  }
}

/** The id of the key that is named; it need not be here where nothing is signed. */
function keyIdOf(place: Place, account: string, named: string | undefined, usable: UsableKeys): string | undefined {
  if (named === undefined || /^[0-9a-f]{8}$/.test(named)) return named
  return chooseKey(place.dir, account, usable, named).keyId
}

/**
 * The ledger that a note is signed for and the time that it is dated: those of the ledger in the folder, unless another ledger is
 * named.
 */
async function signingFor(place: Place, ledger: string | undefined): Promise<{ origin: string; made: Milliseconds }> {
  if (ledger !== undefined) return { origin: ledger, made: place.at ?? Date.now() }
  return reading(place, async (store) => {
    return { origin: (await readPlatform(store)).origin, made: await readingTime(store, place) }
  })
}

/** Signs with a key of this machine. The ledger in the folder tells which of them may, unless the note is for another ledger. */
async function offlineSigner(
  place: Place,
  vault: Vault,
  account: string,
  { key, ledger }: Pick<TransactionOptions, 'key' | 'ledger'>,
) {
  const usable =
    ledger === undefined && hasLedger(place.dir)
      ? await reading(place, async (store) => usableKeys(store, account, wholeSeconds(await readingTime(store, place))))
      : new Map()
  return localSigner(vault, chooseKey(place.dir, account, usable, key))
}

async function signOffline(type: string, options: TransactionOptions): Promise<number> {
  const body = await readBody(type, options.body)
  if (body instanceof Malformed) return showMalformed(body, options)
  const place = placeOf(options)
  const { origin, made } = await signingFor(place, options.ledger)
  const vault = Vault.open(place.dir, await readPassphrase(place.passphrase, false))
  const signers = [await offlineSigner(place, vault, resolveAccount(place, undefined, options.as), options)]
  if (options.cosign !== undefined) {
    const { key: _, ...others } = options
    signers.push(await offlineSigner(place, vault, resolveAccount(place, undefined, options.cosign), others))
  }
  const text = compose(origin, made, { signer: signers[0]!.name, type, body, validUntil: options.validUntil })
  const transaction = parseTransaction(LEDGER_TOOLS.rules, sha256, text)
  if (transaction instanceof Malformed) return showMalformed(transaction, options)
  // One signature may be the first of two, but two where the type demands one are a mistake.
  const miscounted = wrongSignatures(transaction, signers.length)
  if (miscounted !== undefined && signers.length > 1) return showMalformed(miscounted, options)
  writeNote(signNote(text, signers), transaction, { ...options, isHalf: miscounted !== undefined })
  return EXIT.done
}

/** Adds the second signature to a note that its signer signed alone: where a type demands two, they need not meet. */
async function signSecond(file: string, options: TransactionOptions): Promise<number> {
  const note = parseNote(await readInput(file), MAX_NOTE_BYTES)
  if (note instanceof Malformed) return showMalformed(note, options)
  const transaction = parseTransaction(LEDGER_TOOLS.rules, sha256, note.text)
  if (transaction instanceof Malformed) return showMalformed(transaction, options)
  const [first] = note.signatures
  if (wrongSignatures(transaction, note.signatures.length + 1) !== undefined || first!.name !== transaction.signer) {
    throw new Failure('usage', `The note is not one ${transaction.definition.type} with its signer's signature alone below it.`)
  }
  const place = placeOf(options)
  const vault = Vault.open(place.dir, await readPassphrase(place.passphrase, false))
  const { name, keyId, sign } = await offlineSigner(place, vault, resolveAccount(place, undefined, options.as), options)
  const second = { name, keyId, signature: sign(note.textBytes) }
  writeNote(formatNote(note.text, [first!, second]), transaction, { ...options, isHalf: false })
  return EXIT.done
}

interface Written extends TransactionOptions {
  /** Whether another party has to sign below it before it can be submitted. */
  readonly isHalf: boolean
}

function writeNote(note: Uint8Array, transaction: Transaction, { output, json, isHalf }: Written): void {
  const file = output && targetFile(output)
  if (file !== undefined) writeFileSync(file, note)
  if (json) printJson({ id: transaction.id, ...(file === undefined ? { note: new TextDecoder().decode(note) } : { file }) })
  else if (file === undefined) process.stdout.write(note)
  else {
    const [next, command] = isHalf ? ['have it signed second', `sign ${file} --as ACCOUNT`] : ['submit it', `submit ${file}`]
    print(describe(transaction), `Signed into ${file}; ${next} with: nimledger tx ${command}`)
  }
}

/** Notes submitted together, so that they share commits; as many at a time as one commit may hold. */
const WINDOW = MAX_COMMIT_NOTES

async function submitFiles(files: readonly string[], options: GlobalOptions): Promise<number> {
  const place = placeOf(options)
  const inputs: Buffer[] = []
  for (const file of files) inputs.push(await readInput(file))
  const notes = inputs.flatMap(splitNotes)
  return writing(place, async ({ ledger }) => {
    let exitCode: number = EXIT.done
    for (let from = 0; from < notes.length; from += WINDOW) {
      const answers = await Promise.allSettled(notes.slice(from, from + WINDOW).map((note) => ledger.submit(note)))
      for (const answer of answers) {
        // A failure is reported after the answers that came before it.
        const outcome = answer.status === 'rejected' ? pendingOf(answer.reason) : answer.value
        exitCode = Math.max(exitCode, showOutcome(outcome, options))
      }
    }
    for (const file of files) forgetAnswered(place.dir, userPath(file))
    return exitCode
  })
}

/** Several notes in one file, one after the other: each begins with its text, which begins with a brace. */
function splitNotes(bytes: Buffer): Buffer[] {
  const notes: Buffer[] = []
  let start = 0
  for (let next = bytes.indexOf('\n{'); next >= 0; next = bytes.indexOf('\n{', next + 1)) {
    notes.push(bytes.subarray(start, next + 1))
    start = next + 1
  }
  return [...notes, bytes.subarray(start)]
}
