/** Who subscribes to a creator's listings: since when, until when, and whether it goes on. */
import { Anchor } from '@mantine/core'
import { IconUsersGroup } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import type { SubscriptionView } from '../../../core/api/views.ts'
import { amountColumn, type Column, DataTable } from '../../components/data-table.tsx'
import { Answered, Empty, Figure, Figures, Page, Panel, Tag } from '../../components/layout.tsx'
import { Foreign, When } from '../../components/text.tsx'
import { useDesk } from '../../desk.tsx'
import { formatCount } from '../../format.ts'
import { usePartByPart } from '../../part-by-part.ts'
import { href } from '../../route.ts'
import { strings } from '../../strings.ts'
import { useTRPC, useTRPCClient } from '../../trpc.ts'

export function Subscribers() {
  const { acting } = useDesk()
  const { account } = acting
  const trpc = useTRPC()
  const client = useTRPCClient()
  const { subscribers: t } = strings
  const list = usePartByPart(
    trpc.creator.subscribers.pathKey(),
    { account },
    (after?: string) => client.creator.subscribers.query({ account, after, limit: 200 }),
    ({ subscriptions }) => subscriptions,
  )
  return (
    <Page title={t.title} lead={t.lead}>
      <Standings />
      <Panel flush>
        <Answered query={{ ...list, data: list.items }}>
          {(subscriptions) =>
            subscriptions.length === 0 && list.more === undefined ? (
              <Empty icon={IconUsersGroup} title={t.empty}>
                {t.emptyText}
              </Empty>
            ) : (
              <DataTable
                label={t.title}
                columns={COLUMNS}
                rows={subscriptions}
                rowKey={({ subscription }) => subscription}
                sortedBy="state"
                more={list.more}
              />
            )
          }
        </Answered>
      </Panel>
    </Page>
  )
}

/** How many there are of each, where there are any. */
function Standings() {
  const { acting } = useDesk()
  const trpc = useTRPC()
  const overview = useQuery(trpc.creator.overview.queryOptions({ account: acting.account }))
  const { subscribers: t } = strings
  if (overview.data === undefined) return null
  const { active, suspended, lapsed } = overview.data.subscribers
  if (active + suspended + lapsed === 0) return null
  return (
    <Figures>
      <Figure label={t.counts.active} note={t.notes.active} tone="accent">
        {formatCount(active)}
      </Figure>
      <Figure label={t.counts.suspended} note={t.notes.suspended} {...(suspended > 0 && { tone: 'warn' })}>
        {formatCount(suspended)}
      </Figure>
      <Figure label={t.counts.lapsed} note={t.notes.lapsed}>
        {formatCount(lapsed)}
      </Figure>
    </Figures>
  )
}

/** What becomes of it: it goes on, or it ends; in grace it waits for its payer. */
function State({ of: { standing, cancelled } }: { readonly of: SubscriptionView }) {
  if (standing === 'active' && cancelled) return <Tag tone="warn">{strings.subscribers.ends}</Tag>
  return (
    <Tag tone={standing === 'active' ? 'accent' : standing === 'suspended' ? 'warn' : 'quiet'}>{strings.standings[standing]}</Tag>
  )
}

/** Those that renew next come first; those that are over, last. */
const RANKS = { active: 0, suspended: 1, lapsed: 2 } as const
const rankOf = ({ standing, end }: SubscriptionView) => `${RANKS[standing]} ${end}`

const { columns } = strings.subscribers

const COLUMNS: readonly Column<SubscriptionView>[] = [
  {
    id: 'subscriber',
    title: columns.subscriber,
    cell: ({ account, subscriber }) => (
      <Anchor href={href('log', undefined, { account })} fw={550} size="sm">
        <Foreign>{subscriber}</Foreign>
      </Anchor>
    ),
    order: ({ subscriber }) => subscriber.toLowerCase(),
  },
  {
    id: 'listing',
    title: columns.listing,
    cell: ({ listing, title }) => (
      <Anchor href={href('market', listing)} size="sm">
        <Foreign>{title}</Foreign>
      </Anchor>
    ),
    order: ({ title }) => title.toLowerCase(),
  },
  { id: 'state', title: columns.state, cell: (one) => <State of={one} />, order: rankOf },
  {
    id: 'end',
    title: columns.end,
    cell: ({ end }) => <When time={end} dayOnly />,
    order: ({ end }) => end,
  },
  { id: 'period', title: columns.period, cell: ({ period }) => strings.periods[period] ?? period, order: ({ period }) => period },
  amountColumn('price', columns.price, ({ price }) => price),
]
