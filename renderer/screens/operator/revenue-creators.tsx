/** Creators by what the platform took of their sales in a period, with the way to their entries. */
import { Anchor, Button, Text } from '@mantine/core'
import { IconDownload } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { CreatorIncome, RevenuePeriod, RevenueUnit } from '../../../core/api/views.ts'
import { type Column, DataTable } from '../../components/data-table.tsx'
import { Answered, FailureNotice, Panel } from '../../components/layout.tsx'
import { Foreign, Id } from '../../components/text.tsx'
import { isolated } from '../../format.ts'
import { usePartByPart } from '../../part-by-part.ts'
import { href } from '../../route.ts'
import { saveFile } from '../../save-file.ts'
import { strings } from '../../strings.ts'
import { useTRPC, useTRPCClient } from '../../trpc.ts'
import { amounts, counts, shares } from './revenue-tables.tsx'

const { revenue: t } = strings
const { columns } = t
const LIMIT = 20

interface CreatorsProps {
  readonly unit: RevenueUnit
  readonly period: RevenuePeriod
}

export function Creators({ unit, period }: CreatorsProps) {
  const trpc = useTRPC()
  const client = useTRPCClient()
  const asked = { unit, from: `${period.from}T00:00:00Z` }
  const list = usePartByPart(
    trpc.revenue.creators.pathKey(),
    asked,
    (offset?: number) => client.revenue.creators.query({ ...asked, limit: LIMIT, ...(offset !== undefined && { offset }) }),
    ({ creators }) => creators,
  )
  const download = useMutation({
    mutationFn: () => client.revenue.creatorsFile.query(asked),
    onSuccess: ({ bytes }) => saveFile(`revenue-${period.period}.csv`, bytes),
  })
  const shown = useMemo(() => columnsOf(period.take), [period.take])
  const file = (
    <Button
      size="xs"
      variant="default"
      leftSection={<IconDownload size={14} />}
      loading={download.isPending}
      onClick={() => download.mutate()}
    >
      {t.csv}
    </Button>
  )
  const isNone = list.items?.length === 0
  return (
    <Panel title={t.byCreator} {...(!isNone && { aside: file })} flush={!isNone}>
      {download.error !== null && <FailureNotice error={download.error} />}
      <Answered query={{ ...list, data: list.items }}>
        {(creators) =>
          creators.length === 0 ? (
            <Text size="sm" c="dimmed">
              {t.noCreators}
            </Text>
          ) : (
            <DataTable label={t.byCreator} columns={shown} rows={creators} rowKey={({ account }) => account} more={list.more} />
          )
        }
      </Answered>
    </Panel>
  )
}

function columnsOf(total: string): Column<CreatorIncome>[] {
  return [
    {
      id: 'creator',
      title: columns.creator,
      cell: ({ account, name }) => (
        <>
          <Anchor href={href('log', undefined, { account })} fw={550} size="sm" aria-label={t.inLog(isolated(name))}>
            <Foreign>{name}</Foreign>
          </Anchor>{' '}
          <Id value={account} />
        </>
      ),
      order: ({ name }) => name.toLowerCase(),
    },
    shares(
      ({ take }) => take,
      total,
      ({ name }) => isolated(name),
    ),
    counts('payments', columns.payments, ({ payments }) => payments),
    amounts('gross', columns.gross, ({ gross }) => gross),
    amounts('givenBack', columns.givenBack, ({ givenBack }) => givenBack),
    amounts('take', columns.take, ({ take }) => take),
  ]
}
