/**
 * What happens on the ledger while the page is open: one watch of the log for the whole page. Each new entry makes the
 * answers out of date that it may have changed; many entries at once do so once.
 */
import { useQueryClient } from '@tanstack/react-query'
import { useSubscription } from '@trpc/tanstack-react-query'
import { createContext, type ReactNode, useContext, useEffect, useRef, useState } from 'react'
import type { Entry } from '../core/api/views.ts'
import { useTRPC } from './trpc.ts'

interface Live {
  /** Entries in the log, as far as this page was told. */
  readonly size: number
  readonly isConnected: boolean
  /** The newest entry that came while the page was open. */
  readonly newest?: Entry
}

const LiveContext = createContext<Live>({ size: 0, isConnected: false })

const REFRESH_MS = 300

export function useLive(): Live {
  return useContext(LiveContext)
}

/** `size` is what the ledger's state told at first. */
export function LiveProvider({ size, children }: { readonly size: number; readonly children: ReactNode }) {
  const trpc = useTRPC()
  const [newest, setNewest] = useState<Entry>()
  const refresh = useRefresh()
  const watch = useSubscription(
    trpc.log.watch.subscriptionOptions(undefined, {
      onData: ({ data }) => {
        setNewest((before) => (before !== undefined && before.index > data.index ? before : data))
        refresh()
      },
    }),
  )
  const isConnected = watch.status === 'pending'
  const live = { size: Math.max(size, newest === undefined ? 0 : newest.index + 1), isConnected, ...(newest && { newest }) }
  return <LiveContext value={live}>{children}</LiveContext>
}

/** Marks as out of date, at most once in a while, whatever entries can change. */
function useRefresh(): () => void {
  const client = useQueryClient()
  const trpc = useTRPC()
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])
  return () => {
    if (timer.current !== undefined) return
    timer.current = setTimeout(() => {
      timer.current = undefined
      const changed = [
        trpc.account.pathFilter(),
        trpc.creator.pathFilter(),
        trpc.desk.state.pathFilter(),
        trpc.keys.list.pathFilter(),
        trpc.log.page.pathFilter(),
        trpc.market.pathFilter(),
        trpc.transaction.preview.pathFilter(),
        trpc.revenue.pathFilter(),
        trpc.treasury.pathFilter(),
        trpc.wallet.pathFilter(),
      ]
      for (const filter of changed) void client.invalidateQueries(filter)
    }, REFRESH_MS)
  }
}
