/** Why a call failed: a code and a sentence, under the code that tRPC and HTTP have for it. */

import { getTRPCErrorFromUnknown, TRPCError } from '@trpc/server'
import { ZodError } from 'zod'
import { firstIssue } from '../domain/fields.ts'
import type { Failure, FailureCode } from './views.ts'

export type { Failure }

/** The program that runs the procedures, which knows what the errors of its stores, files and keys mean. */
export interface Explainer {
  explain(error: unknown): Failure
}

/** A failure that is known where it arises. */
class KnownFailure extends Error {
  readonly failure: Failure

  constructor(code: FailureCode, message: string) {
    super(message)
    this.failure = { code, message }
  }
}

/** What went wrong, as tRPC and HTTP name it. */
const STATUS = {
  usage: 'BAD_REQUEST',
  passphrase: 'UNAUTHORIZED',
  locked: 'CONFLICT',
  denied: 'FORBIDDEN',
  missing: 'NOT_FOUND',
  busy: 'SERVICE_UNAVAILABLE',
  offline: 'SERVICE_UNAVAILABLE',
  disk_full: 'INTERNAL_SERVER_ERROR',
  damaged: 'INTERNAL_SERVER_ERROR',
  defect: 'INTERNAL_SERVER_ERROR',
} as const satisfies Record<FailureCode, TRPCError['code']>

export const FAILURE_CODES = Object.keys(STATUS) as readonly FailureCode[]

export function known(code: FailureCode, message: string): TRPCError {
  return new TRPCError({ code: STATUS[code], message, cause: new KnownFailure(code, message) })
}

export function missing(message: string): TRPCError {
  return known('missing', message)
}

/** More than one caller's share. */
export function tooMany(message: string): TRPCError {
  return new TRPCError({ code: 'TOO_MANY_REQUESTS', message, cause: new KnownFailure('busy', message) })
}

/** The error under the code for what went wrong. */
export function named(error: TRPCError, host: Explainer): TRPCError {
  if (error.code !== 'INTERNAL_SERVER_ERROR') return error
  const { code } = failureOf(error, host)
  return new TRPCError({ code: STATUS[code], message: error.message, cause: error.cause })
}

/**
 * The events of a subscription, as they come. A failure that ends them early gets a code as any other does, so that clients know
 * whether asking again makes sense.
 *
 * tRPC asks for the next event before it has handed on the one before, and as long as a client does not read that one, nobody
 * waits for the next: a failure then is heard of later, or never where the client is gone. It must not end the program.
 */
export function events<Event>(host: Explainer, source: AsyncIterable<Event>): AsyncGenerator<Event> {
  const passed = pass(host, source)
  const next = passed.next.bind(passed)
  passed.next = () => {
    const asked = next()
    asked.catch(() => {})
    return asked
  }
  return passed
}

async function* pass<Event>(host: Explainer, source: AsyncIterable<Event>): AsyncGenerator<Event> {
  try {
    yield* source
  } catch (error) {
    throw named(getTRPCErrorFromUnknown(error), host)
  }
}

export function failureOf(error: TRPCError, host: Explainer | undefined): Failure {
  const { cause, code, message } = error
  if (cause instanceof KnownFailure) return cause.failure
  if (cause instanceof ZodError)
    return { code: 'usage', message: `The request is not well-formed: ${firstIssue(cause, 'input')}.` }
  if (cause instanceof SyntaxError && code !== 'INTERNAL_SERVER_ERROR')
    return { code: 'usage', message: 'The request is not JSON.' }
  // What tRPC itself found: an unknown path, a wrong method, a body that is too large.
  if (cause === undefined) return { code: code === 'NOT_FOUND' ? 'missing' : 'usage', message }
  return host?.explain(cause) ?? { code: 'defect', message: 'The program failed.' }
}
