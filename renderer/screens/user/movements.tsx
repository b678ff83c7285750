/** What came into an account's wallet and went out of it, or its top-ups and grants alone, entry by entry. */
import { Group, SegmentedControl } from '@mantine/core'
import { IconReceipt } from '@tabler/icons-react'
import { type ReactNode, useState } from 'react'
import { type Column, DataTable } from '../../components/data-table.tsx'
import { EntryLink } from '../../components/entry-link.tsx'
import { Answered, Empty, Panel } from '../../components/layout.tsx'
import { Amount, Sentence, When } from '../../components/text.tsx'
import { useDesk } from '../../desk.tsx'
import { microsOf, sumOf } from '../../format.ts'
import { usePartByPart } from '../../part-by-part.ts'
import { strings } from '../../strings.ts'
import { type Answers, useTRPC, useTRPCClient } from '../../trpc.ts'

type Entry = Answers['log']['page']['entries'][number]

interface Movement extends Entry {
  readonly change: string
}

const { columns } = strings.wallet

const COLUMNS: readonly Column<Movement>[] = [
  { id: 'entry', title: columns.entry, cell: ({ index }) => <EntryLink index={index} />, order: ({ index }) => index },
  { id: 'time', title: columns.time, cell: ({ time }) => <When time={time} dayOnly /> },
  { id: 'what', title: columns.what, cell: ({ summary, names }) => <Sentence text={summary} names={names} /> },
  {
    id: 'change',
    title: columns.amount,
    align: 'end',
    cell: ({ change }) => <Amount value={change} aligned signed className={change.startsWith('-') ? '' : 'comes'} />,
    order: ({ change }) => microsOf(change),
  },
]

const KINDS = ['all', 'credit.topup', 'credit.grant'] as const
type Kind = (typeof KINDS)[number]
/** Entries at a time: how long they last stands beside them, or below. */
const PART = 20

/** `empty` is shown where nothing ever came. */
export function Movements({ empty }: { readonly empty: ReactNode }) {
  const { acting } = useDesk()
  const { account } = acting
  const [kind, choose] = useState<Kind>('all')
  const trpc = useTRPC()
  const client = useTRPCClient()
  const { wallet: t } = strings
  const filter = { account, ...(kind !== 'all' && { type: kind }) }
  const list = usePartByPart(
    trpc.log.page.pathKey(),
    filter,
    (before?: number) => client.log.page.query({ ...filter, before, limit: PART }),
    ({ entries }) => entries.flatMap((entry) => movementOf(entry, account)),
  )
  const choice = (
    <Group gap="sm" wrap="nowrap">
      <SegmentedControl
        size="xs"
        aria-label={t.moves}
        value={kind}
        onChange={choose}
        data={KINDS.map((value) => ({ value, label: t.kinds[value] }))}
      />
      {strings.unit('0')}
    </Group>
  )
  return (
    <Panel title={t.moves} aside={choice} flush>
      <Answered query={{ ...list, data: list.items }}>
        {(moves) =>
          moves.length > 0 || list.more !== undefined ? (
            <DataTable label={t.moves} columns={COLUMNS} rows={moves} rowKey={({ index }) => String(index)} more={list.more} />
          ) : kind === 'all' ? (
            empty
          ) : (
            <Empty icon={IconReceipt} title={t.noneOf[kind]} />
          )
        }
      </Answered>
    </Panel>
  )
}

/** What an entry did to the account's wallet, if anything. */
function movementOf(entry: Entry, account: string): Movement[] {
  const own = entry.postings.filter(({ book }) => book === `wallet:${account}`)
  return own.length === 0 ? [] : [{ ...entry, change: sumOf(own.map(({ amount }) => amount)) }]
}
