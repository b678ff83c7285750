/** The hub's witnesses: what each cosigned last, and what is wrong with those that do not answer. */
import { Stack } from '@mantine/core'
import { IconEye } from '@tabler/icons-react'
import type { HubView, HubWitness } from '../../../core/api/views.ts'
import { type Column, DataTable } from '../../components/data-table.tsx'
import { Empty, Panel, Tag } from '../../components/layout.tsx'
import { Foreign, When } from '../../components/text.tsx'
import { formatCount } from '../../format.ts'
import { strings } from '../../strings.ts'

interface Row extends HubWitness {
  readonly behind: number
}

const { witnesses: t } = strings.hub

const COLUMNS: readonly Column<Row>[] = [
  {
    id: 'name',
    title: t.columns.name,
    order: ({ name }) => name,
    cell: ({ name }) => <Foreign className="strong witness-name">{name}</Foreign>,
  },
  { id: 'state', title: t.columns.state, cell: (row) => <State witness={row} /> },
  { id: 'size', title: t.columns.size, align: 'end', order: ({ size }) => size, cell: ({ size }) => formatCount(size) },
  {
    id: 'behind',
    title: t.columns.behind,
    align: 'end',
    order: ({ behind }) => behind,
    cell: ({ behind }) => formatCount(behind),
  },
  {
    id: 'time',
    title: t.columns.time,
    align: 'end',
    order: ({ cosigned = '' }) => cosigned,
    cell: ({ cosigned }) => (cosigned === undefined ? '–' : <When time={cosigned} />),
  },
]

interface WitnessesProps {
  readonly witnesses: readonly HubWitness[] | undefined
  readonly log: HubView['log']
}

export function Witnesses({ witnesses, log: { entries, cosigned } }: WitnessesProps) {
  if (witnesses === undefined)
    return (
      <Panel title={t.title} flush>
        <Empty icon={IconEye} title={t.none}>
          {t.noneText}
        </Empty>
      </Panel>
    )
  const rows = witnesses.map((one) => ({ ...one, behind: Math.max(0, entries - one.size) }))
  return (
    <Panel title={t.title} aside={cosigned === undefined ? undefined : t.quorum(cosigned)} flush>
      <DataTable label={t.title} columns={COLUMNS} rows={rows} rowKey={({ name }) => name} />
    </Panel>
  )
}

function State({ witness: { failure, cosigned } }: { readonly witness: HubWitness }) {
  if (failure === undefined) return cosigned === undefined ? <Tag>{t.waiting}</Tag> : <Tag tone="accent">{t.well}</Tag>
  return (
    <Stack gap={2} align="flex-start">
      <Tag tone="warn">{t.fails}</Tag>
      <Foreign className="message">{failure.message}</Foreign>
    </Stack>
  )
}
