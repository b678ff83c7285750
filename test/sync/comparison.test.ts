/** Checkpoints side by side: who signed, whether they are of the log at hand, and what two of them come to. */

import { describe, expect, it } from 'vitest'
import { utf8 } from '../../core/base/bytes.ts'
import { Malformed } from '../../core/base/malformed.ts'
import { MemoryLedger, openMemoryReader } from '../../core/drivers/memory/store.ts'
import { sha256 } from '../../core/drivers/sha256.ts'
import { chooseVerifier } from '../../core/drivers/sodium/ed25519.ts'
import { keyPair } from '../../core/drivers/sodium/signer.ts'
import { keyTerms } from '../../core/ledger/key-terms.ts'
import { receiptOf } from '../../core/ledger/receipt.ts'
import { cosignatureSigner, noteVerifier, readCheckpoint, signCheckpoint } from '../../core/log/checkpoint.ts'
import { emptyRoot } from '../../core/log/merkle.ts'
import { COSIGNATURE_V1, ED25519, formatSignatureLines, parseNote, verifierKey } from '../../core/log/note.ts'
import { compare, type Examined, examine, type Given, type Judge, parseGiven, signersOf } from '../../core/sync/comparison.ts'
import { checkEvidence, formatEvidence } from '../../core/sync/evidence.ts'
import { forge } from '../ledger/forging.ts'
import {
  ADA,
  accepted,
  DAY,
  LOG_KEY,
  memoryHome,
  OPERATOR,
  ORIGIN,
  OTHER_SEQUENCER,
  SECOND,
  SEQUENCER,
  TestLedger,
} from '../ledger/support.ts'

const verify = chooseVerifier()
const OTHER_KEY = verifierKey(sha256, ORIGIN, ED25519, OTHER_SEQUENCER.publicKey)
const witnessPair = keyPair(sha256(utf8('a witness')))
const WITNESS = verifierKey(sha256, 'witness.example/w', COSIGNATURE_V1, witnessPair.publicKey)

/** A log of 12 entries, whose key was replaced in entry 8, with its checkpoint at each size. */
async function rotated() {
  const memory = new MemoryLedger()
  const ledger = await TestLedger.found(memoryHome(memory), { sequencerKeys: [SEQUENCER, OTHER_SEQUENCER] })
  const checkpoints = [new Uint8Array(), memory.checkpoint!]
  const add = async (note: Uint8Array) => {
    ledger.time += SECOND
    accepted(await ledger.ledger.submit(note))
    checkpoints.push(memory.checkpoint!)
  }
  await add(ledger.opening(ADA))
  for (let at = 0; at < 6; at++) await add(ledger.model(ADA, `m${at}`))
  const sequencerKey = Buffer.from(OTHER_SEQUENCER.publicKey).toString('hex')
  await add(ledger.sign(OPERATOR, 'sequencer.rotate', { sequencerKey }))
  for (let at = 0; at < 3; at++) await add(ledger.model(ADA, `n${at}`))
  return { memory, ledger, checkpoints, judge: await judgeOf(memory) }
}

async function judgeOf(memory: MemoryLedger, further: Judge['further'] = []): Promise<Judge> {
  const log = await openMemoryReader(memory)
  const signed = memory.checkpoint!
  const head = readCheckpoint(signed)
  if (head instanceof Malformed) throw new Error(head.reason)
  return { sha256, verify, log, own: { signed, head }, terms: await keyTerms(sha256, log), further }
}

/** The first entries, as whoever has no more of them knows the log. */
async function shortened({ judge, memory }: { judge: Judge; memory: MemoryLedger }, size: number): Promise<Judge> {
  const short = await forge(memory, (entries) => entries.splice(size))
  const head = readCheckpoint(short.checkpoint!) as typeof judge.own.head
  return {
    ...judge,
    log: await openMemoryReader(short),
    own: { signed: short.checkpoint!, head },
    terms: judge.terms.slice(0, 1),
  }
}

async function examined(judge: Judge, signed: Uint8Array): Promise<Examined> {
  const found = await examine(judge, signed)
  if (found instanceof Malformed) throw new Error(found.reason)
  return found
}

async function verdictOf(judge: Judge, first: Uint8Array, second: Uint8Array, given: readonly Given[] = []) {
  return compare(judge, await examined(judge, first), await examined(judge, second), given)
}

/** The log with two entries told in the other order from `index` on, signed by its first key. */
function forked(memory: MemoryLedger, index: number, size: number, by = SEQUENCER): Promise<MemoryLedger> {
  const change: Parameters<typeof forge>[1] = (entries) => {
    entries.splice(size)
    entries.splice(index, 2, entries[index + 1]!, entries[index]!)
  }
  return forge(memory, change, by)
}

function read(bytes: Uint8Array | string): Given {
  const given = parseGiven(typeof bytes === 'string' ? utf8(bytes) : bytes)
  if (given instanceof Malformed) throw new Error(given.reason)
  return given
}

