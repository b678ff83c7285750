/** tRPC's calls over the bridge that the preload script puts into the window's page. */

import { TRPCClientError, type TRPCLink } from '@trpc/client'
import { observable } from '@trpc/server/observable'
import type { IpcBridge, IpcResponse } from '../../core/api/ipc-messages.ts'
import type { Router } from '../../core/api/router.ts'

/** Ids of a page before a reload never meet this page's. */
const BASE = 2 ** 24

export function ipcLink(bridge: IpcBridge): TRPCLink<Router> {
  return () => {
    const waiting = new Map<number, (response: IpcResponse) => void>()
    const base = Math.floor(Math.random() * BASE) * BASE
    bridge.listen((response) => waiting.get(Number(response.id))?.(response))
    return ({ op }) =>
      observable((observer) => {
        const id = base + op.id
        let isOver = false
        const finish = () => {
          isOver = true
          waiting.delete(id)
        }
        const stop = () => {
          if (isOver) return
          finish()
          bridge.send({ kind: 'stop', id })
        }
        const onAbort = () => {
          stop()
          observer.error(TRPCClientError.from(new DOMException('The call was taken back.', 'AbortError')))
        }
        waiting.set(id, (response) => {
          if ('error' in response) {
            finish()
            observer.error(TRPCClientError.from(response))
            return
          }
          observer.next({ result: response.result } as never)
          if (op.type !== 'subscription' || response.result.type === 'stopped') {
            finish()
            observer.complete()
          }
        })
        if (op.signal?.aborted) {
          onAbort()
          return () => {}
        }
        op.signal?.addEventListener('abort', onAbort, { once: true })
        const input = op.input === undefined ? {} : { input: JSON.stringify(op.input) }
        bridge.send({ kind: 'call', id, type: op.type, path: op.path, ...input })
        return () => {
          op.signal?.removeEventListener('abort', onAbort)
          stop()
        }
      })
  }
}
