/**
 * How an account shows a hub that it has its key, without a transaction: it signs a text that is good for this and for nothing
 * else, and gets a token that is good for a while.
 *
 *     nimledger sign-in v1
 *     ledger hub.example/credits
 *     hub hub.example
 *     account nim1…
 *     expires 2026-11-22T08:33:07Z
 *     nonce pMbCpqfkHE3SkGDrVxP2cA
 *     seal Rk1bS5W6sFmNNMHIDxO2uVwh6ykJ_y5C0wTGkl1ufu4
 *
 *     — nim1… crC12Ip3WsG19g9p…
 *
 * The text is of one form, so it is no transaction (those begin with `{`) and no checkpoint (an origin has no space). `hub` is
 * the host that the account asks, without a port, as its client knows it: a text that another hub passes on names the wrong one,
 * and the client does not sign it. `seal` is an HMAC-SHA-256 of the lines before it under a key that the hub made when it
 * started. So a hub keeps nothing of the texts that it hands out, and of those that come back signed only that they did: each is
 * good for one token.
 *
 *     access.challenge   {"account":"nim1…"}   →   {"text":"nimledger sign-in v1\n…"}
 *     access.prove       {"note":"<base64>"}   →   {"status":"proven","account":"nim1…","token":"nim_own_…","expires":"…Z"}
 *                                                  {"status":"refused","message":"…"}
 *
 * A token is `nim_own_<id>_<secret>`. The hub keeps its digest, in memory alone: whoever restarts it ends all of them. It also
 * ends with its time, and with the key that it was got with.
 */

