/** What providers hold, by what the ledger was told, beside what it is owed to: both sides come to the same. */
import { Button, Group, Select, Stack, Text } from '@mantine/core'
import { IconDownload } from '@tabler/icons-react'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { DepositsView, ProviderView } from '../../../core/api/views.ts'
import { amountColumn, type Column, DataTable } from '../../components/data-table.tsx'
import { Answered, FailureNotice, Panel } from '../../components/layout.tsx'
import { Line, Lines } from '../../components/lines.tsx'
import { Amount } from '../../components/text.tsx'
import { useDesk } from '../../desk.tsx'
import { amountOf, microsOf, sumOf } from '../../format.ts'
import { PERIODS, type StatementPeriod, statementTimes } from '../../periods.ts'
import { saveFile } from '../../save-file.ts'
import { strings } from '../../strings.ts'
import { useTRPC, useTRPCClient } from '../../trpc.ts'

const { deposits: t } = strings

const OUT = ['credit.return', 'credit.chargeback', 'payout.settle', 'revenue.withdraw'] as const

const COLUMNS: readonly Column<ProviderView>[] = [
  { id: 'provider', title: t.provider, cell: ({ provider }) => <span className="strong">{provider}</span> },
  {
    id: 'entries',
    title: t.payments,
    align: 'end',
    cell: ({ sums }) => Object.values(sums).reduce((count, { entries }) => count + entries, 0),
  },
  amountColumn('in', t.types['credit.topup'], ({ sums }) => sums['credit.topup'].amount),
  ...OUT.map((type) => amountColumn<ProviderView>(type, t.types[type], ({ sums }) => amountOf(-microsOf(sums[type].amount)))),
  amountColumn('held', t.held, ({ held }) => held),
]

export function Deposits() {
  const trpc = useTRPC()
  const deposits = useQuery(trpc.treasury.deposits.queryOptions())
  return (
    <Panel title={t.title} aside={strings.unit('0')} flush>
      <Answered query={deposits}>
        {(view) => (
          <>
            {view.providers.length > 0 && (
              <DataTable label={t.title} columns={COLUMNS} rows={view.providers} rowKey={({ provider }) => provider} />
            )}
            <Stack p="lg" gap="lg">
              <div className="both-sides">
                <Backing view={view} />
                <Liabilities view={view} />
              </div>
              <DepositsFile />
            </Stack>
          </>
        )}
      </Answered>
    </Panel>
  )
}

interface SideProps {
  readonly view: DepositsView
}

function Backing({ view: { held, earlier, promotions } }: SideProps) {
  return (
    <Lines title={t.backing}>
      <Line note={t.depositsNote} end={<Amount value={held} aligned />}>
        {t.held}
      </Line>
      {earlier !== '0' && <Line end={<Amount value={earlier} aligned />}>{t.earlier}</Line>}
      <Line note={t.promotionsNote} end={<Amount value={promotions} aligned />}>
        {t.promotions}
      </Line>
      <Together amount={sumOf([held, promotions])} />
    </Lines>
  )
}

function Liabilities({ view: { wallets, creators, revenue, owed } }: SideProps) {
  const less = amountOf(-microsOf(owed))
  return (
    <Lines title={t.liabilities}>
      <Line end={<Amount value={wallets} aligned />}>{t.wallets}</Line>
      <Line end={<Amount value={creators} aligned />}>{t.creators}</Line>
      <Line end={<Amount value={revenue} aligned />}>{t.revenue}</Line>
      {owed !== '0' && <Line end={<Amount value={less} aligned />}>{t.owed}</Line>}
      <Together amount={sumOf([wallets, creators, revenue, less])} />
    </Lines>
  )
}

function Together({ amount }: { readonly amount: string }) {
  return (
    <Line end={<Amount value={amount} aligned className="strong" />}>
      <strong>{strings.outlook.together}</strong>
    </Line>
  )
}

/** Each payment with its reference, to be compared with what the providers say. */
function DepositsFile() {
  const { ledger } = useDesk()
  const client = useTRPCClient()
  const [period, setPeriod] = useState<StatementPeriod>('this-month')
  const { statement } = strings
  const download = useMutation({
    mutationFn: async () => {
      const { bytes } = await client.treasury.depositsFile.query(statementTimes(period, ledger.time))
      saveFile(`deposits-${period}.csv`, bytes)
    },
  })
  return (
    <Stack gap="xs">
      <Group gap="xs">
        <Text size="sm" c="dimmed" className="grow" miw={220}>
          {t.fileLead}
        </Text>
        <Select
          size="xs"
          aria-label={statement.period}
          value={period}
          allowDeselect={false}
          onChange={(chosen) => chosen !== null && setPeriod(chosen)}
          data={PERIODS.map((value) => ({ value, label: statement.periods[value] }))}
        />
        <Button
          size="xs"
          variant="default"
          loading={download.isPending}
          leftSection={<IconDownload size={15} />}
          onClick={() => download.mutate()}
        >
          {statement.formats.csv}
        </Button>
      </Group>
      {download.error !== null && <FailureNotice error={download.error} />}
    </Stack>
  )
}
