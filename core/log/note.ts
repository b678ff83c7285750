/**
 * Signed notes, c2sp.org/signed-note v1.0.0: a text, an empty line, and one or more signature lines.
 *
 *     This is an example message.
 *
 *     — example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
 *
 * The text ends in a newline and is what gets signed; it may hold empty lines itself, so it is cut off at the last one. A
 * signature line is an em dash (U+2014), a space, the key's name, a space and base64(key id (4 bytes) || signature). A note is
 * UTF-8 without control characters other than the newline. A key's name is not empty and holds neither white space nor `+`.
 *
 *     key id  = SHA-256(name || 0A || type || public key)[:4]         type 01: Ed25519 over the text; type 04: see checkpoint.ts
 *     vkey    = name+hex(key id)+base64(type || public key)
 *               example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k
 *     signer  = PRIVATE+KEY+name+hex(key id)+base64(01 || seed)       the form that golang.org/x/mod/sumdb/note made
 *
 * Stricter than x/mod's reader in one thing: base64 has to be canonical, so that a signature has one spelling.
 */
import { assert } from '../base/assert.ts'
import {
  concatBytes,
  decodeBase64,
  type Sha256,
  sharedCopy,
  toBase64,
  toHex,
  tryFromBase64,
  tryFromHex,
  tryUtf8Decode,
  utf8,
} from '../base/bytes.ts'
import { MAX_SIGNATURE_LINES } from '../base/limits.ts'
import { Malformed } from '../base/malformed.ts'
import { PUBLIC_KEY_BYTES, type VerifySignature, verifyGated } from './signature.ts'

/** The signature types that this project reads. Signatures of other types count as made by unknown keys. */
export const ED25519 = 0x01
export const COSIGNATURE_V1 = 0x04

/** A signature line. Name and key id together identify the key; both are claims until a verifier has accepted the signature. */
export interface NoteSignature {
  readonly name: string
  /** Eight digits of lower-case hex. */
  readonly keyId: string
  /** What follows the key id: for type 01 the 64 bytes of Ed25519. */
  readonly signature: Uint8Array
}

/** A well-formed note. That says nothing about its signatures. */
export interface Note {
  /** The text with its final newline. */
  readonly text: string
  /** The text's bytes, the signed ones: a view of the bytes that were parsed. */
  readonly textBytes: Uint8Array
  readonly signatures: readonly NoteSignature[]
}

/** Why a well-formed note is not believed: nobody known signed it, or the signature of somebody known fails. */
export class Unverified extends Malformed {}

/** A public key with the name that it signs under. */
export interface VerifierKey {
  readonly name: string
  readonly keyId: string
  readonly type: number
  readonly publicKey: Uint8Array
}

/** A private key with the name that it signs under. */
interface SignerKey {
  readonly name: string
  readonly keyId: string
  readonly seed: Uint8Array
}

/** Decides about signatures of one key. What exactly is signed, beside the note's text, depends on the type of the key. */
export interface NoteVerifier {
  readonly name: string
  readonly keyId: string
  verify(textBytes: Uint8Array, signature: Uint8Array): boolean
}

/** Signs note texts with one key. */
export interface NoteSigner {
  readonly name: string
  readonly keyId: string
  sign(textBytes: Uint8Array): Uint8Array
}

const NEWLINE = 0x0a
const SPACE = 0x20
const PLUS = 0x2b
const LINE_START = '— '
const LINE_START_BYTES = 4
const KEY_ID_BYTES = 4
const KEY_NAME = /^[^\p{White_Space}+]+$/u

/** Whether `name` may stand in a signature line: not empty, no white space, no `+`. */
export function isKeyName(name: string): boolean {
  return KEY_NAME.test(name) && name.isWellFormed()
}

