/**
 * The vault: this machine's signing keys, in `keys.json` of the ledger's folder, each seed sealed under a passphrase.
 *
 *   {"version":1,"kdf":{"name":"scrypt","cost":131072,"blockSize":8,"parallelization":1,"salt":"<hex>"},
 *    "keys":[{"label":"Ada","publicKey":"<hex>","nonce":"<hex>","sealed":"<hex>"},
 *            {"label":"phone","account":"nim1…","publicKey":"<hex>","nonce":"<hex>","sealed":"<hex>"}, …]}
 *
 * sealed = secretbox of seed ‖ label under scrypt(passphrase, salt), and of seed ‖ label ‖ newline ‖ account where the key is
 * another one of an account's: a label or account moved to another key is noticed. Several keys may have one label. What is
 * public, labels, accounts and public keys, is readable without the passphrase. The file is replaced as a whole, durably, so a
 * crash leaves the old or the new one. Exported keys are a file of the same form, under a passphrase of its own.
 */

import { randomBytes, type ScryptOptions, scrypt, scryptSync } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import nacl from 'tweetnacl'
import { z } from 'zod'
import { concatBytes, equalBytes, toHex, tryFromHex, utf8 } from '../base/bytes.ts'
import { writeDurably } from './durable-file.ts'
import { exclusively } from './exclusive.ts'
import { type KeyPair, keyPair, SEED_BYTES } from './sodium/signer.ts'

const FILE = 'keys.json'
/** 128 MiB and about a third of a second for each guess: the first choice of OWASP for scrypt. */
const COST = { cost: 131_072, blockSize: 8, parallelization: 1 }
const SALT_BYTES = 16
const MAX_MEMORY_BYTES = 256 * 1024 * 1024
const MAX_FILE_BYTES = 16 * 1024 * 1024

const hex = z.string().regex(/^([0-9a-f]{2})+$/)
const hexOf = (bytes: number) => hex.length(2 * bytes)
const isPowerOfTwo = (value: number) => Number.isInteger(Math.log2(value))
const form = z.strictObject({
  version: z.literal(1),
  kdf: z.strictObject({
    name: z.literal('scrypt'),
    cost: z.int().min(2).max(COST.cost).refine(isPowerOfTwo),
    blockSize: z.int().min(1).max(COST.blockSize),
    parallelization: z.int().min(1).max(16),
    salt: hexOf(SALT_BYTES),
  }),
  keys: z.array(
    z.strictObject({
      label: z.string(),
      account: z.string().optional(),
      publicKey: hexOf(32),
      nonce: hexOf(nacl.secretbox.nonceLength),
      sealed: hex,
    }),
  ),
})
type VaultFile = z.output<typeof form>

export class VaultError extends Error {
  override readonly name = 'VaultError'
  readonly code: 'passphrase' | 'damaged' | 'missing'

  constructor(code: VaultError['code'], message: string) {
    super(message)
    this.code = code
  }
}

/** What a key of this machine is called. */
interface Named {
  readonly label: string
  /** The account that it was added to; none for the key that an account was opened with, and for a sequencer's. */
  readonly account?: string | undefined
}

/** What is public about a key of this machine. */
export interface PublicEntry extends Named {
  readonly publicKey: Uint8Array
}

/** What is public in a folder's vault, in the order in which it was added; nothing where there is no vault. */
export function listKeys(dir: string): PublicEntry[] {
  if (!existsSync(join(dir, FILE))) return []
  return readFile(join(dir, FILE)).keys.map(({ label, account, publicKey }) => ({
    label,
    account,
    publicKey: tryFromHex(publicKey)!,
  }))
}

/** A key with its name. */
export interface NamedKey extends Named {
  readonly pair: KeyPair
}

/** Where a folder's vault is. */
export function vaultPath(dir: string): string {
  return join(dir, FILE)
}

export class Vault {
  readonly #path: string
  #secret: Uint8Array
  #file: VaultFile

  private constructor(path: string, file: VaultFile, secret: Uint8Array) {
    this.#path = path
    this.#file = file
    this.#secret = secret
  }

