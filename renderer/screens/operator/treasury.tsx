/** The operator's books: what is outstanding, what the platform earned, that all of it sums to zero; and topping accounts up. */
import { Button, SimpleGrid, Stack, Text, TextInput } from '@mantine/core'
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
import { FirstSteps } from './first-steps.tsx'
import { PayoutQueue } from './payout-queue.tsx'
import { PROVIDER } from './provider.ts'

type Balance = Answers['treasury']['show']
type Entry = Answers['log']['page']['entries'][number]

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
                  <Recent />
                </Stack>
              </div>
            </div>
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

function Recent() {
  const trpc = useTRPC()
  const client = useTRPCClient()
  const { treasury: t } = strings
  const type = 'credit.topup'
  const list = usePartByPart(
    trpc.log.page.pathKey(),
    { type, limit: 10 },
    (before?: number) => client.log.page.query({ type, before, limit: 10 }),
    ({ entries }) => entries,
  )
  return (
    <Panel title={t.recent} flush>
      <Answered query={{ ...list, data: list.items }}>
        {(entries) =>
          entries.length === 0 ? (
            <Empty icon={IconReceipt} title={t.none}>
              {t.noneText}
            </Empty>
          ) : (
            <DataTable
              label={t.recent}
              columns={RECENT_COLUMNS}
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
