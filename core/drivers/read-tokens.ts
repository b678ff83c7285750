/**
 * The read tokens of a hub's operator, in `access.json` of the ledger's folder:
 *
 *   {"version":1,"tokens":[{"id":"5f0c9a1b2d3e4f50","name":"auditor","scope":"log","created":"2026-11-22T08:31:07Z",
 *                           "expires":"2027-11-22T08:31:07Z","digest":"<hex>"}, …]}
 *
 * A token is `nim_read_<id>_<secret>` with a secret of 256 random bits, shown once; what is kept is the SHA-256 of the whole, so
 * whoever reads the file, or a copy of it, can read no log with it. The file is replaced as a whole, durably. A hub that runs
 * looks at each request whether it was replaced: a token is good, or good no more, from the next request on.
 */

import { randomBytes, timingSafeEqual } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { toHex, tryFromHex, utf8 } from '../base/bytes.ts'
import { formatSeconds, type Milliseconds, parseSeconds, type Seconds, wholeSeconds } from '../domain/time.ts'
import { StoreError } from '../ledger/store.ts'
import { writeDurably } from './durable-file.ts'
import { exclusively } from './exclusive.ts'
import { sha256 } from './sha256.ts'

const FILE = 'access.json'
const ID_BYTES = 8
const SECRET_BYTES = 32
/** Many more than an operator has auditors, and few enough to be read at once. */
const MAX_TOKENS = 1_000
const MAX_FILE_BYTES = 1024 * 1024

export const TOKEN_SCOPES = ['log', 'metrics'] as const
/** What a token lets read: the whole ledger, or the hub's own figures. */
export type TokenScope = (typeof TOKEN_SCOPES)[number]

const TOKEN = /^nim_read_([0-9a-f]{16})_[A-Za-z0-9_-]{43}$/
export const TOKEN_NAME = /^[A-Za-z0-9][\w.@-]{0,63}$/

const time = z.string().refine((text) => parseSeconds(text) !== undefined)
const form = z.strictObject({
  version: z.literal(1),
  tokens: z
    .array(
      z.strictObject({
        id: z.string().regex(/^[0-9a-f]{16}$/),
        name: z.string().regex(TOKEN_NAME),
        scope: z.enum(TOKEN_SCOPES),
        created: time,
        expires: time.optional(),
        digest: z.string().regex(/^[0-9a-f]{64}$/),
      }),
    )
    .max(MAX_TOKENS),
})
type Kept = z.output<typeof form>['tokens'][number]

/** What may be shown of a token. */
interface ReadToken {
  readonly id: string
  readonly name: string
  readonly scope: TokenScope
  readonly created: string
  readonly expires?: string
}

/** In the order in which they were issued. */
export function listReadTokens(dir: string): ReadToken[] {
  return readFile(join(dir, FILE)).map(shown)
}

interface Wanted {
  readonly name: string
  readonly scope: TokenScope
  readonly expires?: Seconds | undefined
}

/** A new token; undefined where there is one of that name. Only here is the whole token known. */
export function issueReadToken(dir: string, wanted: Wanted, now: Milliseconds): (ReadToken & { token: string }) | undefined {
  const { name, scope, expires } = wanted
  const id = toHex(randomBytes(ID_BYTES))
  const token = `nim_read_${id}_${randomBytes(SECRET_BYTES).toString('base64url')}`
  const kept: Kept = {
    id,
    name,
    scope,
    created: formatSeconds(wholeSeconds(now)),
    ...(expires !== undefined && { expires: formatSeconds(expires) }),
    digest: toHex(digestOf(token)),
  }
  const isNew = change(dir, (tokens) => {
    if (tokens.some((one) => one.name === name)) return undefined
    if (tokens.length >= MAX_TOKENS) throw new StoreError('busy', `There are ${MAX_TOKENS} read tokens: revoke some first.`)
    return [...tokens, kept]
  })
  return isNew ? { ...shown(kept), token } : undefined
}

/** Ends a token, by its name or id; undefined where there is none. */
export function revokeReadToken(dir: string, named: string): ReadToken | undefined {
  let revoked: Kept | undefined
  change(dir, (tokens) => {
    revoked = tokens.find(({ name }) => name === named) ?? tokens.find(({ id }) => id === named)
    return revoked && tokens.filter((one) => one !== revoked)
  })
  return revoked && shown(revoked)
}

/** The tokens of a folder as a hub looks them up, while commands issue and revoke them. */
export class ReadTokens {
  readonly #path: string
  #seen = ''
  #tokens: ReadonlyMap<string, Kept> = new Map()

  constructor(dir: string) {
    this.#path = join(dir, FILE)
  }

  /** What a token is for; undefined where it is none, or no longer one. */
  find(token: string, now: Milliseconds): ReadToken | undefined {
    const id = TOKEN.exec(token)?.[1]
    if (id === undefined) return undefined
    this.#refresh()
    const kept = this.#tokens.get(id)
    if (kept === undefined || !timingSafeEqual(digestOf(token), tryFromHex(kept.digest)!)) return undefined
    const isOver = kept.expires !== undefined && now >= parseSeconds(kept.expires)! * 1_000
    return isOver ? undefined : shown(kept)
  }

  /** A file that was replaced has another inode and another time. */
  #refresh(): void {
    const found = statSync(this.#path, { bigint: true, throwIfNoEntry: false })
    const seen = found === undefined ? '' : `${found.dev} ${found.ino} ${found.mtimeNs} ${found.ctimeNs} ${found.size}`
    if (seen === this.#seen) return
    this.#tokens = new Map(readFile(this.#path).map((one) => [one.id, one]))
    this.#seen = seen
  }
}

function change(dir: string, alter: (tokens: readonly Kept[]) => readonly Kept[] | undefined): boolean {
  const path = join(dir, FILE)
  return exclusively(path, () => {
    const tokens = alter(readFile(path))
    if (tokens !== undefined) writeDurably(path, `${JSON.stringify({ version: 1, tokens }, undefined, 1)}\n`)
    return tokens !== undefined
  })
}

function shown({ digest: _digest, ...told }: Kept): ReadToken {
  const { expires, ...rest } = told
  return { ...rest, ...(expires !== undefined && { expires }) }
}

function digestOf(token: string): Uint8Array {
  return sha256(utf8(token))
}

function readFile(path: string): readonly Kept[] {
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return []
  const damaged = new StoreError(
    'damaged',
    `${FILE} is not a file of read tokens of this program, or it is damaged. Without it nobody has a read token: take it away ` +
      'and issue them anew.',
  )
  const bytes = readFileSync(path)
  if (bytes.length > MAX_FILE_BYTES) throw damaged
  let value: unknown
  try {
    value = JSON.parse(bytes.toString('utf8'))
  } catch {
    throw damaged
  }
  const parsed = form.safeParse(value)
  if (!parsed.success) throw damaged
  return parsed.data.tokens
}
