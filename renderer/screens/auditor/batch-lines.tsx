/** The lines of a batch of calls: who paid how much for what, and a refund of any of them by the operator. */
import { Button, Text } from '@mantine/core'
import { useState } from 'react'
import type { EntryDetail, LineView } from '../../../core/api/views.ts'
import { type Column, DataTable } from '../../components/data-table.tsx'
import { FormDialog } from '../../components/form-dialog.tsx'
import { Answered, Tag } from '../../components/layout.tsx'
import { Amount, Credits, Foreign } from '../../components/text.tsx'
import { useDesk } from '../../desk.tsx'
import { amountOf, formatCount, microsOf } from '../../format.ts'
import { usePartByPart } from '../../part-by-part.ts'
import { strings } from '../../strings.ts'
import { useTRPC, useTRPCClient } from '../../trpc.ts'

const { batchLines: t } = strings
const PART = 20

interface BatchLinesProps {
  readonly detail: EntryDetail
  /** The line whose refund is asked about, if any: its dialog stands above the entry. */
  readonly asked: LineView | undefined
  readonly ask: (line: LineView | undefined) => void
}

export function BatchLines({ detail: { index }, asked, ask }: BatchLinesProps) {
  const { acting, isNobody } = useDesk()
  const trpc = useTRPC()
  const client = useTRPCClient()
  const list = usePartByPart(
    trpc.log.lines.pathKey(),
    { index },
    (after?: number) => client.log.lines.query({ index, after, limit: PART }),
    ({ lines }) => lines,
  )
  const isRefunding = acting.role === 'operator' && !isNobody
  return (
    <>
      <Answered query={{ ...list, data: list.items }}>
        {(lines) => (
          <DataTable
            label={t.title}
            columns={isRefunding ? [...COLUMNS, refunding(ask)] : COLUMNS}
            rows={lines}
            rowKey={({ line }) => String(line)}
            more={list.more}
          />
        )}
      </Answered>
      {asked !== undefined && (
        <FormDialog
          title={t.refund}
          lead={
            <>
              {t.line(asked.line, index)}: <Credits value={asked.gross ?? '0'} />, <Foreign>{asked.name}</Foreign>.{' '}
              {strings.entryActions.leads['credit.refund']}
            </>
          }
          fields={[
            { name: 'amount', label: strings.treasury.amountLabel, isAmount: true, initial: leftOf(asked) },
            { name: 'reason', label: strings.reason, description: strings.accounts.reasonHint, maxLength: 128 },
          ]}
          request={{ signer: acting.account, type: 'credit.refund', body: { entry: index, line: asked.line } }}
          close={() => {
            ask(undefined)
            list.refetch()
          }}
        />
      )}
    </>
  )
}

/** Which line is asked about; kept by whatever shows the entry. */
export function useAskedLine() {
  return useState<LineView>()
}

/** What was not given back before. */
function leftOf({ gross = '0', refunded = '0' }: LineView): string {
  return amountOf(microsOf(gross) - microsOf(refunded))
}

const COLUMNS: readonly Column<LineView>[] = [
  { id: 'line', title: t.columns.line, align: 'end', cell: ({ line }) => formatCount(line) },
  { id: 'payer', title: t.columns.payer, cell: ({ name }) => <Foreign>{name}</Foreign> },
  {
    id: 'usage',
    title: t.columns.usage,
    cell: ({ usage, reference }) => (
      <>
        {t.usage(usage)}
        {reference !== undefined && (
          <Text size="xs" c="dimmed" component="div">
            <Foreign>{reference}</Foreign>
          </Text>
        )}
      </>
    ),
  },
  { id: 'cost', title: t.columns.cost, align: 'end', cell: (line) => <Cost of={line} /> },
]

function Cost({ of: { status, code, gross, refunded } }: { readonly of: LineView }) {
  if (status === 'duplicate') return <Tag>{t.duplicate}</Tag>
  if (status === 'refused') return <Tag tone="warn">{code}</Tag>
  return (
    <>
      <Amount value={gross ?? '0'} aligned />
      {refunded !== undefined && (
        <Text size="xs" c="dimmed" component="div">
          {t.refunded} <Amount value={refunded} aligned />
        </Text>
      )}
    </>
  )
}

function refunding(ask: (line: LineView) => void): Column<LineView> {
  return {
    id: 'refund',
    title: strings.accounts.columns.actions,
    align: 'end',
    cell: (line) =>
      leftOf(line) !== '0' && (
        <Button size="compact-xs" variant="default" aria-label={`${t.refund} ${line.line}`} onClick={() => ask(line)}>
          {t.give}
        </Button>
      ),
  }
}
