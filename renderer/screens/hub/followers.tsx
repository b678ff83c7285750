/** Who follows the log, and how far behind they are, as far as the hub can know. */
import { Stack, Tooltip } from '@mantine/core'
import { IconBroadcast } from '@tabler/icons-react'
import type { HubFollower } from '../../../core/api/views.ts'
import { type Column, DataTable } from '../../components/data-table.tsx'
import { Empty, Panel, Tag } from '../../components/layout.tsx'
import { CommandText, Foreign, Id, When } from '../../components/text.tsx'
import { useDesk } from '../../desk.tsx'
import { formatCount } from '../../format.ts'
import { strings } from '../../strings.ts'

interface Row extends HubFollower {
  /** Entries that it has not read yet; undefined where that is not known. */
  readonly behind: number | undefined
}

const { readers: t } = strings.hub

const COLUMNS: readonly Column<Row>[] = [
  { id: 'who', title: t.columns.who, order: ({ name, program }) => name ?? program, cell: (row) => <Who follower={row} /> },
  {
    id: 'how',
    title: t.columns.how,
    order: ({ streams }) => -streams,
    cell: ({ streams }) => (streams > 0 ? <Tag tone="accent">{t.listens}</Tag> : <Tag>{t.asks}</Tag>),
  },
  {
    id: 'read',
    title: t.columns.read,
    align: 'end',
    order: ({ read = -1 }) => read,
    cell: ({ read }) => (read === undefined ? '–' : formatCount(read)),
  },
  {
    id: 'behind',
    title: t.columns.behind,
    align: 'end',
    order: ({ behind = -1 }) => behind,
    cell: (row) => <Behind row={row} />,
  },
  { id: 'seen', title: t.columns.seen, align: 'end', order: ({ seen }) => seen, cell: ({ seen }) => <When time={seen} /> },
]

interface FollowersProps {
  readonly followers: readonly HubFollower[]
  readonly published: number
}

export function Followers({ followers, published }: FollowersProps) {
  const rows = followers.map((one) => ({ ...one, behind: behindOf(one, published) }))
  return (
    <Panel title={t.title} aside={t.aside} flush>
      {rows.length === 0 ? (
        <Nobody />
      ) : (
        <DataTable
          label={t.title}
          columns={COLUMNS}
          rows={rows}
          rowKey={({ address, program, name }) => JSON.stringify([address, program, name])}
        />
      )}
    </Panel>
  )
}

function behindOf({ read }: HubFollower, published: number): number | undefined {
  return read === undefined ? undefined : Math.max(0, published - read)
}

/** How many entries the last of them has not read. */
export function furthestBehind(followers: readonly HubFollower[], published: number): number {
  return Math.max(0, ...followers.map((one) => behindOf(one, published) ?? 0))
}

/** Programs call themselves what they like. */
function Who({ follower: { name, program, address } }: { readonly follower: HubFollower }) {
  return (
    <Stack gap={0}>
      <span>
        {name !== undefined && (
          <>
            <span className="strong">{name.startsWith('nim1') ? <Id value={name} /> : <Foreign>{name}</Foreign>}</span>{' '}
          </>
        )}
        <Foreign className={name === undefined ? 'strong' : 'dimmed'}>{program || '–'}</Foreign>
      </span>
      <span className="mono dimmed">{address}</span>
    </Stack>
  )
}

function Behind({ row: { behind } }: { readonly row: Row }) {
  if (behind === 0) return <span className="dimmed nowrap">{t.upToDate}</span>
  if (behind !== undefined) return <span className="strong">{formatCount(behind)}</span>
  return (
    <Tooltip label={t.unknownHint} multiline maw={280}>
      <span className="dimmed nowrap">{t.unknown}</span>
    </Tooltip>
  )
}

function Nobody() {
  const { ledger } = useDesk()
  return (
    <Empty icon={IconBroadcast} title={t.none}>
      <Stack gap="xs" align="center">
        {t.noneText}
        <CommandText>{`nimledger sync --hub URL --vkey ${ledger.vkey} --dir mirror --watch`}</CommandText>
      </Stack>
    </Empty>
  )
}
