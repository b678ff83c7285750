/** prove, prove-balance, check: receipts and balance proofs, for those who do not want to trust the operator. */

import { existsSync, readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { Malformed } from '../../base/malformed.ts'
import { closing } from '../../domain/state.ts'
import { formatMilliseconds } from '../../domain/time.ts'
import { writeDurably } from '../../drivers/durable-file.ts'
import { readPublished } from '../../drivers/published-files.ts'
import { sha256 } from '../../drivers/sha256.ts'
import { readAccepted } from '../../ledger/accepted.ts'
import { summaryOf } from '../../ledger/closing.ts'
import { describe, type JsonObject } from '../../ledger/present.ts'
import { readPlatform, readRow } from '../../ledger/queries.ts'
import { balanceProofOf, checkProof, type Proven, receiptOf } from '../../ledger/receipt.ts'
import { stateAt } from '../../ledger/replay.ts'
import { checkSignedRefusal, isSignedRefusal } from '../../ledger/signed-refusal.ts'
import { StoreError, type StoreReader } from '../../ledger/store.ts'
import type { LogTrust } from '../../log/checkpoint.ts'
import { checkEvidence, type Evidence, type EvidenceKind, isEvidence, parseEvidence } from '../../sync/evidence.ts'
import { LEDGER_TOOLS } from '../desk.ts'
import { EXIT, Failure } from '../failure.ts'
import { formatFields, print, printJson, progressBar } from '../output.ts'
import { reading, resolveAccount } from '../place.ts'
import { presentCosigners, trustIn, witnessPolicyOption } from '../trust-policy.ts'
import { type GlobalOptions, givenFile, listOption, parseCount, placeOf, targetFile } from './options.ts'

interface ProveOptions extends GlobalOptions {
  readonly output?: string
}

interface CheckOptions extends GlobalOptions {
  readonly vkey: readonly string[]
  readonly witnessPolicy?: string
}

export function proofCommands(program: Command): void {
  program
    .command('prove')
    .description('write the receipt of an entry: that it is in the log, checked offline')
    .argument('<index>', 'the entry', parseCount)
    .option('-o, --output <file>', 'where to (default: entry-INDEX.tlog-proof); the entry itself goes beside it')
    .action(async (index: number, _options, command: Command) => {
      const options = command.optsWithGlobals<ProveOptions>()
      await prove(index, targetFile(options.output ?? `entry-${index}.tlog-proof`), options)
    })
  program
    .command('prove-balance')
    .description("write the proof of an account's books at the last closing, checked offline")
    .argument('<account>', 'an account id, a local name, or operator')
    .option('-o, --output <file>', 'where to (default: balance-ACCOUNT.tlog-proof)')
    .action(async (account: string, _options, command: Command) => {
      await proveBalance(account, command.optsWithGlobals<ProveOptions>())
    })
  program
    .command('check')
    .description('check a receipt, a balance proof, a signed refusal or evidence with nothing but the vkey of the log')
    .argument('<file>', 'a .tlog-proof, a .refusal, or the evidence of a mirror')
    .addOption(
      listOption(
        '--vkey <vkey>',
        "the log's key; again for another one, where it was replaced",
        'those that the witness policy names',
      ),
    )
    .addOption(witnessPolicyOption())
    .action((file: string, _options, command: Command) => {
      process.exitCode = check(file, command.optsWithGlobals<CheckOptions>())
    })
}

/** The entry is put beside its receipt, for programs that know only tlog-proof. */
function entryFileOf(file: string): string {
  return `${file.replace(/\.tlog-proof$/, '')}.entry`
}

async function prove(index: number, file: string, options: GlobalOptions): Promise<void> {
  const receipt = await reading(placeOf(options), async (store) => {
    const size = await store.size()
    if (index >= size) throw new Failure('usage', `There is no entry ${index}: the log has ${size}, from 0 on.`)
    return receiptOf(sha256, store, index, readPublished(placeOf(options).dir).cosigned)
  })
  if (receipt === undefined) throw notCovered(index)
  writeDurably(entryFileOf(file), receipt.entry)
  writeDurably(file, receipt.file)
  if (options.json) printJson({ file })
  else print(`Wrote ${file}, and the entry itself to ${entryFileOf(file)}`)
}

function notCovered(index: number): Failure {
  return new Failure(
    'busy',
    `No checkpoint covers entry ${index} yet: the sequencer stopped before it signed one. Submit once more.`,
  )
}

async function proveBalance(name: string, options: ProveOptions): Promise<void> {
  const place = placeOf(options)
  const proven = await reading(place, async (store) => {
    const account = resolveAccount(place, await readPlatform(store), name)
    return { account, proof: await balanceProof(store, account, readPublished(place.dir).cosigned) }
  })
  const file = targetFile(options.output ?? `balance-${proven.account}.tlog-proof`)
  writeDurably(file, proven.proof)
  if (options.json) printJson({ file })
  else print(`Wrote ${file}`)
}

async function balanceProof(store: StoreReader, account: string, cosigned: Uint8Array | undefined): Promise<Uint8Array> {
  const closed = await readRow(store, closing)
  if (closed === undefined) {
    throw new Failure(
      'usage',
      'The books were never closed, so there is no state root yet; nimledger renew --until TIME closes them.',
    )
  }
  const { time, transaction } = await readAccepted(LEDGER_TOOLS, store, closed.entry)
  const replay = await stateAt(LEDGER_TOOLS, store, closed.entry, progressBar('replay'))
  const state = replay.leaves(time)
  const { stateRoot } = transaction.body as { readonly stateRoot: string }
  if (summaryOf(sha256, state).stateRoot !== stateRoot) {
    throw new StoreError('damaged', 'The state before the last closing is not what it states; nimledger verify tells more.')
  }
  const number = state.numbers.get(account)
  if (number === undefined) throw new Failure('usage', `The account ${account} is younger than the last closing of the books.`)
  const proof = await balanceProofOf(sha256, store, closed.entry, state.leaves, number, cosigned)
  if (proof === undefined) throw notCovered(closed.entry)
  return proof
}

function check(name: string, options: CheckOptions): number {
  const file = givenFile(name)
  const trust = trustIn(options.vkey, options.witnessPolicy)
  const bytes = readFileSync(file)
  const shown = checked(file, bytes, trust)
  if (shown instanceof Malformed) {
    const { reason } = shown
    if (options.json) process.stdout.write(`${JSON.stringify({ ok: false, origin: trust.origin, message: `${reason}.` })}\n`)
    else print('UNTRUSTED', `  ${reason}.`)
    return EXIT.damaged
  }
  if (options.json) printJson({ ok: true, ...shown })
  else print('ok', ...formatFields(shown).map((line) => `  ${line}`))
  return EXIT.done
}

/** The first bytes of a file tell which kind it is. */
function checked(file: string, bytes: Uint8Array, trust: LogTrust): JsonObject | Malformed {
  if (isEvidence(bytes)) return checkedEvidence(bytes, trust)
  return isSignedRefusal(bytes) ? checkedRefusal(bytes, trust) : checkedProof(file, bytes, trust)
}

function checkedRefusal(bytes: Uint8Array, trust: LogTrust): JsonObject | Malformed {
  const signed = checkSignedRefusal(bytes, trust)
  if (signed instanceof Malformed) return signed
  const { id, time, size, refusal } = signed
  const { code, message, data } = refusal
  return { what: 'refusal', origin: trust.origin, size, id, time: formatMilliseconds(time), code, message, data }
}

function checkedProof(file: string, bytes: Uint8Array, trust: LogTrust): JsonObject | Malformed {
  const path = entryFileOf(file)
  const beside = existsSync(path) ? readFileSync(path) : undefined
  const proven = checkProof(LEDGER_TOOLS, bytes, trust, beside)
  if (proven instanceof Malformed) return proven
  if (beside !== undefined && proven.what === 'entry' && !beside.equals(proven.bytes))
    return new Malformed(`the entry in ${path} is not the one that is proven`)
  const isWitnessed = trust.witnesses.length > 0
  return { ...presentProven(proven), ...(isWitnessed && { cosigners: presentCosigners(proven.opened, trust) }) }
}

/** What evidence comes to, in this program's words: those in the file may be anybody's. */
const EVIDENCE_WORDS: Record<EvidenceKind, string> = {
  fork: 'The log signed two histories that contradict each other; this file alone shows it.',
  rollback: 'The log signed both. That it showed the smaller one after the larger is the word of whoever wrote the file.',
  withheld: 'The log signed what was shown. That it did not serve the resource is the word of whoever wrote the file.',
  altered: 'The log signed what was shown. That it served something else is the word of whoever wrote the file.',
  invalid: 'The log signed what was shown. That it breaks the rules shows whoever replays the log: nimledger verify.',
}

function checkedEvidence(bytes: Uint8Array, trust: LogTrust): JsonObject | Malformed {
  const evidence = parseEvidence(bytes)
  const confirmed = evidence instanceof Malformed ? evidence : checkEvidence(sha256, evidence, trust)
  if (confirmed instanceof Malformed) return confirmed
  const { kind, shown, held, isProof } = confirmed
  const { index } = evidence as Evidence
  return {
    what: 'evidence',
    origin: trust.origin,
    size: shown.size,
    ...(held && { heldSize: held.size }),
    kind,
    ...(kind === 'invalid' && index !== undefined && { index }),
    proof: isProof,
    summary: EVIDENCE_WORDS[kind],
  }
}

function presentProven(proven: Proven): JsonObject {
  const { origin, size } = proven.opened.checkpoint
  if (proven.what === 'entry') {
    const { index, time, transaction } = proven
    const { id, signer, definition } = transaction
    const entry = { index, time: formatMilliseconds(time), type: definition.type, signer, id, summary: describe(transaction) }
    return { what: 'entry', origin, size, ...entry }
  }
  const { closing, leaf } = proven
  const { account, number, books, entries, last } = leaf as JsonObject
  const closed = { index: closing.index, time: formatMilliseconds(closing.time) }
  return {
    what: 'balance',
    origin,
    size,
    account: account!,
    number: number!,
    books: books!,
    entries: entries!,
    last: last!,
    ...closed,
  }
}