  /** A new, empty vault in memory; the first key that is added writes it. */
  static create(dir: string, passphrase: string): Vault {
    return Vault.createFile(vaultPath(dir), passphrase)
  }

  static createFile(path: string, passphrase: string): Vault {
    const kdf = newDerivation()
    return new Vault(path, { version: 1, kdf, keys: [] }, derive(passphrase, kdf))
  }

  /** Throws VaultError `passphrase` where it does not open the keys. */
  static open(dir: string, passphrase: string): Vault {
    return Vault.openFile(requireFile(dir), passphrase)
  }

  /** A file of keys, sealed under a passphrase. */
  static fileOf(keys: readonly NamedKey[], passphrase: string): string {
    const kdf = newDerivation()
    const secret = derive(passphrase, kdf)
    return format({ version: 1, kdf, keys: keys.map((key) => seal(key, secret)) })
  }

  static openFile(path: string, passphrase: string): Vault {
    const file = readFile(path)
    return Vault.#tried(path, file, derive(passphrase, file.kdf))
  }

  /** Like `open`, without blocking the calling thread while the passphrase is worked on. */
  static async unlock(dir: string, passphrase: string): Promise<Vault> {
    const path = requireFile(dir)
    const file = readFile(path)
    return Vault.#tried(path, file, await deriveAside(passphrase, file.kdf))
  }

