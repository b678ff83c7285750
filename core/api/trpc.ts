/**
 * How every router here sets up tRPC: a client is told what failed in our words, never where in the code, and notices soon when
 * it was cut off.
 */

import type { TRPCDefaultErrorShape, TRPCError } from '@trpc/server'
import { type Explainer, failureOf } from './failures.ts'

interface Failed {
  readonly shape: TRPCDefaultErrorShape
  readonly error: TRPCError
  readonly ctx?: { readonly host: Explainer } | undefined
}

export const SETTINGS = {
  isDev: false,
  sse: { ping: { enabled: true, intervalMs: 5_000 }, client: { reconnectAfterInactivityMs: 15_000 } },
  errorFormatter: ({ shape, error, ctx }: Failed) => {
    const failure = failureOf(error, ctx?.host)
    return { ...shape, message: failure.message, data: { ...shape.data, stack: undefined, failure } }
  },
}
