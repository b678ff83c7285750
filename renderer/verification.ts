/**
 * Checks one entry in the page, by the core's own code: that its bytes are those that are shown, that they are in the tree
 * whose root the log's key signed, and that whoever it binds signed it. The page's verifier is WebCrypto, behind the same
 * gate as everywhere.
 *
 * WebCrypto answers later, and the code of core/log asks at once. So each check is run twice: first to learn which signatures it
 * asks about, then, with these verified, to hear what it says.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import type { EntryDetail } from '../core/api/views.ts'
import { toBase64, toHex, tryFromBase64, tryFromHex, tryUtf8Decode, utf8 } from '../core/base/bytes.ts'
import { MAX_ENTRY_BYTES, MAX_NOTE_BYTES, MAX_PROOF_BYTES } from '../core/base/limits.ts'
import { Malformed } from '../core/base/malformed.ts'
import { noteVerifier, openCheckpoint } from '../core/log/checkpoint.ts'
import { inclusionRanges, leafHash, type Range } from '../core/log/merkle.ts'
import { ED25519, ed25519Verifier, isSameKey, openNote, parseNote, parseVerifierKey, verifierKey } from '../core/log/note.ts'
import { parseProof, verifyProof } from '../core/log/proof.ts'
import { KNOWN_ANSWERS, type VerifySignature, verifyGated } from '../core/log/signature.ts'

export type StepName = 'verifier' | 'answer' | 'leaf' | 'checkpoint' | 'path' | 'signatures'

interface Step {
  readonly name: StepName
  readonly ok: boolean
  /** What is wrong, in words. */
  readonly fault?: string
}

export interface Verification {
  readonly ok: boolean
  readonly steps: readonly Step[]
  /** In base64. */
  readonly leaf?: string
  readonly root?: string
  readonly size?: number
  readonly siblings: readonly (Range & { readonly hash: string })[]
  readonly signatures: number
}

interface Checking {
  readonly detail: EntryDetail
  /** The log's key that has to have signed the checkpoint, whatever the answer says. */
  readonly vkey: string
  /** The log's key of now. */
  readonly ownVkey: string
}

export async function verifyEntry({ detail, vkey, ownVkey }: Checking): Promise<Verification> {
  const verifier = await answered((verify) => KNOWN_ANSWERS.map((known) => isAnswered(verify, known)))
  const steps: Step[] = [step('verifier', verifier.every(Boolean) ? undefined : 'it does not')]
  const bytes = tryFromBase64(detail.bytes)
  const proof = tryFromBase64(detail.proof)
  const key = parseVerifierKey(sha256, vkey)
  const parsed = proof === undefined ? new Malformed('the proof is not base64') : parseProof(proof, MAX_PROOF_BYTES)
  steps.push(step('answer', answerFault(detail, bytes, ownVkey)))
  const nothing = { ok: false, steps, siblings: [], signatures: 0 }
  if (bytes === undefined || bytes.length > MAX_ENTRY_BYTES) return nothing
  const leaf = leafHash(sha256, bytes)
  steps.push(step('leaf', undefined))
  const found = { ...nothing, leaf: toBase64(leaf) }
  if (parsed instanceof Malformed) return { ...found, steps: [...steps, step('path', parsed.reason)] }
  if (key instanceof Malformed) return { ...found, steps: [...steps, step('checkpoint', key.reason)] }
  const trust = (verify: VerifySignature) => ({
    origin: key.name,
    logKeys: [noteVerifier(verify, key)],
    witnesses: [],
    quorum: 0,
  })
  const opened = await answered((verify) => openCheckpoint(parsed.checkpoint, trust(verify)))
  steps.push(step('checkpoint', opened instanceof Malformed ? opened.reason : undefined))
  const proven = await answered((verify) => verifyProof(sha256, parsed, leaf, trust(verify)))
  const indexFault = parsed.index === detail.index ? undefined : `the proof is of entry ${parsed.index}`
  steps.push(step('path', proven instanceof Malformed ? proven.reason : indexFault))
  steps.push(step('signatures', await signaturesFault(detail)))
  const { size, root } = opened instanceof Malformed ? { size: undefined, root: undefined } : opened.checkpoint
  const ranges = size !== undefined && parsed.index < size ? inclusionRanges(parsed.index, size) : []
  return {
    ...found,
    ok: steps.every(({ ok }) => ok),
    siblings: ranges.flatMap((range, at) =>
      parsed.path[at] === undefined ? [] : [{ ...range, hash: toBase64(parsed.path[at]) }],
    ),
    ...(size !== undefined && { size }),
    ...(root !== undefined && { root: toBase64(root) }),
    signatures: detail.signatures.length,
  }
}

