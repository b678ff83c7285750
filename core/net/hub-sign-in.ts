/**
 * Signs in to a hub over HTTP(S), as core/api/hub/sign-in.ts describes it: asks for a text, checks it, has it signed, and brings
 * it back.
 */

import { parseChallenge, readAsked, readProof } from '../api/hub/sign-in.ts'
import { toBase64, tryUtf8Decode } from '../base/bytes.ts'
import { Malformed } from '../base/malformed.ts'
import { RemoteError } from '../sync/remote.ts'
import { exchange } from './exchange.ts'

const HEADERS = { accept: 'application/json', 'content-type': 'application/json', 'user-agent': 'nimledger' }
const TYPES: ReadonlySet<string> = new Set(['application/json'])
const LIMITS = { timeoutMs: 30_000, idleTimeoutMs: 15_000 }
const MAX_ANSWER_BYTES = 16 * 1024

interface SignInAsked {
  /** What parseHubUrl returned. */
  readonly base: URL
  /** The ledger's origin, as its vkey names it. */
  readonly origin: string
  readonly account: string
  /** Signs the text as the account. */
  readonly sign: (text: string) => Uint8Array
}

interface SignedIn {
  readonly status: 'proven'
  readonly account: string
  readonly token: string
  /** RFC 3339. */
  readonly expires: string
}

/** A token for the account, or why the hub gives none. Throws RemoteError where it gives no proper answer. */
export async function signInToHub({
  base,
  origin,
  account,
  sign,
}: SignInAsked): Promise<SignedIn | { status: 'refused'; message: string }> {
  const asked = readAsked(await call(base, 'access.challenge', { account }))
  const challenge = asked === undefined ? new Malformed('there is none') : parseChallenge(asked.text)
  if (asked === undefined || challenge instanceof Malformed)
    throw new RemoteError('offline', `What ${base.href} gave to sign is not for signing in.`)
  // A text for another hub, ledger or account is not signed: somebody could have passed it on, and would sign in with it there.
  const isMeant = challenge.hub === base.hostname && challenge.ledger === origin && challenge.account === account
  if (!isMeant) {
    const named = `${challenge.account} at ${challenge.hub} for ${challenge.ledger}`
    throw new RemoteError('offline', `${base.href} gave a text to sign that is for ${named}: it was not signed.`)
  }
  const proof = readProof(await call(base, 'access.prove', { note: toBase64(sign(asked.text)) }))
  if (proof === undefined) throw new RemoteError('offline', `What ${base.href} answered is no answer of a hub.`)
  return proof
}

async function call(base: URL, procedure: string, input: object): Promise<string> {
  const url = new URL(`trpc/${procedure}`, base)
  const asked = { url, headers: HEADERS, body: JSON.stringify(input), types: TYPES, maximumBytes: MAX_ANSWER_BYTES }
  return tryUtf8Decode(await exchange(asked, LIMITS)) ?? ''
}
