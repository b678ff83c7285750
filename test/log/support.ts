/**
 * What the tests of the log share: the runtime's functions that the layer takes as arguments, the published vectors, and the tree
 * of RFC 6962 written down as the RFC defines it, which the layer's own is compared with.
 */
import { createHash, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import sodium from 'sodium-native'
import { expect } from 'vitest'
import { InvariantError } from '../../core/base/assert.ts'
import { concatBytes, type Sha256, utf8 } from '../../core/base/bytes.ts'
import { Malformed } from '../../core/base/malformed.ts'
import type { Range } from '../../core/log/merkle.ts'
import { type NoteSigner, type VerifierKey, verifierKey } from '../../core/log/note.ts'
import type { VerifySignature } from '../../core/log/signature.ts'

export const sha256: Sha256 = (data) => new Uint8Array(createHash('sha256').update(data).digest())

export const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))
export const base64 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'))
export const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8')

const VECTORS = join(import.meta.dirname, '../vectors')

export function readVectors<T>(path: string): T {
  return JSON.parse(readFileSync(join(VECTORS, path), 'utf8')) as T
}

/** Every JSON file below a folder of vectors, as [path, content]. */
export function readVectorTree<T>(folder: string): [string, T][] {
  return readdirSync(join(VECTORS, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.json'))
    .map((name) => [name, readVectors<T>(join(folder, name))])
}

/** OpenSSL's verifier. A key that is not on the curve verifies nothing. */
export const opensslVerify: VerifySignature = (publicKey, message, signature) => {
  const key = { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(publicKey).toString('base64url') }
  try {
    return verify(null, message, createPublicKey({ key, format: 'jwk' }), signature)
  } catch {
    return false
  }
}

/** libsodium's verifier. */
export const sodiumVerify: VerifySignature = (publicKey, message, signature) =>
  sodium.crypto_sign_verify_detached(signature, message, publicKey)

const PKCS8_ED25519 = hex('302e020100300506032b657004220420')

/** An Ed25519 key pair from its seed. */
export function keyPair(seed: Uint8Array): { publicKey: Uint8Array; sign: (message: Uint8Array) => Uint8Array } {
  const key = createPrivateKey({ key: Buffer.from(concatBytes(PKCS8_ED25519, seed)), format: 'der', type: 'pkcs8' })
  const publicKey = new Uint8Array(Buffer.from(createPublicKey(key).export({ format: 'jwk' }).x!, 'base64url'))
  return { publicKey, sign: (message) => new Uint8Array(sign(null, message, key)) }
}

/** A key of any type under a name, and the means to sign with it, from a seed of one repeated byte. */
export function namedKey(name: string, type: number, seedByte: number): { key: VerifierKey; sign: NoteSigner['sign'] } {
  const pair = keyPair(new Uint8Array(32).fill(seedByte))
  return { key: verifierKey(sha256, name, type, pair.publicKey), sign: pair.sign }
}

/** The value of a parser's answer that must not be malformed. */
export function wellFormed<T>(value: T | Malformed): T {
  if (value instanceof Malformed) throw new Error(`malformed: ${value.reason}`)
  return value
}

/** Expects that a program's own mistake stops it. */
export function expectInvariantError(run: () => unknown): void {
  expect(run).toThrow(InvariantError)
}

/** Leaf hashes of the entries "0", "1", "2" and so on. */
export function leafHashes(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => sha256(concatBytes(Uint8Array.of(0), utf8(String(i)))))
}

/**
 * The definitions of RFC 6962 section 2.1 and of the draft for subtrees, recursive as they are printed, each range hashed once.
 */
export class NaiveTree {
  readonly leaves: readonly Uint8Array[]
  readonly #hashes = new Map<string, Uint8Array>()

  constructor(leaves: readonly Uint8Array[]) {
    this.leaves = leaves
  }

  /** MTH(D[start:end]) */
  hash(start: number, end: number): Uint8Array {
    if (start === end) return sha256(new Uint8Array(0))
    if (end - start === 1) return this.leaves[start]!
    const known = this.#hashes.get(`${start}-${end}`)
    if (known !== undefined) return known
    const middle = start + split(end - start)
    const hash = sha256(concatBytes(Uint8Array.of(1), this.hash(start, middle), this.hash(middle, end)))
    this.#hashes.set(`${start}-${end}`, hash)
    return hash
  }

  /** PATH(index, D[start:end]), the index counted from `start`. */
  path(index: number, start: number, end: number): Uint8Array[] {
    const size = end - start
    if (size === 1) return []
    const k = split(size)
    return index < k
      ? [...this.path(index, start, start + k), this.hash(start + k, end)]
      : [...this.path(index - k, start + k, end), this.hash(start, start + k)]
  }

  /** SUBTREE_PROOF(from, to, D[:size]); PROOF(to, D[:size]) of the RFC where `from` is 0. */
  subtreeProof(from: number, to: number, size: number): Uint8Array[] {
    return this.#subproof({ start: from, end: to }, 0, size, true)
  }

  /** The range counts from `start`. */
  #subproof(range: Range, start: number, end: number, isKnown: boolean): Uint8Array[] {
    const size = end - start
    if (range.start === 0 && range.end === size) return isKnown ? [] : [this.hash(start, end)]
    const k = split(size)
    if (range.end <= k) return [...this.#subproof(range, start, start + k, isKnown), this.hash(start + k, end)]
    const left = this.hash(start, start + k)
    if (range.start >= k) {
      return [...this.#subproof({ start: range.start - k, end: range.end - k }, start + k, end, isKnown), left]
    }
    return [...this.#subproof({ start: 0, end: range.end - k }, start + k, end, false), left]
  }
}

/** The largest power of two below `size`. */
function split(size: number): number {
  let k = 1
  while (k * 2 < size) k *= 2
  return k
}