function step(name: StepName, fault: string | undefined): Step {
  return fault === undefined ? { name, ok: true } : { name, ok: false, fault }
}

/** Whether the page shows anything else than the bytes say. */
function answerFault(detail: EntryDetail, bytes: Uint8Array | undefined, vkey: string): string | undefined {
  const text = bytes && tryUtf8Decode(bytes)
  if (text === undefined) return 'the bytes are not a text'
  const end = text.indexOf('\n')
  if (text.slice(0, end) !== detail.time) return 'the time is another'
  if (text.slice(end + 1) !== detail.note) return 'the note is another'
  if (detail.vkey !== vkey) return 'the log’s key is another'
  const signed = fieldsOf(detail.note)
  if (signed === undefined) return 'the note has no fields'
  const { type, signer, body } = signed
  if (type !== detail.type || signer !== detail.signer) return 'the type or the signer is another'
  return JSON.stringify(body) === JSON.stringify(detail.body) ? undefined : 'the body is another'
}

function fieldsOf(note: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(note.slice(0, note.indexOf('\n'))) as Readonly<Record<string, unknown>>
  } catch {
    return undefined
  }
}

/** What is wrong with the signatures over the note, if anything. */
async function signaturesFault({ note, signatures }: EntryDetail): Promise<string | undefined> {
  const parsed = parseNote(utf8(note), MAX_NOTE_BYTES)
  if (parsed instanceof Malformed) return parsed.reason
  const keys = signatures.map(({ name, keyId, publicKey }) => {
    const bytes = publicKey === undefined ? undefined : tryFromHex(publicKey)
    const key = bytes && verifierKey(sha256, name, ED25519, bytes)
    return key !== undefined && key.keyId === keyId ? key : undefined
  })
  const unknown = parsed.signatures.find((one) => !keys.some((key) => key !== undefined && isSameKey(key, one)))
  if (unknown !== undefined) return `no key is known for ${unknown.name}, ${unknown.keyId}`
  const known = keys.filter((key) => key !== undefined)
  const opened = await answered((verify) =>
    openNote(
      parsed,
      known.map((key) => ed25519Verifier(verify, key)),
    ),
  )
  return opened instanceof Malformed ? opened.reason : undefined
}

function isAnswered(verify: VerifySignature, { publicKey, message, signature, valid }: (typeof KNOWN_ANSWERS)[number]): boolean {
  const [key, signed] = [tryFromHex(publicKey), tryFromHex(signature)]
  return key !== undefined && signed !== undefined && verifyGated(verify, key, utf8(message), signed) === valid
}

/** Runs a check with WebCrypto as its verifier. */
async function answered<T>(check: (verify: VerifySignature) => T): Promise<T> {
  const asked: Parameters<VerifySignature>[] = []
  check((...question) => {
    asked.push(question)
    return true
  })
  const answers = new Map<string, boolean>()
  for (const question of asked) answers.set(nameOf(question), await webVerify(...question))
  return check((...question) => answers.get(nameOf(question)) ?? false)
}

function nameOf([publicKey, message, signature]: Parameters<VerifySignature>): string {
  return [publicKey, sha256(message), signature].map((bytes) => toHex(bytes)).join(' ')
}

async function webVerify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
  const { subtle } = globalThis.crypto
  try {
    const key = await subtle.importKey('raw', publicKey as BufferSource, 'Ed25519', false, ['verify'])
    return await subtle.verify('Ed25519', key, signature as BufferSource, message as BufferSource)
  } catch {
    // A key that is no point of the curve verifies nothing.
    return false
  }
}
