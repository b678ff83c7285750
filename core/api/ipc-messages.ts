/**
 * The messages on the one channel between the window's page and the main process. Inputs are JSON texts, as they are over HTTP:
 * so their size is known before anything is made of them, and nothing but JSON can arrive.
 */

import type { TRPCResponseMessage } from '@trpc/server/rpc'

export type IpcChannel = 'nimledger:trpc'

/** From the page. */
export type IpcRequest =
  | {
      readonly kind: 'call'
      readonly id: number
      readonly type: 'query' | 'mutation' | 'subscription'
      readonly path: string
      readonly input?: string
      /** What the subscription saw last, if it was cut off before. */
      readonly lastEventId?: string
    }
  | { readonly kind: 'stop'; readonly id: number }

/** To the page. */
export type IpcResponse = TRPCResponseMessage

/** What the preload script puts into the page, as `window.nimledger`. */
export interface IpcBridge {
  send(request: IpcRequest): void
  /** Returns the function that ends it. */
  listen(hear: (response: IpcResponse) => void): () => void
}