/** Reads a note of at most `maximumBytes`. It runs for every transaction that arrives, so it looks at each byte few times. */
export function parseNote(bytes: Uint8Array, maximumBytes: number): Note | Malformed {
  if (bytes.length > maximumBytes) return new Malformed(`the note has more than ${maximumBytes} bytes`)
  if (hasControlCharacter(bytes)) return new Malformed('the note holds a control character')
  const emptyLine = lastEmptyLine(bytes)
  if (emptyLine === undefined) return new Malformed('the note has no empty line before signatures')
  const textBytes = bytes.subarray(0, emptyLine)
  const text = tryUtf8Decode(textBytes)
  if (text === undefined) return new Malformed('the note is not UTF-8')
  const signatures = readSignatureLines(bytes, emptyLine + 1) ?? judgeSignatureLines(bytes.subarray(emptyLine + 1))
  return signatures instanceof Malformed ? signatures : { text, textBytes, signatures }
}

function judgeSignatureLines(bytes: Uint8Array): NoteSignature[] | Malformed {
  const lines = tryUtf8Decode(bytes)
  return lines === undefined ? new Malformed('the note is not UTF-8') : parseSignatureLines(lines)
}

/**
 * A quicker parseSignatureLines for the lines from `from` on, straight from their bytes, since it runs for every transaction. It
 * reads lines whose names are printable ASCII, and returns undefined for any others; parseSignatureLines then says what is wrong
 * with them, if anything is.
 */
function readSignatureLines(bytes: Uint8Array, from: number): NoteSignature[] | undefined {
  let signatures: NoteSignature[] = []
  let start = from
  while (start < bytes.length && signatures.length < MAX_SIGNATURE_LINES) {
    if (bytes[start] !== 0xe2 || bytes[start + 1] !== 0x80 || bytes[start + 2] !== 0x94 || bytes[start + 3] !== SPACE)
      return undefined
    const nameStart = start + LINE_START_BYTES
    let nameEnd = nameStart
    while (isNameByte(bytes[nameEnd])) nameEnd++
    const end = bytes.indexOf(NEWLINE, nameEnd)
    if (nameEnd === nameStart || bytes[nameEnd] !== SPACE || end < 0) return undefined
    if (end - nameEnd > MAX_SHORT_DIGITS) return undefined
    const length = decodeBase64(bytes, nameEnd + 1, end, decoded)
    const name = tryUtf8Decode(bytes.subarray(nameStart, nameEnd))
    if (length === undefined || length <= KEY_ID_BYTES || name === undefined) return undefined
    const signature = sharedCopy(decoded, KEY_ID_BYTES, length)
    // Nearly all notes have one signature, and an array that grows reserves room for many; a copy reserves none.
    signatures = [...signatures, { name, keyId: toHex(decoded, 0, KEY_ID_BYTES), signature }].slice()
    start = end + 1
  }
  return signatures.length > 0 && start === bytes.length ? signatures : undefined
}

/** Signatures of Ed25519 have 92 digits; longer ones are left to parseSignatureLines. */
const MAX_SHORT_DIGITS = 128
const decoded = new Uint8Array(MAX_SHORT_DIGITS)

/** Printable ASCII without the plus. */
function isNameByte(byte: number | undefined): boolean {
  return byte !== undefined && byte > SPACE && byte < 0x7f && byte !== PLUS
}

/** The note's bytes: the text, which ends in a newline, and its signatures in this order. */
export function formatNote(text: string, signatures: readonly NoteSignature[]): Uint8Array {
  assert(text.endsWith('\n') && text.isWellFormed(), 'the text of a note is well-formed and ends in a newline')
  assert(signatures.length > 0, 'a note has a signature')
  const bytes = utf8(`${text}\n${formatSignatureLines(signatures)}`)
  assert(!hasControlCharacter(bytes), 'a note holds no control character')
  return bytes
}

