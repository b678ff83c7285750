/** What is shown depends on how the desk stands: the doors of a first run, the lock, or the console. */
import { Center, Loader } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useSubscription } from '@trpc/tanstack-react-query'
import { useState } from 'react'
import type { DeskState } from '../core/api/views.ts'
import { FailureNotice } from './components/layout.tsx'
import { Shell } from './components/shell.tsx'
import { DeskProvider, useDesk } from './desk.tsx'
import { LiveProvider } from './live.tsx'
import { useRoute } from './route.ts'
import { Choose } from './screens/door/choose.tsx'
import { Doors } from './screens/door/doors.tsx'
import { Making } from './screens/door/making.tsx'
import { NoKeys } from './screens/door/no-keys.tsx'
import { Unlock } from './screens/door/unlock.tsx'
import { Recovery } from './screens/recovery/recovery.tsx'
import { SignProvider } from './sign.tsx'
import { strings } from './strings.ts'
import { SyncProvider } from './sync.tsx'
import { useTRPC } from './trpc.ts'

/** How far long work is. */
interface Progress {
  readonly done: number
  readonly total: number
}

export function App() {
  const trpc = useTRPC()
  const client = useQueryClient()
  const desk = useQuery(trpc.desk.state.queryOptions())
  const [progress, setProgress] = useState<Progress>()
  useSubscription(
    trpc.desk.watch.subscriptionOptions(undefined, {
      onStarted: () => void client.invalidateQueries(trpc.desk.state.queryFilter()),
      onData: (event) => {
        if (event.what === 'progress') return setProgress({ done: event.done, total: event.total })
        setProgress(undefined)
        // Of a ledger that was locked nothing stays in the page, and what was shown asks nothing more.
        if (event.status === 'locked') {
          client.setQueryData(trpc.desk.state.queryKey(), (before) => before && { ...before, status: event.status })
          client.removeQueries({ predicate: ({ queryKey }) => !isDeskState(queryKey) })
        }
        void client.invalidateQueries(trpc.desk.state.queryFilter())
      },
    }),
  )
  if (desk.data === undefined) {
    return (
      <Center mih="100vh" p="lg" component="main">
        {desk.error === null ? (
          <Loader aria-label={strings.loading} />
        ) : (
          <FailureNotice error={desk.error} retry={() => void desk.refetch()} />
        )}
      </Center>
    )
  }
  const { status, ledger, task = 'found' } = desk.data
  if (status === 'locked') return <Locked desk={desk.data} />
  if (status === 'founding') return <Making task={task} {...progress} />
  if (status === 'empty' || ledger === undefined) return <Doors desk={desk.data} />
  return (
    <DeskProvider desk={{ ...desk.data, ledger }}>
      <LiveProvider size={ledger.size}>
        <SyncProvider>
          <SignProvider>
            <Inside />
          </SignProvider>
        </SyncProvider>
      </LiveProvider>
    </DeskProvider>
  )
}

/** The console; before it, and where it is asked for, the recovery sheet of keys that were just made. */
function Inside() {
  const { acting, isNobody, desk } = useDesk()
  const { page, thing } = useRoute()
  const due = desk.accounts.find(({ sheet }) => sheet === 'due')
  const isAsked = page === 'keys' && thing === 'sheet' && !isNobody && acting.sheet !== undefined
  const of = due ?? (isAsked ? acting : undefined)
  return of === undefined ? <Shell /> : <Recovery key={of.account} of={of} />
}

/** A mirror gets its first keys here; those of a ledger are brought, since new ones could sign nothing. */
function Locked({ desk }: { readonly desk: DeskState }) {
  if (desk.hasKeys) return <Unlock desk={desk} />
  return desk.kind === 'mirror' ? <Choose desk={desk} /> : <NoKeys desk={desk} />
}

function isDeskState([path]: readonly unknown[]): boolean {
  return Array.isArray(path) && path.join('.') === 'desk.state'
}
