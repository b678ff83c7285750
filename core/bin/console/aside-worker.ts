/** The thread of aside.ts: does the one task that it is given. */

import { statSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { assert } from '../../base/assert.ts'
import { tryFromHex, utf8 } from '../../base/bytes.ts'
import { MAX_EXPORT_BYTES } from '../../base/limits.ts'
import type { Refusal } from '../../domain/refusal.ts'
import { writePartsDurably } from '../../drivers/durable-file.ts'
import { readPublished } from '../../drivers/published-files.ts'
import { wordsOf } from '../../drivers/recovery-words.ts'
import { createVerifier } from '../../drivers/sodium/verifier.ts'
import { openSqliteReader } from '../../drivers/sqlite/store.ts'
import { Vault } from '../../drivers/vault.ts'
import { type AuditReport, audit } from '../../ledger/audit.ts'
import { DEPOSIT_TYPES } from '../../ledger/deposits.ts'
import { DEMO_PASSPHRASE } from '../demo/marketplace.ts'
import { makeDemo } from '../demo/run.ts'
import { depositsCsv } from '../deposits.ts'
import { LEDGER_TOOLS } from '../desk.ts'
import { archivedTiles, bounded, exportParts } from '../export/formats.ts'
import { Failure, knownFailureOf } from '../failure.ts'
import { foundLedger } from '../founding.ts'
import { ownerOf } from '../local-keys.ts'
import { reading, userPath } from '../place.ts'
import { restoreLedger } from '../restoring.ts'
import { searching } from '../searching.ts'
import { findStatement } from '../statement/find.ts'
import { partsOf } from '../statement/formats.ts'
import type { Task, Tasks, Told } from './aside.ts'
import { mirrorHub } from './hub-door.ts'

const port = parentPort
assert(port !== null, 'the worker runs as a worker thread')

const tell = (told: Told) => port.postMessage(told)
const progress = (done: number, total: number) => tell({ what: 'progress', done, total })

/** A message for every entry would keep the other side busy. */
const TELL_EVERY = 250
const rarely = (done: number, total: number) => {
  if (done % TELL_EVERY === 0 || done === total) progress(done, total)
}

async function demo(dir: string): Promise<Refusal | undefined> {
  const made = await makeDemo({ dir, passphrase: { environment: DEMO_PASSPHRASE } }, DEMO_PASSPHRASE, progress)
  return 'status' in made ? made : undefined
}

async function found({ dir, passphrase, terms }: Tasks['found']['given']): Promise<Refusal | undefined> {
  const founded = await foundLedger(dir, passphrase, { ...terms, clock: 'system' })
  return 'status' in founded ? founded : undefined
}

async function auditFolder(dir: string): Promise<AuditReport> {
  const store = await openSqliteReader(dir)
  const verifier = createVerifier()
  try {
    return await audit(store, store, { ...LEDGER_TOOLS, verifier, progress })
  } finally {
    await store.close()
    await verifier.close()
  }
}

async function restore({ dir, file }: Tasks['restore']['given']): Promise<undefined> {
  const place = { dir, passphrase: {}, at: undefined }
  await restoreLedger(place, { file: userPath(file), from: [], trusted: undefined })
}

async function statement({ dir, account, period, format }: Tasks['statement']['given']): Promise<Uint8Array> {
  return searching(dir, period.to === undefined ? {} : { account }, async (searched) => {
    const found = await findStatement(LEDGER_TOOLS, searched, account, period)
    const parts: Uint8Array[] = []
    for await (const part of await partsOf(found, format)) parts.push(typeof part === 'string' ? utf8(part) : part)
    return Buffer.concat(parts)
  })
}

async function exportLog({ dir, format, file }: Tasks['exportLog']['given']): Promise<Tasks['exportLog']['result']> {
  return reading({ dir, passphrase: {} }, async (store) => {
    const { cosigned } = readPublished(dir)
    const exporting = format === 'tiles' ? archivedTiles(store, cosigned, rarely) : exportParts(store, format, rarely)
    const { entries, parts } = await exporting
    await writePartsDurably(file, bounded(parts, MAX_EXPORT_BYTES))
    return { entries, bytes: statSync(file).size }
  })
}

function deposits({ dir, period }: Tasks['deposits']['given']): Promise<Uint8Array> {
  return searching(dir, { type: DEPOSIT_TYPES[0] }, async (searched) => utf8(await depositsCsv(searched, period)))
}

function keyFile({ dir, passphrase, account }: Tasks['keyFile']['given']): Uint8Array {
  const isWanted = ({ label, account: owner, pair }: ReturnType<Vault['all']>[number]) =>
    account === undefined || ownerOf({ label, account: owner, publicKey: pair.publicKey }) === account
  const keys = Vault.open(dir, passphrase).all().filter(isWanted)
  if (keys.length === 0) throw new Failure('usage', 'None of its keys are on this machine.')
  return utf8(Vault.fileOf(keys, passphrase))
}

/** The words of keys, by their public keys in hex. */
function words({ dir, passphrase, publicKeys }: Tasks['words']['given']): string[][] {
  const vault = Vault.open(dir, passphrase)
  return publicKeys.map((publicKey) => wordsOf(vault.pair(tryFromHex(publicKey)!)!.seed))
}

async function run({ name, given }: Task): Promise<unknown> {
  if (name === 'demo') return demo(given.dir)
  if (name === 'join') return mirrorHub(given, progress)
  if (name === 'restore') return restore(given)
  if (name === 'statement') return statement(given)
  if (name === 'exportLog') return exportLog(given)
  if (name === 'deposits') return deposits(given)
  if (name === 'keyFile') return keyFile(given)
  if (name === 'words') return words(given)
  return name === 'found' ? found(given) : auditFolder(given.dir)
}

try {
  tell({ what: 'done', result: await run(workerData as Task) })
} catch (error) {
  const failure = knownFailureOf(error)
  if (failure === undefined) throw error
  tell({ what: 'failed', code: failure.code, message: failure.message })
}