describe('who signed', () => {
  it('is a key of the log, by the size that it signed', async () => {
    const { judge, checkpoints } = await rotated()
    const before = await examined(judge, checkpoints[8]!)
    expect(before).toMatchObject({ trust: 'signed', standing: 'same', signatures: [{ known: { role: 'log', isValid: true } }] })
    expect(before.signatures[0]!.known!.term).toMatchObject({ entry: 0, replaced: { entry: 8 } })
    const after = await examined(judge, checkpoints[12]!)
    expect(after.signatures.map(({ keyId, known }) => [keyId, known?.role])).toEqual([
      [OTHER_KEY.keyId, 'log'],
      [LOG_KEY.keyId, 'earlier'],
    ])
    const head = { ...after.checkpoint }
    const byOld = await examined(judge, signCheckpoint(head, [SEQUENCER]))
    expect(byOld).toMatchObject({ trust: 'out_of_force', standing: 'same', signatures: [{ known: { role: 'earlier' } }] })
    const tooEarly = await examined(judge, signCheckpoint(before.checkpoint, [OTHER_SEQUENCER]))
    expect(tooEarly).toMatchObject({ trust: 'out_of_force', signatures: [{ known: { role: 'later' } }] })
  })

  it('has terms that the log tells: from when, and until when beside the next key', async () => {
    const { judge, ledger } = await rotated()
    const [first, second] = judge.terms
    const time = ledger.time - 3 * SECOND
    const until = (time + 30 * DAY) / SECOND
    expect(first).toMatchObject({ key: LOG_KEY, entry: 0, replaced: { entry: 8, time, until } })
    expect(second).toEqual({ key: OTHER_KEY, entry: 8, since: time })
  })

  it('is a witness, with its time, by the reader’s word; or nobody that is known', async () => {
    const { memory, checkpoints } = await rotated()
    const signer = cosignatureSigner(WITNESS, 1_800_000_000, witnessPair.sign)
    const head = readCheckpoint(checkpoints[4]!) as Exclude<ReturnType<typeof readCheckpoint>, Malformed>
    const cosigned = signCheckpoint(head, [SEQUENCER, signer])
    const known = await examined(await judgeOf(memory, [WITNESS]), cosigned)
    expect(known.signatures[1]).toMatchObject({ known: { role: 'witness', isValid: true }, seconds: 1_800_000_000n })
    const unknown = await examined(await judgeOf(memory), cosigned)
    expect(unknown.signatures[1]).toEqual({ name: WITNESS.name, keyId: WITNESS.keyId, seconds: 1_800_000_000n })
    expect(unknown.trust).toBe('signed')
    const alone = signCheckpoint(head, [signer])
    expect(await examined(await judgeOf(memory, [WITNESS]), alone)).toMatchObject({ trust: 'unsigned' })
    // A key of another name cannot speak for the log.
    const impostor = verifierKey(sha256, 'other.example', ED25519, SEQUENCER.publicKey)
    const byImpostor = signCheckpoint(head, [{ ...SEQUENCER, name: impostor.name, keyId: impostor.keyId }])
    expect(await examined(await judgeOf(memory, [impostor]), byImpostor)).toMatchObject({ trust: 'unsigned' })
  })

  it('is nobody where the signature fails, whatever else is right', async () => {
    const { judge, checkpoints } = await rotated()
    const note = parseNote(checkpoints[5]!, 60_000) as Exclude<ReturnType<typeof parseNote>, Malformed>
    const [one] = note.signatures
    const broken = { ...one!, signature: one!.signature.map((byte, at) => (at === 9 ? byte ^ 1 : byte)) }
    const signed = utf8(`${note.text}\n${formatSignatureLines([broken])}`)
    expect(await examined(judge, signed)).toMatchObject({ trust: 'failed', standing: 'same' })
    expect(await verdictOf(judge, signed, checkpoints[6]!)).toEqual({ what: 'unsigned' })
  })
})

