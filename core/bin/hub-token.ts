/**
 * The read token of a private hub, kept beside the mirror that follows it, so that it has to be given to the console only once.
 * The file is readable by its owner alone, and part of no backup; what the token opens, the mirror beside it holds already.
 */

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeDurably } from '../drivers/durable-file.ts'
import { StoreError } from '../ledger/store.ts'
import { isToken } from '../net/token.ts'
import { Failure } from './failure.ts'

const TOKEN_FILE = 'hub-token'

/** From now on the mirror in the folder uses this token to be shown the log. */
export function keepHubToken(dir: string, token: string): void {
  writeDurably(join(dir, TOKEN_FILE), `${requireToken(token, 'The read token')}\n`)
}

/** The token that was kept; undefined where none was. */
export function keptHubToken(dir: string): string | undefined {
  const file = join(dir, TOKEN_FILE)
  return existsSync(file) ? requireToken(readFileSync(file, 'utf8').trimEnd(), file) : undefined
}

/** A text that may be a token; where it cannot be one, `what` names it in the failure. */
export function requireToken(token: string, what: string): string {
  if (!isToken(token))
    throw new Failure('usage', `${what}: this is no read token, which has up to 512 visible characters and no spaces.`)
  return token
}

/**
 * An error for people who give tokens on a page: what it means that a hub does not show its log. Any other error stays as it is.
 */
export function explainDenied(error: unknown, token: string | undefined): unknown {
  if (!isDenied(error)) return error
  const why =
    token === undefined
      ? 'The log is private: to follow it takes a read token.'
      : "The token does not open the log: it was revoked, or is over, or it is an account's own or for metrics alone."
  return new Failure('usage', `${why} The hub's operator gives you one.`)
}

export function isDenied(error: unknown): boolean {
  return error instanceof StoreError && error.code === 'denied'
}
