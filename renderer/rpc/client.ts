/** The page's way to the console: over the window's bridge where there is one, otherwise over HTTP with events as SSE. */

import { createTRPCClient, httpBatchLink, httpSubscriptionLink, splitLink, type TRPCClient, type TRPCLink } from '@trpc/client'
import type { IpcBridge } from '../../core/api/ipc-messages.ts'
import type { Router } from '../../core/api/router.ts'
import { ipcLink } from './ipc-link.ts'

const URL = '/trpc'
/** Below what the console takes in one batch. */
const MAX_BATCH_CALLS = 20

declare global {
  interface Window {
    readonly nimledger?: IpcBridge
  }
}

export function createClient(): TRPCClient<Router> {
  const bridge = window.nimledger
  return createTRPCClient<Router>({ links: bridge === undefined ? [httpLink()] : [ipcLink(bridge)] })
}

function httpLink(): TRPCLink<Router> {
  return splitLink({
    condition: ({ type }) => type === 'subscription',
    true: httpSubscriptionLink({ url: URL }),
    // Inputs in the body: the console answers no call that a link could make.
    false: httpBatchLink({ url: URL, maxItems: MAX_BATCH_CALLS, methodOverride: 'POST' }),
  })
}
