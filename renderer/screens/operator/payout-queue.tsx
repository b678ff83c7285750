/** Payouts that creators asked for and that wait for the operator: pay outside the ledger, then say so here. */
import { Button, Group } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { PayoutView } from '../../../core/api/views.ts'
import { type Column, DataTable } from '../../components/data-table.tsx'
import { EntryLink } from '../../components/entry-link.tsx'
import { FormDialog, type FormField } from '../../components/form-dialog.tsx'
import { Panel, Tag } from '../../components/layout.tsx'
import { Amount, Credits, Foreign, Id, When } from '../../components/text.tsx'
import { useDesk } from '../../desk.tsx'
import { strings } from '../../strings.ts'
import { useTRPC } from '../../trpc.ts'
import { PROVIDER } from './provider.ts'

type Answer = 'payout.settle' | 'payout.fail'

const FIELDS: Readonly<Record<Answer, readonly FormField[]>> = {
  'payout.settle': [
    {
      name: 'provider',
      label: strings.treasury.provider,
      initial: 'bank',
      maxLength: 32,
      pattern: PROVIDER,
      patternHint: strings.treasury.providerHint,
    },
    { name: 'reference', label: strings.treasury.reference, maxLength: 128 },
  ],
  'payout.fail': [{ name: 'reason', label: strings.reason, maxLength: 128 }],
}

/** Nothing where none waits. */
export function PayoutQueue() {
  const { acting } = useDesk()
  const trpc = useTRPC()
  const queue = useQuery(trpc.treasury.payouts.queryOptions())
  const [asked, ask] = useState<{ readonly type: Answer; readonly payout: PayoutView }>()
  const { payouts: t } = strings
  const waiting = queue.data?.payouts ?? []
  const columns = columnsOf((type, payout) => ask({ type, payout }))
  return (
    <>
      {waiting.length > 0 && (
        <Panel title={t.queue} aside={<Tag tone="warn">{waiting.length}</Tag>} flush>
          <DataTable label={t.queue} columns={columns} rows={waiting} rowKey={({ payout }) => payout} />
        </Panel>
      )}
      {asked !== undefined && (
        <FormDialog
          title={asked.type === 'payout.settle' ? t.settle : t.fail}
          lead={
            <>
              <Credits value={asked.payout.amount} /> · <Foreign>{asked.payout.name}</Foreign> ·{' '}
              <Foreign>{asked.payout.destination}</Foreign>. {asked.type === 'payout.settle' ? t.settleLead : t.failLead}
            </>
          }
          fields={FIELDS[asked.type]}
          request={{ signer: acting.account, type: asked.type, body: { payout: asked.payout.payout } }}
          close={() => ask(undefined)}
        />
      )}
    </>
  )
}

function columnsOf(answer: (type: Answer, payout: PayoutView) => void): Column<PayoutView>[] {
  const { payouts: t, accounts } = strings
  return [
    { id: 'entry', title: t.columns.entry, cell: ({ index }) => <EntryLink index={index} />, order: ({ index }) => index },
    { id: 'time', title: t.columns.time, cell: ({ time }) => <When time={time} dayOnly /> },
    {
      id: 'creator',
      title: t.columns.creator,
      cell: ({ account, name }) => (
        <Group gap={8}>
          <Foreign className="strong">{name}</Foreign>
          <Id value={account} />
        </Group>
      ),
      order: ({ name }) => name.toLowerCase(),
    },
    { id: 'destination', title: t.columns.destination, cell: ({ destination }) => <Foreign>{destination}</Foreign> },
    { id: 'amount', title: t.columns.amount, align: 'end', cell: ({ amount }) => <Amount value={amount} aligned /> },
    {
      id: 'actions',
      title: accounts.columns.actions,
      align: 'end',
      cell: (payout) => (
        <Group gap={6} justify="flex-end" wrap="nowrap">
          <Button
            size="compact-sm"
            variant="default"
            aria-label={`${t.fail}: ${payout.name}`}
            onClick={() => answer('payout.fail', payout)}
          >
            {t.fail}
          </Button>
          <Button
            size="compact-sm"
            variant="light"
            aria-label={`${t.settle}: ${payout.name}`}
            onClick={() => answer('payout.settle', payout)}
          >
            {t.settle}
          </Button>
        </Group>
      ),
    },
  ]
}
