/** The operator's books: what is outstanding, what the platform earned, that all of it sums to zero; and topping accounts up. */
import { Button, NativeSelect, SimpleGrid, Stack, Text, TextInput } from '@mantine/core'
import { IconReceipt, IconSignature } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useEffect, useRef, useState } from 'react'
import { AccountSelect } from '../../components/account-select.tsx'
import { type Column, DataTable } from '../../components/data-table.tsx'
import { EntryLink } from '../../components/entry-link.tsx'
import { Answered, Empty, Figure, Figures, Page, Panel } from '../../components/layout.tsx'
import { Sentence, When } from '../../components/text.tsx'
import { TrialBalance } from '../../components/trial-balance.tsx'
import { useDesk } from '../../desk.tsx'
import { amountOf, microsOf, parseTyped, sumOf } from '../../format.ts'
import { usePartByPart } from '../../part-by-part.ts'
import { go, href, useRoute } from '../../route.ts'
import { useSign } from '../../sign.tsx'
import { strings } from '../../strings.ts'
import { type Answers, useTRPC, useTRPCClient } from '../../trpc.ts'
import { Deposits } from './deposits.tsx'
import { FirstSteps } from './first-steps.tsx'
import { PayoutQueue } from './payout-queue.tsx'
import { PROVIDER } from './provider.ts'

type Balance = Answers['treasury']['show']
type Entry = Answers['treasury']['entries']['entries'][number]

export function Treasury() {
  const { ledger } = useDesk()
  const trpc = useTRPC()
  const treasury = useQuery(trpc.treasury.show.queryOptions())
  const { treasury: t } = strings
  return (
    <Page title={t.title} lead={`${t.lead} ${ledger.policy.creditNote}.`}>
      <Answered query={treasury}>
        {(balance) => (
          <>
            <Figures>
              <Figure label={t.outstanding} amount={outstandingOf(balance)} note={t.outstandingNote} tone="accent" />
              <Figure label={t.creators} amount={sumOf([balance.books.earnings, balance.books.payable])} note={t.creatorsNote} />
              <Figure label={t.promotions} amount={promotionsOf(balance)} note={t.promotionsNote} />
              <Figure label={t.fees} amount={balance.books['revenue:fees']} />
              <Figure label={t.plans} amount={balance.books['revenue:plans']} />
            </Figures>
            <FirstSteps hasCredits={balance.books.issued !== '0'} />
            <PayoutQueue />
            <div className="columns">
              <div data-span="6">
                <TrialBalance balance={balance} />
              </div>
              <div data-span="6">
                <Stack>
                  <TopUp />
                  <Movements />
                </Stack>
              </div>
            </div>
            <Deposits />
          </>
        )}
      </Answered>
    </Page>
  )
}

/** Everything issued or granted that was not redeemed: the other side of the three books that have no owner. */
function outstandingOf({ books }: Balance): string {
  return amountOf(-microsOf(sumOf([books.issued, books.promotions, books.redeemed])))
}

/** Free credits that neither expired nor were redeemed stand on the other side of zero. */
function promotionsOf({ books }: Balance): string {
  return amountOf(-microsOf(books.promotions))
}

function TopUp() {
  const { acting } = useDesk()
  const { thing, search } = useRoute()
  const sign = useSign()
  const amountField = useRef<HTMLInputElement>(null)
  const given = search.get('account') ?? undefined
  const [account, setAccount] = useState<string | undefined>(given)
  const [amount, setAmount] = useState('')
  const [provider, setProvider] = useState('bank')
  const [reference, setReference] = useState('')
  const { treasury: t } = strings
  useEffect(() => {
    if (thing !== 'topup') return
    setAccount(given)
    amountField.current?.focus()
  }, [thing, given])
  const typed = parseTyped(amount)
  const isProvider = PROVIDER.test(provider.trim())
  const isComplete = account !== undefined && typed !== undefined && typed !== '0' && isProvider && reference.trim() !== ''
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const body = { account, amount: typed, provider: provider.trim(), reference: reference.trim() }
    const taken = () => {
      setAmount('')
      setReference('')
      go(href('treasury'), { replace: true })
    }
    sign({ signer: acting.account, type: 'credit.topup', body, taken })
  }
  return (
    <Panel title={t.topUp}>
      <form onSubmit={submit}>
        <Stack gap="sm">
          <Text size="sm" c="dimmed">
            {t.topUpLead}
          </Text>
          <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm">
            <AccountSelect label={t.account} placeholder={t.accountHint} value={account} choose={setAccount} />
            <TextInput
              ref={amountField}
              label={t.amountLabel}
              value={amount}
              inputMode="decimal"
              placeholder="0.00"
              classNames={{ input: 'amount-input' }}
              error={amount !== '' && typed === undefined ? strings.publish.amount : undefined}
              onChange={(event) => setAmount(event.currentTarget.value)}
            />
            <TextInput
              label={t.provider}
              value={provider}
              error={isProvider ? undefined : t.providerHint}
              maxLength={32}
              spellCheck={false}
              onChange={(event) => setProvider(event.currentTarget.value)}
            />
            <TextInput
              label={t.reference}
              value={reference}
              maxLength={128}
              onChange={(event) => setReference(event.currentTarget.value)}
            />
          </SimpleGrid>
          <Button type="submit" disabled={!isComplete} leftSection={<IconSignature size={17} />} className="end">
            {strings.sign.review}
          </Button>
        </Stack>
      </form>
    </Panel>
  )
}

const RECENT_COLUMNS: readonly Column<Entry>[] = [
  { id: 'entry', title: strings.log.columns.index, cell: ({ index }) => <EntryLink index={index} /> },
  { id: 'time', title: strings.log.columns.time, cell: ({ time }) => <When time={time} dayOnly /> },
  { id: 'what', title: strings.log.columns.what, cell: ({ summary, names }) => <Sentence text={summary} names={names} /> },
]

const UNDOING_COLUMNS: readonly Column<Entry>[] = [
  ...RECENT_COLUMNS,
  { id: 'undone', title: strings.treasury.of, cell: ({ undoes }) => undoes !== undefined && <EntryLink index={undoes} /> },
]

/** What the operator does with credits, by type of entry. */
const KINDS = ['credit.topup', 'credit.grant', 'credit.return', 'credit.refund', 'credit.chargeback', 'debt.forgive'] as const

function Movements() {
  const trpc = useTRPC()
  const client = useTRPCClient()
  const [type, choose] = useState<(typeof KINDS)[number]>('credit.topup')
  const { treasury: t } = strings
  const list = usePartByPart(
    trpc.treasury.entries.pathKey(),
    { type },
    (before?: number) => client.treasury.entries.query({ type, before, limit: 10 }),
    ({ entries }) => entries,
  )
  const choice = (
    <NativeSelect
      size="xs"
      aria-label={t.recent}
      value={type}
      data={KINDS.map((value) => ({ value, label: t.kinds[value] }))}
      onChange={(event) => choose(event.currentTarget.value as (typeof KINDS)[number])}
    />
  )
  return (
    <Panel title={t.recent} aside={choice} flush>
      <Answered query={{ ...list, data: list.items }}>
        {(entries) =>
          entries.length === 0 ? (
            <Empty icon={IconReceipt} title={t.none[type]}>
              {t.noneText[type]}
            </Empty>
          ) : (
            <DataTable
              label={t.kinds[type]}
              columns={entries.some(({ undoes }) => undoes !== undefined) ? UNDOING_COLUMNS : RECENT_COLUMNS}
              rows={entries}
              rowKey={({ index }) => String(index)}
              more={list.more}
            />
          )
        }
      </Answered>
    </Panel>
  )
}