import { createHmac, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import { type Sha256, toHex, tryFromHex, utf8 } from '../../base/bytes.ts'
import { Malformed } from '../../base/malformed.ts'
import type { Key } from '../../domain/state.ts'
import { formatSeconds, type Milliseconds, parseSeconds, type Seconds, wholeSeconds } from '../../domain/time.ts'
import { parseNote } from '../../log/note.ts'
import { type VerifySignature, verifyGated } from '../../log/signature.ts'

/** Most bytes of a signed text: its lines are short, and it has one signature. */
export const MAX_SIGN_IN_BYTES = 2_048
/** How long there is to sign, and how long a token is good. */
const CHALLENGE_SECONDS = 2 * 60
const TOKEN_SECONDS = 60 * 60
const SECRET_BYTES = 32
const NONCE_BYTES = 16
const ID_BYTES = 8
/** Bounds of the hub's memory: the tokens of one account, of all of them, and texts that came back signed and are still good. */
const MAX_TOKENS_OF_ACCOUNT = 16
const MAX_TOKENS = 50_000
const MAX_USED = 50_000

/** What a key must be able to sign to read its account: keys for a single machine's work read nothing. */
const READING_SCOPES: readonly string[] = ['all', 'spend']

const TOKEN = /^nim_own_([0-9a-f]{16})_[A-Za-z0-9_-]{43}$/
const HOST = /^[a-z0-9.:[\]-]{1,255}$/
const LINES = [
  'nimledger sign-in v1',
  'ledger (?<ledger>\\S{1,200})',
  'hub (?<hub>\\S{1,255})',
  'account (?<account>nim1[0-9a-z]{38})',
  'expires (?<time>\\S{20})',
  'nonce (?<nonce>[\\w-]{22})',
]
const TEXT = new RegExp(`^(?<sealed>${LINES.join('\\n')}\\n)seal (?<seal>[\\w-]{43})\\n$`)

interface Challenge {
  readonly ledger: string
  readonly hub: string
  readonly account: string
  readonly expires: Seconds
  readonly nonce: string
  /** The lines that the seal is over. */
  readonly sealed: string
  readonly seal: string
}

/** Reads a text to be signed. The signer has to compare what it names with whom he asked. */
export function parseChallenge(text: string): Challenge | Malformed {
  const found = TEXT.exec(text)?.groups
  const expires = found?.time === undefined ? undefined : parseSeconds(found.time)
  if (found === undefined || expires === undefined) return new Malformed('the text is not one to sign in with')
  const { ledger, hub, account, nonce, sealed, seal } = found
  return { ledger: ledger!, hub: hub!, account: account!, expires, nonce: nonce!, sealed: sealed!, seal: seal! }
}

const MAX_MESSAGE_CHARACTERS = 1_000

const askedForm = z.object({ text: z.string().max(MAX_SIGN_IN_BYTES) })
const proofForm = z.discriminatedUnion('status', [
  z.object({
    status: z.literal('proven'),
    account: z.string(),
    token: z.string().regex(TOKEN),
    expires: z.string().refine((text) => parseSeconds(text) !== undefined),
  }),
  z.object({ status: z.literal('refused'), message: z.string().max(MAX_MESSAGE_CHARACTERS) }),
])

export type Asked = z.output<typeof askedForm>
export type Proof = z.output<typeof proofForm>

const askedResult = z.object({ result: z.object({ data: askedForm }) })
const proofResult = z.object({ result: z.object({ data: proofForm }) })

/** The text to be signed, from the body of the hub's answer; undefined where there is none in it. */
export function readAsked(body: string): Asked | undefined {
  return askedResult.safeParse(tryParse(body)).data?.result.data
}

export function readProof(body: string): Proof | undefined {
  return proofResult.safeParse(tryParse(body)).data?.result.data
}

function tryParse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

/** What a token says of its bearer. */
interface Pass {
  readonly account: string
  readonly token: string
  readonly expires: Seconds
}

interface Issued {
  readonly digest: Uint8Array
  readonly account: string
  readonly keyId: string
  readonly expires: Milliseconds
}

interface SignInOptions {
  readonly sha256: Sha256
  /** The verifier behind the gate; the gate itself is applied here. */
  readonly verify: VerifySignature
  readonly origin: string
  readonly now: () => Milliseconds
  readonly random: (bytes: number) => Uint8Array
  /** A key by which an account signs: undefined where there is none, or it is revoked or expired. */
  readonly livingKey: (account: string, keyId: string) => Promise<Key | undefined>
}

export class SignIn {
  readonly #options: SignInOptions
  readonly #sealKey: Uint8Array
  /** By id, the oldest first. */
  readonly #tokens = new Map<string, Issued>()
  /** The nonces of texts that came back signed, until they would have expired anyway. */
  readonly #used = new Map<string, Milliseconds>()

  constructor(options: SignInOptions) {
    this.#options = options
    this.#sealKey = options.random(SECRET_BYTES)
  }

  /** The text for an account to sign. Whether there is such an account is not told. */
  challenge(account: string, hub: string): string | Malformed {
    if (!HOST.test(hub)) return new Malformed('the request names no host')
    const { origin, now, random } = this.#options
    const expires = formatSeconds(wholeSeconds(now()) + CHALLENGE_SECONDS)
    const nonce = Buffer.from(random(NONCE_BYTES)).toString('base64url')
    const lines = ['nimledger sign-in v1', `ledger ${origin}`, `hub ${hub}`, `account ${account}`, `expires ${expires}`]
    const sealed = `${lines.join('\n')}\nnonce ${nonce}\n`
    return `${sealed}seal ${this.#seal(sealed)}\n`
  }

  /** A token for a text of this hub that came back signed, or why there is none. */
  async prove(note: Uint8Array, hub: string): Promise<Pass | Malformed> {
    const signed = parseNote(note, MAX_SIGN_IN_BYTES)
    if (signed instanceof Malformed) return signed
    const challenge = parseChallenge(signed.text)
    if (challenge instanceof Malformed) return challenge
    const { account, expires, nonce } = challenge
    const isOurs = isSame(utf8(challenge.seal), utf8(this.#seal(challenge.sealed)))
    if (!isOurs || challenge.hub !== hub) return new Malformed('the text is not from this hub, or from before it was restarted')
    if (this.#isOver(expires * 1_000)) return new Malformed('the text has expired: ask for another one')
    const [signature, second] = signed.signatures
    if (signature === undefined || second !== undefined || signature.name !== account)
      return new Malformed('the text must be signed by its account, once')
    const key = await this.#readingKey(account, signature.keyId)
    if (key instanceof Malformed) return key
    if (!verifyGated(this.#options.verify, tryFromHex(key.publicKey)!, signed.textBytes, signature.signature))
      return new Malformed('the signature is not valid')
    // After everything that was waited for, so that of two callers who bring the same text at the same time only one gets a
    // token.
    if (this.#used.has(nonce)) return new Malformed('the text was used already: ask for another one')
    forget(this.#used, (until) => this.#isOver(until))
    if (this.#used.size >= MAX_USED) return new Malformed('too many accounts sign in just now: try again in a minute')
    this.#used.set(nonce, expires * 1_000)
    return this.#issue(account, signature.keyId)
  }

  /** The account whose token it is; undefined where it is no token, or no longer one. */
  async find(token: string): Promise<string | undefined> {
    const id = TOKEN.exec(token)?.[1]
    const issued = id === undefined ? undefined : this.#tokens.get(id)
    if (issued === undefined || !isSame(this.#digest(token), issued.digest)) return undefined
    const key = this.#isOver(issued.expires) ? undefined : await this.#readingKey(issued.account, issued.keyId)
    if (key !== undefined && !(key instanceof Malformed)) return issued.account
    this.#tokens.delete(id!)
    return undefined
  }

  #issue(account: string, keyId: string): Pass {
    forget(this.#tokens, ({ expires }) => this.#isOver(expires))
    const own = [...this.#tokens].filter(([, one]) => one.account === account)
    // An account that signs in again and again ends its own oldest token; when there are too many in all, the oldest of all ends.
    if (own.length >= MAX_TOKENS_OF_ACCOUNT) this.#tokens.delete(own[0]![0])
    else if (this.#tokens.size >= MAX_TOKENS) this.#tokens.delete(this.#tokens.keys().next().value!)
    const { now, random } = this.#options
    const id = toHex(random(ID_BYTES))
    const token = `nim_own_${id}_${Buffer.from(random(SECRET_BYTES)).toString('base64url')}`
    const expires = wholeSeconds(now()) + TOKEN_SECONDS
    this.#tokens.set(id, { digest: this.#digest(token), account, keyId, expires: expires * 1_000 })
    return { account, token, expires }
  }

  async #readingKey(account: string, keyId: string): Promise<Key | Malformed> {
    const key = await this.#options.livingKey(account, keyId)
    // The same words as for an account that does not exist, so that callers do not learn which accounts do.
    if (key === undefined) return new Malformed('the key does not sign for the account, or not any more')
    if (!key.scopes.some((scope) => READING_SCOPES.includes(scope)))
      return new Malformed(`the key may sign ${key.scopes.join(', ')} alone, and opens nothing to read`)
    return key
  }

  #seal(sealed: string): string {
    return createHmac('sha256', this.#sealKey).update(sealed).digest('base64url')
  }

  #digest(token: string): Uint8Array {
    return this.#options.sha256(utf8(token))
  }

  #isOver(until: Milliseconds): boolean {
    return this.#options.now() >= until
  }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}

function forget<Value>(map: Map<string, Value>, isOver: (value: Value) => boolean): void {
  for (const [key, value] of map) {
    // They stand roughly in the order in which they end: what lies behind one that still holds is looked at next time.
    if (!isOver(value)) return
    map.delete(key)
  }
}
