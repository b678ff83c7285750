/** Earnings on their way out: a payout asked for, one moved to the wallet, and what became of those before. */
import { Button } from '@mantine/core'
import { IconBuildingBank, IconWallet } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import type { EarningsSums, PayoutView } from '../../../core/api/views.ts'
import { amountColumn, type Column, DataTable } from '../../components/data-table.tsx'
import { EntryLink } from '../../components/entry-link.tsx'
import { FormDialog } from '../../components/form-dialog.tsx'
import { Answered, BlankPanel, Panel, Tag } from '../../components/layout.tsx'
import { Credits, Foreign, When } from '../../components/text.tsx'
import { useDesk } from '../../desk.tsx'
import { usePartByPart } from '../../part-by-part.ts'
import { go, href, leave, useRoute } from '../../route.ts'
import { useSign } from '../../sign.tsx'
import { strings } from '../../strings.ts'
import { useTRPC, useTRPCClient } from '../../trpc.ts'

const TYPES = { payout: 'payout.request', move: 'earnings.move' } as const

/** What can be done with earnings that are available. */
export function PayoutActions({ available }: Pick<EarningsSums, 'available'>) {
  const { acting, ledger } = useDesk()
  const { thing } = useRoute()
  const asked = thing === 'payout' || thing === 'move' ? thing : undefined
  const { payouts: t } = strings
  const isNothing = available === '0'
  const amount = { name: 'amount', label: strings.treasury.amountLabel, isAmount: true, initial: available } as const
  const destination = { name: 'destination', label: t.destination, description: t.destinationHint, maxLength: 128 }
  const leads: Record<keyof typeof TYPES, ReactNode> = {
    payout: (
      <>
        <Credits value={available} /> {t.requestLead} <Credits value={ledger.policy.minimumPayout} />.
      </>
    ),
    move: t.moveLead,
  }
  return (
    <>
      <Button
        variant="default"
        leftSection={<IconWallet size={17} />}
        disabled={isNothing}
        onClick={() => go(href('earnings', 'move'))}
      >
        {t.move}
      </Button>
      <Button leftSection={<IconBuildingBank size={17} />} disabled={isNothing} onClick={() => go(href('earnings', 'payout'))}>
        {t.request}
      </Button>
      {asked !== undefined && (
        <FormDialog
          title={asked === 'move' ? t.move : t.request}
          lead={leads[asked]}
          fields={asked === 'move' ? [amount] : [amount, destination]}
          request={{ signer: acting.account, type: TYPES[asked], body: {} }}
          close={() => leave(href('earnings'))}
        />
      )}
    </>
  )
}

const { columns } = strings.payouts
const TONES = { pending: 'warn', settled: 'accent', failed: 'bad', cancelled: 'quiet' } as const

const COLUMNS: readonly Column<PayoutView>[] = [
  { id: 'entry', title: columns.entry, cell: ({ index }) => <EntryLink index={index} /> },
  { id: 'time', title: columns.time, cell: ({ time }) => <When time={time} dayOnly /> },
  { id: 'destination', title: columns.destination, cell: ({ destination }) => <Foreign>{destination}</Foreign> },
  {
    id: 'status',
    title: columns.status,
    cell: ({ status }) => <Tag tone={TONES[status]}>{strings.payouts.statuses[status]}</Tag>,
  },
  amountColumn('amount', columns.amount, ({ amount }) => amount),
  { id: 'actions', title: strings.accounts.columns.actions, align: 'end', cell: (payout) => <CallOff payout={payout} /> },
]

function CallOff({ payout: { payout, status, destination } }: { readonly payout: PayoutView }) {
  const { acting } = useDesk()
  const sign = useSign()
  if (status !== 'pending') return null
  return (
    <Button
      size="compact-sm"
      variant="default"
      aria-label={`${strings.payouts.callOff}: ${destination}`}
      onClick={() => sign({ signer: acting.account, type: 'payout.cancel', body: { payout } })}
    >
      {strings.payouts.callOff}
    </Button>
  )
}

export function Payouts() {
  const { acting } = useDesk()
  const { account } = acting
  const trpc = useTRPC()
  const client = useTRPCClient()
  const { payouts: t } = strings
  const list = usePartByPart(
    trpc.creator.payouts.pathKey(),
    { account },
    (before?: number) => client.creator.payouts.query({ account, before }),
    ({ payouts }) => payouts,
  )
  if (list.items?.length === 0) return <BlankPanel title={t.title}>{t.none}</BlankPanel>
  return (
    <Panel title={t.title} aside={strings.unit('0')} className="fill" flush>
      <Answered query={{ ...list, data: list.items }} lines={2}>
        {(payouts) => (
          <DataTable label={t.title} columns={COLUMNS} rows={payouts} rowKey={({ payout }) => payout} more={list.more} />
        )}
      </Answered>
    </Panel>
  )
}
