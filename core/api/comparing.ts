/** Checkpoints that somebody gives, compared by the log at hand, as the console shows them. */

import { toBase64 } from '../base/bytes.ts'
import { Malformed } from '../base/malformed.ts'
import { formatMilliseconds, formatSeconds, MAX_SECONDS } from '../domain/time.ts'
import { type KeyTerm, keyTerms } from '../ledger/key-terms.ts'
import type { StoreReader } from '../ledger/store.ts'
import { timeOfEntry } from '../ledger/tree.ts'
import { readCheckpoint } from '../log/checkpoint.ts'
import { formatVerifierKey, parseVerifierKey, type VerifierKey } from '../log/note.ts'
import * as comparison from '../sync/comparison.ts'
import { type Evidence, evidenceName, formatEvidence } from '../sync/evidence.ts'
import { known, missing } from './failures.ts'
import type { ConsoleHost } from './host.ts'
import type * as view from './views.ts'

interface Asked {
  readonly first: Uint8Array
  /** The newest checkpoint of the ledger where there is none, and the first is not two already. */
  readonly second?: Uint8Array | undefined
  readonly vkeys: readonly string[]
}

/** A checkpoint, and what it came in. */
interface Side {
  readonly from: view.FoundCheckpoint['from']
  readonly signed: Uint8Array
}

export async function compareCheckpoints(host: ConsoleHost, store: StoreReader, asked: Asked): Promise<view.ComparisonView> {
  const judge = await judgeOf(host, store, asked.vkeys)
  const given = [asked.first, asked.second].filter((bytes) => bytes !== undefined).map(readGiven)
  const [first, second] = sidesOf(given, judge.own.signed)
  const [one, other] = [await examined(judge, first), await examined(judge, second)]
  const { what, path, evidence } = await comparison.compare(judge, one, other, given)
  const own = what === 'foreign' ? [await examined(judge, { from: 'own', signed: judge.own.signed })] : []
  return {
    size: judge.own.head.size,
    first: await checkpointView(store, first, one),
    second: await checkpointView(store, second, other),
    verdict: what,
    ...(path && { path: path.map(toBase64) }),
    ...(evidence && { evidence: evidenceView(judge, evidence, comparison.signersOf([one, other, ...own])) }),
  }
}

async function judgeOf(host: ConsoleHost, store: StoreReader, vkeys: readonly string[]): Promise<comparison.Judge> {
  const { tools, verify } = host
  const signed = await store.checkpoint()
  const head = signed && readCheckpoint(signed)
  if (signed === undefined || head === undefined || head instanceof Malformed) throw missing('There is no checkpoint yet.')
  const given = vkeys.map((vkey) => parseVerifierKey(tools.sha256, vkey))
  const wrong = given.find((key) => key instanceof Malformed)
  if (wrong instanceof Malformed) throw known('usage', `A key cannot be read: ${wrong.reason}.`)
  const further = [...(given as VerifierKey[]), ...(host.sync?.witnesses() ?? [])]
  return { sha256: tools.sha256, verify, log: store, own: { signed, head }, terms: await keyTerms(tools.sha256, store), further }
}

function readGiven(bytes: Uint8Array, at: number): comparison.Given {
  const given = comparison.parseGiven(bytes)
  if (given instanceof Malformed) throw unreadable(at, given)
  return given
}

function unreadable(at: number, { reason }: Malformed) {
  return known('usage', `The ${at === 0 ? 'first' : 'second'} is no signed checkpoint, nor a file that holds one: ${reason}.`)
}

/** Of each file the checkpoint that was shown last; of one file of evidence both. */
function sidesOf(given: readonly comparison.Given[], own: Uint8Array): [Side, Side] {
  const [first, second] = given
  const sides = first!.checkpoints.map((signed) => ({ from: first!.what, signed }))
  if (second !== undefined) return [sides.at(-1)!, { from: second.what, signed: second.checkpoints.at(-1)! }]
  return [sides[0]!, sides[1] ?? { from: 'own', signed: own }]
}

async function examined(judge: comparison.Judge, { signed }: Side): Promise<comparison.Examined> {
  const found = await comparison.examine(judge, signed)
  if (found instanceof Malformed) throw known('usage', `That is no signed checkpoint: ${found.reason}.`)
  return found
}

async function checkpointView(store: StoreReader, { from }: Side, found: comparison.Examined): Promise<view.FoundCheckpoint> {
  const { checkpoint, signatures, trust, standing } = found
  const { origin, size, root } = checkpoint
  const isHere = standing === 'same' && size > 0
  return {
    from,
    origin,
    size,
    root: toBase64(root),
    signatures: signatures.map(signatureView),
    trust,
    standing,
    ...(isHere && { last: formatMilliseconds(await timeOfEntry(store, size - 1)) }),
  }
}

function signatureView({ name, keyId, known: whose, seconds }: comparison.FoundSignature): view.FoundSignature {
  const isTime = seconds !== undefined && seconds <= BigInt(MAX_SECONDS)
  const shown = { name, keyId, ...(isTime && { time: formatSeconds(Number(seconds)) }) }
  if (whose === undefined) return { ...shown, by: 'unknown' }
  const { role, isValid, key, term } = whose
  return { ...shown, by: role, isValid, vkey: formatVerifierKey(key), ...(term && { term: termView(term) }) }
}

function termView({ entry, since, replaced }: KeyTerm): view.KeyTermView {
  const next = replaced && { ...replaced, time: formatMilliseconds(replaced.time), until: formatSeconds(replaced.until) }
  return { entry, since: formatMilliseconds(since), ...(next && { replaced: next }) }
}

function evidenceView({ sha256 }: comparison.Judge, evidence: Evidence, keys: readonly VerifierKey[]) {
  const bytes = formatEvidence(evidence)
  return { name: evidenceName(sha256, bytes), bytes: toBase64(bytes), vkeys: keys.map(formatVerifierKey) }
}
