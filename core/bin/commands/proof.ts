/** prove, prove-balance, check: receipts and balance proofs, for those whom the operator need not be trusted by. */

import { existsSync, readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { Malformed } from '../../base/malformed.ts'
import { closing } from '../../domain/state.ts'
import { formatMilliseconds } from '../../domain/time.ts'
import { writeDurably } from '../../drivers/durable-file.ts'
import { sha256 } from '../../drivers/sha256.ts'
import { chooseVerifier } from '../../drivers/sodium/ed25519.ts'
import { readAccepted } from '../../ledger/accepted.ts'
import { summaryOf } from '../../ledger/closing.ts'
import { describe, type JsonObject } from '../../ledger/present.ts'
import { readPlatform, readRow } from '../../ledger/queries.ts'
import { balanceProofOf, checkProof, type Proven, receiptOf } from '../../ledger/receipt.ts'
import { stateAt } from '../../ledger/replay.ts'
import { StoreError, type StoreReader } from '../../ledger/store.ts'
import { noteVerifier } from '../../log/checkpoint.ts'
import { parseVerifierKey } from '../../log/note.ts'
import { LEDGER_TOOLS, reading, resolveAccount, userPath } from '../desk.ts'
import { EXIT, Failure } from '../failure.ts'
import { formatFields, print, printJson, progressBar } from '../output.ts'
import { type GlobalOptions, parseCount, placeOf } from './options.ts'

interface ProveOptions extends GlobalOptions {
  readonly output?: string
}

interface CheckOptions extends GlobalOptions {
  readonly vkey: string
}

export function proofCommands(program: Command): void {
  program
    .command('prove')
    .description('write the receipt of an entry: that it is in the log, checked offline')
    .argument('<index>', 'the entry', parseCount)
    .option('-o, --output <file>', 'where to (default: entry-INDEX.tlog-proof); the entry itself goes beside it')
    .action(async (index: number, _options, command: Command) => {
      const options = command.optsWithGlobals<ProveOptions>()
      await prove(index, userPath(options.output ?? `entry-${index}.tlog-proof`), options)
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
    .description('check a receipt or a balance proof with nothing but the vkey of the log')
    .argument('<file>', 'a .tlog-proof')
    .requiredOption('--vkey <vkey>', "the log's key")
    .action((file: string, _options, command: Command) => {
      process.exitCode = check(file, command.optsWithGlobals<CheckOptions>())
    })
}

/** The entry stands beside its receipt, ready for programs that know only tlog-proof. */
function entryFileOf(file: string): string {
  return `${file.replace(/\.tlog-proof$/, '')}.entry`
}

async function prove(index: number, file: string, options: GlobalOptions): Promise<void> {
  const receipt = await reading(placeOf(options), async (store) => {
    const size = await store.size()
    if (index >= size) throw new Failure('usage', `There is no entry ${index}: the log has ${size}, from 0 on.`)
    return receiptOf(sha256, store, index)
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
    return { account, proof: await balanceProof(store, account) }
  })
  const file = userPath(options.output ?? `balance-${proven.account}.tlog-proof`)
  writeDurably(file, proven.proof)
  if (options.json) printJson({ file })
  else print(`Wrote ${file}`)
}

async function balanceProof(store: StoreReader, account: string): Promise<Uint8Array> {
  const closed = await readRow(store, closing)
  if (closed === undefined) {
    throw new Failure(
      'usage',
      'The books were never closed, so there is no state root yet; nimledger renew --until TIME closes them.',
    )
  }
  const { time, transaction } = await readAccepted(LEDGER_TOOLS.rules, sha256, store, closed.entry)
  const replay = await stateAt(LEDGER_TOOLS, store, closed.entry, progressBar('replay'))
  const state = replay.leaves(time)
  const { stateRoot } = transaction.body as { readonly stateRoot: string }
  if (summaryOf(sha256, state).stateRoot !== stateRoot) {
    throw new StoreError('damaged', 'The state before the last closing is not what it states; nimledger verify tells more.')
  }
  const number = state.numbers.get(account)
  if (number === undefined) throw new Failure('usage', `The account ${account} is younger than the last closing of the books.`)
  const proof = await balanceProofOf(sha256, store, closed.entry, state.leaves, number)
  if (proof === undefined) throw notCovered(closed.entry)
  return proof
}

function check(name: string, { vkey, json }: CheckOptions): number {
  const file = userPath(name)
  if (!existsSync(file)) throw new Failure('usage', `There is no file ${file}.`)
  const key = parseVerifierKey(sha256, vkey)
  if (key instanceof Malformed) throw new Failure('usage', `--vkey: ${key.reason}.`)
  const trust = { origin: key.name, logKeys: [noteVerifier(chooseVerifier(), key)], witnesses: [], quorum: 0 }
  const proven = checkProof(LEDGER_TOOLS, readFileSync(file), trust)
  const wrong = proven instanceof Malformed ? proven.reason : foreignEntry(file, proven)
  if (wrong !== undefined) {
    if (json) process.stdout.write(`${JSON.stringify({ ok: false, origin: key.name, message: `${wrong}.` })}\n`)
    else print('UNTRUSTED', `  ${wrong}.`)
    return EXIT.damaged
  }
  const shown = presentProven(proven as Proven)
  if (json) printJson({ ok: true, ...shown })
  else print('ok', ...formatFields(shown).map((line) => `  ${line}`))
  return EXIT.done
}

/** What is wrong with the entry that lies beside a receipt, if one does. */
function foreignEntry(file: string, proven: Proven): string | undefined {
  const beside = entryFileOf(file)
  if (proven.what !== 'entry' || !existsSync(beside)) return undefined
  return readFileSync(beside).equals(proven.bytes) ? undefined : `the entry in ${beside} is not the one that is proven`
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
