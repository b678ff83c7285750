/** How a mirror stands beside its hub: one watch for the whole page. Where the folder has the ledger itself there is nothing. */
import { skipToken, useQueryClient } from '@tanstack/react-query'
import { useSubscription } from '@trpc/tanstack-react-query'
import { createContext, type ReactNode, useContext, useState } from 'react'
import type { SyncState } from '../core/api/views.ts'
import { useDesk } from './desk.tsx'
import { useTRPC } from './trpc.ts'

const SyncContext = createContext<SyncState | undefined>(undefined)

/** Undefined where nothing is followed, or nothing is known of it yet. */
export function useSync(): SyncState | undefined {
  return useContext(SyncContext)
}

export function SyncProvider({ children }: { readonly children: ReactNode }) {
  const { desk } = useDesk()
  const trpc = useTRPC()
  const client = useQueryClient()
  const [state, setState] = useState<SyncState>()
  const isMirror = desk.kind === 'mirror'
  useSubscription(
    trpc.sync.watch.subscriptionOptions(isMirror ? undefined : skipToken, {
      onData: (now) => {
        setState(now)
        // What a note has become, and what is beside the mirror, can only be another with the state.
        void client.invalidateQueries(trpc.sync.outbox.pathFilter())
        void client.invalidateQueries(trpc.sync.evidence.pathFilter())
      },
    }),
  )
  return <SyncContext value={isMirror ? state : undefined}>{children}</SyncContext>
}

/** How many notes are on their way. */
export function waitingIn({ outbox: { queued, sent } }: SyncState): number {
  return queued + sent
}
