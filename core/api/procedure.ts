/**
 * What every procedure of the console is made of. Nothing is allowed but what a procedure says it needs and its caller has: one
 * that says nothing is refused to everybody.
 */

import { getTRPCErrorFromUnknown, initTRPC, TRPCError } from '@trpc/server'
import { ZodError } from 'zod'
import { firstIssue } from '../domain/fields.ts'
import type { ConsoleHost } from './host.ts'
import type { DeskState, FailureCode } from './views.ts'

/**
 * What a caller may do. `look`: see how the desk stands · `found`: make a ledger where there is none · `unlock`: give the
 * passphrase · `read`: see what the ledger holds · `sign`: use the keys of this machine · `submit`: hand in signed notes.
 */
export type Right = 'look' | 'found' | 'unlock' | 'read' | 'sign' | 'submit'

/** What whoever sits at this machine may do, as the desk stands. */
export const RIGHTS: Readonly<Record<DeskState['status'], ReadonlySet<Right>>> = {
  empty: new Set<Right>(['look', 'found']),
  founding: new Set<Right>(['look']),
  locked: new Set<Right>(['look', 'unlock']),
  open: new Set<Right>(['look', 'read', 'sign', 'submit']),
}

export interface Context {
  readonly host: ConsoleHost
  /** Asked at every call, since they change with the desk. */
  readonly rights: () => ReadonlySet<Right>
}

interface Failure {
  readonly code: FailureCode
  readonly message: string
}

/** A failure that is known where it arises. */
class KnownFailure extends Error {
  readonly failure: Failure

  constructor(code: FailureCode, message: string) {
    super(message)
    this.failure = { code, message }
  }
}

const t = initTRPC
  .context<Context>()
  .meta<{ readonly needs: Right }>()
  .create({
    isDev: false,
    sse: { ping: { enabled: true, intervalMs: 5_000 }, client: { reconnectAfterInactivityMs: 15_000 } },
    errorFormatter: ({ shape, error, ctx }) => {
      const failure = failureOf(error, ctx?.host)
      return { ...shape, message: failure.message, data: { ...shape.data, stack: undefined, failure } }
    },
  })

const guarded = t.procedure.use(async ({ ctx, meta, next }) => {
  if (meta === undefined || !ctx.rights().has(meta.needs)) throw denied(ctx.host.status)
  const result = await next()
  if (!result.ok) throw named(result.error, ctx.host)
  return result
})

/** Events as they come; what ends them early is named as any other failure is, so that nobody asks for more of them in vain. */
export async function* events<Event>(host: ConsoleHost, source: AsyncIterable<Event>): AsyncGenerator<Event> {
  try {
    yield* source
  } catch (error) {
    throw named(getTRPCErrorFromUnknown(error), host)
  }
}

/** The error under the code of what went wrong. */
function named(error: TRPCError, host: ConsoleHost): TRPCError {
  if (error.code !== 'INTERNAL_SERVER_ERROR') return error
  const { code } = failureOf(error, host)
  return new TRPCError({ code: STATUS[code], message: error.message, cause: error.cause })
}

/** A procedure for callers who have a right. */
export function may(needs: Right) {
  return guarded.meta({ needs })
}

export const router = t.router

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

function denied(status: DeskState['status']): TRPCError {
  if (status === 'locked') return known('locked', 'The keys are locked: unlock them first.')
  return known('denied', status === 'empty' ? 'There is no ledger here yet.' : 'That is not allowed here, or not now.')
}

export function missing(message: string): TRPCError {
  return known('missing', message)
}

function known(code: FailureCode, message: string): TRPCError {
  return new TRPCError({ code: STATUS[code], message, cause: new KnownFailure(code, message) })
}

function failureOf(error: TRPCError, host: ConsoleHost | undefined): Failure {
  const { cause, code, message } = error
  if (cause instanceof KnownFailure) return cause.failure
  if (cause instanceof ZodError)
    return { code: 'usage', message: `The request is not well-formed: ${firstIssue(cause, 'input')}.` }
  if (cause instanceof SyntaxError && code !== 'INTERNAL_SERVER_ERROR')
    return { code: 'usage', message: 'The request is not JSON.' }
  // What tRPC itself found: an unknown path, a wrong method, a body that is too large.
  if (cause === undefined) return { code: code === 'NOT_FOUND' ? 'missing' : 'usage', message }
  return host?.explain(cause) ?? { code: 'defect', message: 'The console failed.' }
}
