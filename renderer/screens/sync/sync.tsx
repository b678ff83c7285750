/** A mirror beside its hub: the connection, what is on its way, what the hub was caught at. */
import { Button } from '@mantine/core'
import { IconRefresh } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import type { SyncState } from '../../../core/api/views.ts'
import { Answered, Figure, Figures, Page } from '../../components/layout.tsx'
import { When } from '../../components/text.tsx'
import { useDesk } from '../../desk.tsx'
import { formatCount } from '../../format.ts'
import { strings } from '../../strings.ts'
import { useSync, waitingIn } from '../../sync.tsx'
import { useTRPC } from '../../trpc.ts'
import { Connection, Trouble } from './connection.tsx'
import { EvidenceFiles } from './evidence.tsx'
import { Outbox } from './outbox.tsx'
import { OwnLedger } from './own-ledger.tsx'

export function Sync() {
  const { desk } = useDesk()
  return desk.kind === 'mirror' ? <Mirror /> : <OwnLedger />
}

const NOT_YET = { data: undefined, error: null, refetch: () => {} }

function Mirror() {
  const { ledger } = useDesk()
  const sync = useSync()
  const trpc = useTRPC()
  const now = useMutation(trpc.sync.now.mutationOptions())
  const { sync: t } = strings
  const ask = (
    <Button variant="default" leftSection={<IconRefresh size={16} />} loading={now.isPending} onClick={() => now.mutate()}>
      {t.now}
    </Button>
  )
  return (
    <Page title={t.title} lead={t.lead(ledger.origin)} actions={ask}>
      <Answered query={sync === undefined ? NOT_YET : { ...NOT_YET, data: sync }}>
        {(state) => (
          <>
            <Standing state={state} />
            <Trouble link={state.link} again={() => now.mutate()} />
            {state.evidence > 0 && <EvidenceFiles />}
            <Outbox state={state} />
            <Connection state={state} />
          </>
        )}
      </Answered>
    </Page>
  )
}

/** How it stands, in four figures. */
function Standing({ state }: { readonly state: SyncState }) {
  const { sync: t } = strings
  const { link, size, shown, outbox, evidence } = state
  const isGood = link.status === 'following' || link.status === 'elsewhere'
  const waiting = waitingIn(state)
  const heard =
    link.heard === undefined ? (
      t.never
    ) : (
      <>
        {t.heard} <When time={link.heard} />
      </>
    )
  return (
    <Figures>
      <Figure label={t.connection} note={heard} tone={isGood ? 'accent' : 'warn'}>
        {t.links[link.status]}
      </Figure>
      <Figure label={t.here} note={shown > size ? t.behind(shown - size) : t.upToDate}>
        {formatCount(size)}
      </Figure>
      <Figure label={t.waiting} note={t.answered(outbox.accepted, outbox.refused)} {...(waiting > 0 && { tone: 'accent' })}>
        {formatCount(waiting)}
      </Figure>
      <Figure label={t.caught} note={evidence > 0 ? t.foundNote : t.noneNote} {...(evidence > 0 && { tone: 'warn' })}>
        {evidence > 0 ? t.found(evidence) : t.none}
      </Figure>
    </Figures>
  )
}