/** Signature lines alone, each with its newline, as a witness answers them. */
export function parseSignatureLines(text: string): NoteSignature[] | Malformed {
  if (!text.endsWith('\n')) return new Malformed('the last signature line does not end in a newline')
  const lines = text.slice(0, -1).split('\n', MAX_SIGNATURE_LINES + 1)
  if (lines.length > MAX_SIGNATURE_LINES) return new Malformed(`there are more than ${MAX_SIGNATURE_LINES} signature lines`)
  const signatures: NoteSignature[] = []
  for (const line of lines) {
    const signature = parseSignatureLine(line)
    if (signature instanceof Malformed) return signature
    signatures.push(signature)
  }
  return signatures
}

export function formatSignatureLines(signatures: readonly NoteSignature[]): string {
  return signatures.map(formatSignatureLine).join('')
}

function parseSignatureLine(line: string): NoteSignature | Malformed {
  const afterName = line.indexOf(' ', LINE_START.length)
  if (!line.startsWith(LINE_START) || afterName < 0) return new Malformed('a signature line is not "— name base64"')
  const name = line.slice(LINE_START.length, afterName)
  if (!isKeyName(name)) return new Malformed("a key's name holds white space or +, or is empty")
  const bytes = tryFromBase64(line.slice(afterName + 1))
  if (bytes === undefined) return new Malformed('a signature is not canonical base64')
  if (bytes.length <= KEY_ID_BYTES) return new Malformed('a signature is too short')
  return { name, keyId: toHex(bytes, 0, KEY_ID_BYTES), signature: bytes.slice(KEY_ID_BYTES) }
}

function formatSignatureLine({ name, keyId, signature }: NoteSignature): string {
  const keyIdBytes = tryFromHex(keyId)
  assert(isKeyName(name), "a key's name is not empty and holds no white space and no +")
  assert(keyIdBytes?.length === KEY_ID_BYTES, 'a key id is 8 digits of hex')
  assert(signature.length > 0, 'a signature is not empty')
  return `${LINE_START}${name} ${toBase64(concatBytes(keyIdBytes, signature))}\n`
}

/** Where the newline that is the last empty line stands: the text ends before it, the signature lines begin after it. */
function lastEmptyLine(bytes: Uint8Array): number | undefined {
  for (let i = bytes.length - 1; i > 0; i--) if (bytes[i] === NEWLINE && bytes[i - 1] === NEWLINE) return i
  return undefined
}

function hasControlCharacter(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!
    if (byte < SPACE && byte !== NEWLINE) return true
  }
  return false
}

/** Signs `text` with every signer, in this order. */
export function signNote(text: string, signers: readonly NoteSigner[]): Uint8Array {
  const textBytes = utf8(text)
  return formatNote(
    text,
    signers.map((signer) => ({ name: signer.name, keyId: signer.keyId, signature: signer.sign(textBytes) })),
  )
}

/**
 * The note's signatures that known keys made, one of each key. As the standard demands: signatures of unknown keys are ignored,
 * also where only the name or only the id is known; the note is refused if a signature of a known key fails, and if there is
 * none. Should two known keys share name and id, both must accept.
 */
export function openNote(note: Note, known: readonly NoteVerifier[]): NoteSignature[] | Unverified {
  const verified: NoteSignature[] = []
  for (const signature of note.signatures) {
    const verifiers = known.filter((verifier) => isSameKey(verifier, signature))
    if (!verifiers.every((verifier) => verifier.verify(note.textBytes, signature.signature)))
      return new Unverified(`the signature of ${signature.name} is not valid`)
    const isRepeated = verified.some((earlier) => isSameKey(earlier, signature))
    if (verifiers.length > 0 && !isRepeated) verified.push(signature)
  }
  return verified.length > 0 ? verified : new Unverified('no known key signed')
}

/** Whether two claims name the same key: name and id must both match. */
export function isSameKey(a: Pick<NoteSignature, 'name' | 'keyId'>, b: Pick<NoteSignature, 'name' | 'keyId'>): boolean {
  return a.name === b.name && a.keyId === b.keyId
}

