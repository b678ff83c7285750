/** The console's procedures as React queries: one client, one cache, one way to tell what went wrong. */
import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query'
import { TRPCClientError } from '@trpc/client'
import type { inferRouterOutputs } from '@trpc/server'
import { createTRPCContext } from '@trpc/tanstack-react-query'
import type { Router } from '../core/api/router.ts'
import type { FailureCode } from '../core/api/views.ts'
import { strings } from './strings.ts'

export const { TRPCProvider, useTRPC, useTRPCClient } = createTRPCContext<Router>()

export type Answers = inferRouterOutputs<Router>

/** Why a call failed; `unreachable` where the console itself did not answer. */
export interface Failure {
  readonly code: FailureCode | 'unreachable'
  readonly message: string
}

export function failureOf(error: unknown): Failure {
  const failure = error instanceof TRPCClientError ? (error.data as { failure?: Failure } | undefined)?.failure : undefined
  if (failure !== undefined) return failure
  return { code: 'unreachable', message: strings.failures.unreachable }
}

/** Codes after which the desk is not what the page thinks it is. */
const DESK_CODES: readonly Failure['code'][] = ['locked', 'denied']
const MAX_RETRIES = 2

/** `deskChanged` is called when an answer shows that the ledger was locked, or taken away. */
export function createQueryClient(deskChanged: (client: QueryClient) => void): QueryClient {
  const onError = (error: Error) => {
    if (DESK_CODES.includes(failureOf(error).code)) deskChanged(client)
  }
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        // The log itself says when something is out of date: see live.tsx.
        staleTime: 60_000,
        networkMode: 'always',
        retry: (count, error) => count < MAX_RETRIES && ['busy', 'unreachable'].includes(failureOf(error).code),
      },
      // What a call was given, a passphrase for instance, is forgotten with the form that asked for it.
      mutations: { networkMode: 'always', retry: false, gcTime: 0 },
    },
  })
  return client
}