describe('two checkpoints', () => {
  it('of one log: the larger extends the smaller, in whichever order they are given', async () => {
    const { judge, checkpoints } = await rotated()
    for (const [a, b] of [
      [3, 12],
      [12, 3],
      [8, 9],
    ] as const) {
      const verdict = await verdictOf(judge, checkpoints[a]!, checkpoints[b]!)
      expect(verdict).toMatchObject({ what: 'extends' })
      expect(verdict.path!.length).toBeGreaterThan(0)
    }
    expect(await verdictOf(judge, checkpoints[5]!, checkpoints[5]!)).toEqual({ what: 'same' })
  })

  it('that contradict each other: the evidence convinces whoever has the keys', async () => {
    const { judge, memory, checkpoints } = await rotated()
    const [six, twelve] = [(await forked(memory, 3, 6)).checkpoint!, checkpoints[12]!]
    for (const [a, b, what] of [
      [six, checkpoints[6]!, 'contradict'],
      [twelve, six, 'contradict'],
      [six, checkpoints[4]!, 'foreign'],
      [six, (await forked(memory, 2, 5)).checkpoint!, 'foreign'],
    ] as const) {
      const verdict = await verdictOf(judge, a, b)
      expect(verdict.what).toBe(what)
      const sides = [await examined(judge, a), await examined(judge, b), await examined(judge, judge.own.signed)]
      const logKeys = signersOf(sides).map((key) => noteVerifier(verify, key))
      const trust = { origin: ORIGIN, logKeys, witnesses: [], quorum: 0 }
      expect(checkEvidence(sha256, verdict.evidence!, trust)).toMatchObject({ kind: 'fork', isProof: true })
    }
  })

  it('of which one has more entries than are here: nothing is claimed', async () => {
    const log = await rotated()
    const { memory, checkpoints } = log
    const short = await shortened(log, 6)
    expect(await examined(short, checkpoints[12]!)).toMatchObject({ standing: 'larger' })
    expect(await verdictOf(short, checkpoints[3]!, checkpoints[8]!)).toEqual({ what: 'unknown' })
    const larger = (await forked(memory, 3, 8)).checkpoint!
    // Of one size they contradict each other, wherever that is.
    expect(await verdictOf(short, larger, checkpoints[8]!)).toMatchObject({ what: 'contradict' })
  })

  it('of which evidence that came along proves what the tree here cannot', async () => {
    const log = await rotated()
    const { judge, memory, checkpoints } = log
    const six = (await forked(memory, 3, 6)).checkpoint!
    const { evidence } = await verdictOf(judge, six, checkpoints[8]!)
    const short = await shortened(log, 2)
    const given = read(formatEvidence(evidence!))
    const [held, shown] = given.checkpoints
    expect(await verdictOf(short, held!, shown!, [given])).toMatchObject({ what: 'contradict', evidence: { kind: 'fork' } })
    // It proves nothing of others.
    expect(await verdictOf(short, held!, checkpoints[7]!, [given])).toEqual({ what: 'unknown' })
  })

  it('of other logs, or of none', async () => {
    const { judge, checkpoints, memory } = await rotated()
    const name = 'other.example/credits'
    const key = verifierKey(sha256, name, ED25519, SEQUENCER.publicKey)
    const head = { origin: name, size: 3, root: sha256(utf8('root')), extensions: [] }
    const other = signCheckpoint(head, [{ ...SEQUENCER, name, keyId: key.keyId }])
    const trusting = await judgeOf(memory, [key])
    expect(await verdictOf(judge, other, checkpoints[3]!)).toEqual({ what: 'unsigned' })
    expect(await verdictOf(trusting, other, checkpoints[3]!)).toEqual({ what: 'different_logs' })
    expect(await verdictOf(trusting, other, other)).toEqual({ what: 'same' })
    const empty = { origin: ORIGIN, size: 0, root: emptyRoot(sha256), extensions: [] }
    const none = signCheckpoint(empty, [SEQUENCER])
    expect(await examined(judge, none)).toMatchObject({ trust: 'out_of_force', standing: 'same' })
  })
})

describe('what is given', () => {
  it('is a checkpoint, a proof or evidence, as a file or as a copied text', async () => {
    const { judge, memory, checkpoints } = await rotated()
    const text = new TextDecoder().decode(checkpoints[7])
    for (const copied of [text, text.replaceAll('\n', '\r\n'), `\n  ${text.trimEnd()}`, `${text}\n\n`]) {
      const given = read(copied)
      expect(given.what).toBe('checkpoint')
      expect(Buffer.from(given.checkpoints[0]!)).toEqual(Buffer.from(checkpoints[7]!))
    }
    const receipt = await receiptOf(sha256, await openMemoryReader(memory), 4)
    expect(read(receipt!.file)).toEqual({ what: 'proof', checkpoints: [memory.checkpoint!] })
    const { evidence } = await verdictOf(judge, (await forked(memory, 3, 6)).checkpoint!, checkpoints[6]!)
    expect(read(formatEvidence(evidence!))).toMatchObject({ what: 'evidence', checkpoints: [{}, {}] })
  })

  it('or none of them', async () => {
    const { judge } = await rotated()
    for (const wrong of ['{', '{}', 'c2sp.org/tlog-proof@v1\nindex x\n\n']) {
      expect(parseGiven(utf8(wrong)), wrong).toBeInstanceOf(Malformed)
    }
    expect(parseGiven(new Uint8Array([0xff, 0xfe]))).toBeInstanceOf(Malformed)
    expect(parseGiven(new Uint8Array(300_000).fill(65))).toBeInstanceOf(Malformed)
    for (const wrong of ['hello', '', 'a\nb\n\n— c ZGVmZw=='])
      expect(await examine(judge, read(wrong).checkpoints[0]!), wrong).toBeInstanceOf(Malformed)
  })
})