  /** The keys in the text of a file of keys, wherever it lies. */
  static async keysIn(text: string, passphrase: string): Promise<NamedKey[]> {
    const file = parseFile('The file', text)
    const vault = new Vault('the file', file, await deriveAside(passphrase, file.kdf))
    return file.keys.map((entry) => ({ label: entry.label, account: entry.account, pair: vault.#unseal(entry) }))
  }

  static #tried(path: string, file: VaultFile, secret: Uint8Array): Vault {
    const vault = new Vault(path, file, secret)
    if (file.keys[0] !== undefined) vault.#unseal(file.keys[0])
    return vault
  }

  /** The first key of a label; undefined where there is none. */
  key(label: string): KeyPair | undefined {
    return this.keys(label)[0]
  }

  /** All keys of a label, without those that were added to an account. */
  keys(label: string): KeyPair[] {
    const entries = this.#current().keys.filter((one) => one.label === label && one.account === undefined)
    return entries.map((entry) => this.#unseal(entry))
  }

  /** The key pair of a public key; undefined where it is not here. */
  pair(publicKey: Uint8Array): KeyPair | undefined {
    const entry = this.#current().keys.find((one) => one.publicKey === toHex(publicKey))
    return entry && this.#unseal(entry)
  }

  /** All keys, each opened: whoever has read them knows that none is damaged. */
  all(): NamedKey[] {
    return this.#current().keys.map((entry) => ({ label: entry.label, account: entry.account, pair: this.#unseal(entry) }))
  }

  /** Seals keys under their labels and writes the vault once, durably. */
  add(keys: readonly NamedKey[]): void {
    const added = keys.map((key) => seal(key, this.#secret))
    this.#change((before) => ({ ...before, keys: [...before.keys, ...added] }))
  }

  /** Forgets a key that was never used. */
  remove(publicKey: Uint8Array): void {
    this.#change((before) => ({ ...before, keys: before.keys.filter((one) => one.publicKey !== toHex(publicKey)) }))
  }

  /**
   * Seals all keys under another passphrase. Whenever the process ends, either all are under the old one, or all under the new
   * one.
   */
  reseal(passphrase: string): void {
    const kdf = newDerivation()
    const secret = derive(passphrase, kdf)
    const sealAnew = (entry: VaultFile['keys'][number]) => seal({ ...entry, pair: this.#unseal(entry) }, secret)
    // The slow part is done before other programs have to wait; what they add meanwhile is sealed afterwards.
    const ready = new Map(this.#current().keys.map((entry) => [entry.publicKey, sealAnew(entry)]))
    this.#change(({ keys }) => ({
      version: 1,
      kdf,
      keys: keys.map((entry) => ready.get(entry.publicKey) ?? sealAnew(entry)),
    }))
    this.#secret = secret
  }

  #change(change: (before: VaultFile) => VaultFile): void {
    exclusively(this.#path, () => {
      const file = change(this.#current())
      writeDurably(this.#path, format(file))
      this.#file = file
    })
  }

  /** The file as it is now: other programs add keys too while this one has it open. */
  #current(): VaultFile {
    if (!existsSync(this.#path)) return this.#file
    const file = readFile(this.#path)
    if (file.kdf.salt !== this.#file.kdf.salt)
      throw new VaultError('passphrase', 'The keys of this ledger were sealed anew meanwhile: unlock them again.')
    return file
  }

  #unseal({ label, account, publicKey, nonce, sealed }: VaultFile['keys'][number]): KeyPair {
    const opened = nacl.secretbox.open(tryFromHex(sealed)!, tryFromHex(nonce)!, this.#secret)
    if (opened === null)
      throw new VaultError('passphrase', `The passphrase does not open the keys in ${this.#path}, or the file is damaged.`)
    const pair = keyPair(opened.slice(0, SEED_BYTES))
    if (!equalBytes(opened.subarray(SEED_BYTES), nameBytes({ label, account })) || toHex(pair.publicKey) !== publicKey) {
      throw new VaultError(
        'damaged',
        `The key ${label} in ${basename(this.#path)} is not the one that was sealed under that name.`,
      )
    }
    return pair
  }
}

function seal({ label, account, pair }: NamedKey, secret: Uint8Array): VaultFile['keys'][number] {
  const nonce = randomBytes(nacl.secretbox.nonceLength)
  const sealed = nacl.secretbox(concatBytes(pair.seed, nameBytes({ label, account })), nonce, secret)
  const named = { label, ...(account !== undefined && { account }) }
  return { ...named, publicKey: toHex(pair.publicKey), nonce: toHex(nonce), sealed: toHex(sealed) }
}

function nameBytes({ label, account }: Named): Uint8Array {
  return utf8(account === undefined ? label : `${label}\n${account}`)
}

function newDerivation(): VaultFile['kdf'] {
  return { name: 'scrypt', ...COST, salt: toHex(randomBytes(SALT_BYTES)) }
}

function derive(passphrase: string, kdf: VaultFile['kdf']): Uint8Array {
  return scryptSync(...derivation(passphrase, kdf))
}

const scryptAside = promisify<string, Uint8Array, number, ScryptOptions, Buffer>(scrypt)

function deriveAside(passphrase: string, kdf: VaultFile['kdf']): Promise<Uint8Array> {
  return scryptAside(...derivation(passphrase, kdf))
}

function derivation(passphrase: string, { cost, blockSize, parallelization, salt }: VaultFile['kdf']) {
  const parameters: ScryptOptions = { cost, blockSize, parallelization, maxmem: MAX_MEMORY_BYTES }
  return [passphrase.normalize('NFC'), tryFromHex(salt)!, nacl.secretbox.keyLength, parameters] as const
}

/** Where the keys are. */
function requireFile(dir: string): string {
  if (!existsSync(vaultPath(dir)))
    throw new VaultError('missing', `There are no keys in ${dir}; nimledger keys import FILE brings exported ones.`)
  return vaultPath(dir)
}

function format(file: VaultFile): string {
  return `${JSON.stringify(file, undefined, 1)}\n`
}

function readFile(path: string): VaultFile {
  const bytes = readFileSync(path)
  if (bytes.length > MAX_FILE_BYTES) throw damagedFile(path)
  return parseFile(path, bytes.toString('utf8'))
}

function parseFile(path: string, text: string): VaultFile {
  const damaged = damagedFile(path)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw damaged
  }
  const parsed = form.safeParse(value)
  if (!parsed.success) throw damaged
  return parsed.data
}

function damagedFile(path: string): VaultError {
  return new VaultError('damaged', `${path} is not a vault of this program, or it is damaged.`)
}