/** The verifier of a type 01 key: Ed25519 over the text, through the gate. */
export function ed25519Verifier(verify: VerifySignature, key: VerifierKey): NoteVerifier {
  assert(key.type === ED25519, 'an Ed25519 verifier needs a key of type 01')
  return {
    name: key.name,
    keyId: key.keyId,
    verify: (textBytes, signature) => verifyGated(verify, key.publicKey, textBytes, signature),
  }
}

/**
 * Eight digits of hex that tell the keys of one name apart. They do not commit to the key: collisions of 32 bits are soon found.
 */
export function keyId(sha256: Sha256, name: string, type: number, publicKey: Uint8Array): string {
  return toHex(sha256(concatBytes(utf8(name), Uint8Array.of(NEWLINE, type), publicKey)), 0, KEY_ID_BYTES)
}

/** A key with the id that its name, type and bytes give. */
export function verifierKey(sha256: Sha256, name: string, type: number, publicKey: Uint8Array): VerifierKey {
  assert(isKeyName(name), "a key's name is not empty and holds no white space and no +")
  assert(publicKey.length === PUBLIC_KEY_BYTES, 'an Ed25519 public key has 32 bytes')
  return { name, type, publicKey, keyId: keyId(sha256, name, type, publicKey) }
}

/**
 * Reads a vkey of type 01 or 04 and recomputes its id. Whether the key is a good point is the gate's question, not this one's.
 */
export function parseVerifierKey(sha256: Sha256, text: string): VerifierKey | Malformed {
  const parts = splitKey(text)
  if (parts instanceof Malformed) return parts
  if (parts.type !== ED25519 && parts.type !== COSIGNATURE_V1) return new Malformed('the key is of an unknown type')
  const key = verifierKey(sha256, parts.name, parts.type, parts.material)
  return key.keyId === parts.keyId ? key : new Malformed("the key's id does not match its name and bytes")
}

export function formatVerifierKey(key: VerifierKey): string {
  return `${key.name}+${key.keyId}+${toBase64(concatBytes(Uint8Array.of(key.type), key.publicKey))}`
}

const SIGNER_PREFIX = 'PRIVATE+KEY+'

/** Reads a signer key. Its id is that of the public key, so it takes `publicKeyOf` to check it. */
export function parseSignerKey(
  sha256: Sha256,
  publicKeyOf: (seed: Uint8Array) => Uint8Array,
  text: string,
): SignerKey | Malformed {
  if (!text.startsWith(SIGNER_PREFIX)) return new Malformed(`a signer key begins with ${SIGNER_PREFIX}`)
  const parts = splitKey(text.slice(SIGNER_PREFIX.length))
  if (parts instanceof Malformed) return parts
  if (parts.type !== ED25519) return new Malformed('the key is of an unknown type')
  const { name, material: seed } = parts
  if (parts.keyId !== keyId(sha256, name, ED25519, publicKeyOf(seed)))
    return new Malformed("the key's id does not match its name and bytes")
  return { name, keyId: parts.keyId, seed }
}

/** Cuts `name+hex8+base64` at the first two pluses, since base64 may hold more. All known types have 32 bytes after the type. */
function splitKey(text: string): { name: string; keyId: string; type: number; material: Uint8Array } | Malformed {
  const [, name, keyId, base64] = /^([^+]*)\+([0-9a-f]{8})\+(.*)$/.exec(text) ?? []
  if (name === undefined || keyId === undefined || base64 === undefined) return new Malformed('a key is name+hex+base64')
  if (!isKeyName(name)) return new Malformed("a key's name holds white space, or is empty")
  const bytes = tryFromBase64(base64)
  if (bytes === undefined) return new Malformed("the key's bytes are not canonical base64")
  if (bytes.length !== 1 + PUBLIC_KEY_BYTES) return new Malformed('the key does not have 32 bytes after its type')
  return { name, keyId, type: bytes[0]!, material: bytes.subarray(1) }
}
