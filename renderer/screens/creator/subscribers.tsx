/** Who subscribes to a creator's listings: since when, until when, and whether it goes on. */
import { Anchor } from '@mantine/core'
import { IconUsersGroup } from '@tabler/icons-react'
import type { SubscriptionView } from '../../../core/api/views.ts'
import { type Column, DataTable } from '../../components/data-table.tsx'
import { Answered, Empty, Page, Panel, Tag } from '../../components/layout.tsx'
import { Amount, Foreign, When } from '../../components/text.tsx'
import { useDesk } from '../../desk.tsx'
import { microsOf } from '../../format.ts'
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
                sortedBy="end"
                more={list.more}
              />
            )
          }
        </Answered>
      </Panel>
    </Page>
  )
}

/** What becomes of it: it goes on, or it ends; in grace it waits for its payer. */
function State({ of: { standing, cancelled } }: { readonly of: SubscriptionView }) {
  if (standing === 'active' && cancelled) return <Tag tone="warn">{strings.subscribers.ends}</Tag>
  return (
    <Tag tone={standing === 'active' ? 'accent' : standing === 'suspended' ? 'warn' : 'quiet'}>{strings.standings[standing]}</Tag>
  )
}

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
  { id: 'state', title: columns.state, cell: (one) => <State of={one} />, order: ({ standing }) => standing },
  {
    id: 'end',
    title: columns.end,
    cell: ({ end }) => <When time={end} dayOnly />,
    order: ({ end }) => end,
  },
  { id: 'period', title: columns.period, cell: ({ period }) => strings.periods[period] ?? period, order: ({ period }) => period },
  {
    id: 'price',
    title: columns.price,
    align: 'end',
    cell: ({ price }) => <Amount value={price} aligned />,
    order: ({ price }) => microsOf(price),
  },
]
