/** One account as the operator sees it: what it has, may sign, sells and was offered, and what can be done for it. */
import { Alert, Anchor, Button, Drawer, Group, Stack, Text } from '@mantine/core'
import { IconSnowflake } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { AccountDetail, OfferView, OutlookView, WalletView } from '../../../core/api/views.ts'
import { EntryLink } from '../../components/entry-link.tsx'
import { Answered, Facts, Tag } from '../../components/layout.tsx'
import { Line, Lines } from '../../components/lines.tsx'
import { Amount, Foreign, Id, Sentence, When } from '../../components/text.tsx'
import { useDesk } from '../../desk.tsx'
import { formatCount } from '../../format.ts'
import { href } from '../../route.ts'
import { useCloseOnEscape } from '../../sign.tsx'
import { strings } from '../../strings.ts'
import { useTRPC } from '../../trpc.ts'
import { type AccountAction, AccountForm } from './account-forms.tsx'
import { OfferState } from './offers.tsx'

const { account: t } = strings.accounts

interface AccountDrawerProps {
  readonly account: string
  readonly close: () => void
}

export function AccountDrawer({ account, close }: AccountDrawerProps) {
  const trpc = useTRPC()
  const detail = useQuery(trpc.account.show.queryOptions({ account }))
  const wallet = useQuery(trpc.wallet.show.queryOptions({ account }))
  const [asked, ask] = useState<AccountAction>()
  const isUppermost = useCloseOnEscape() && asked === undefined
  const name = detail.data?.name ?? ''
  const owes = wallet.data?.receivable.replace('-', '') ?? '0'
  return (
    <Drawer
      opened
      onClose={close}
      closeOnEscape={isUppermost}
      position="right"
      size={640}
      title={<Foreign>{name}</Foreign>}
      closeButtonProps={{ 'aria-label': strings.close }}
    >
      <Answered query={detail} lines={8}>
        {(found) => (
          <Stack gap="lg">
            <About detail={found} wallet={wallet.data} />
            <Actions detail={found} owes={owes} ask={ask} />
            <Answered query={wallet}>{(has) => <Books wallet={has} />}</Answered>
            <Grants account={account} />
            <Offers account={account} />
            <Keys account={account} />
            <Listings account={account} />
            <Newest account={account} entries={found.entries} />
          </Stack>
        )}
      </Answered>
      {asked !== undefined && <AccountForm type={asked} account={account} name={name} owes={owes} close={() => ask(undefined)} />}
    </Drawer>
  )
}

interface AboutProps {
  readonly detail: AccountDetail
  readonly wallet: WalletView | undefined
}

function About({ detail: { account, number, opened, frozen }, wallet }: AboutProps) {
  const { columns } = strings.accounts
  const plan = wallet?.plan
  return (
    <>
      {frozen !== undefined && (
        <Alert className="notice" data-tone="warn" icon={<IconSnowflake size={18} />} title={t.frozen}>
          <Text component="div" className="linked">
            <Foreign>{frozen.reason}</Foreign> · <When time={frozen.time} /> · {strings.log.columns.index}{' '}
            <EntryLink index={frozen.entry} />
          </Text>
        </Alert>
      )}
      <Facts
        rows={[
          [columns.account, <Id key="account" value={account} full />],
          [columns.number, formatCount(number)],
          [t.opened, <When key="opened" time={opened} />],
          plan && [
            strings.models.plan,
            <Group key="plan" gap={8}>
              {strings.planCalled(plan.plan)} · {strings.models.room(plan.modelLimit)}{' '}
              <Tag tone={plan.standing === 'active' ? 'accent' : 'warn'}>{strings.standings[plan.standing]}</Tag>
            </Group>,
          ],
        ]}
      />
    </>
  )
}

interface ActionsProps {
  readonly detail: AccountDetail
  readonly owes: string
  readonly ask: (action: AccountAction) => void
}

function Actions({ detail: { account, number, frozen }, owes, ask }: ActionsProps) {
  const { isNobody } = useDesk()
  if (isNobody) return null
  const isOperator = number === 0
  const actions: readonly AccountAction[] = [
    'credit.grant',
    ...(isOperator ? [] : (['plan.offer', frozen === undefined ? 'account.freeze' : 'account.unfreeze'] as const)),
    ...(owes === '0' ? [] : (['debt.forgive'] as const)),
  ]
  return (
    <Group gap={6}>
      <Button size="compact-sm" component="a" href={href('treasury', 'topup', { account })}>
        {strings.accounts.topUp}
      </Button>
      {actions.map((action) => (
        <Button key={action} size="compact-sm" variant="default" onClick={() => ask(action)}>
          {strings.types[action]}
        </Button>
      ))}
    </Group>
  )
}

function Books({ wallet }: { readonly wallet: WalletView }) {
  const { books, wallet: w } = strings
  const rows = [
    [w.spendable, wallet.spendable],
    [books.held, wallet.held],
    [books.earnings, wallet.earnings],
    [books.payable, wallet.payable],
    [books.receivable, wallet.receivable],
  ] as const
  return (
    <Lines title={t.books} aside={strings.unit('0')}>
      {rows.map(([name, amount], at) => (
        <Line key={name} end={<Amount value={amount} aligned />}>
          {at === 0 ? <strong>{name}</strong> : name}
        </Line>
      ))}
    </Lines>
  )
}

function Grants({ account }: { readonly account: string }) {
  const trpc = useTRPC()
  const outlook = useQuery(trpc.wallet.outlook.queryOptions({ account }))
  const grants: OutlookView['grants'] = outlook.data?.grants ?? []
  if (grants.length === 0) return null
  return (
    <Lines title={t.grants} aside={strings.unit('0')}>
      {grants.map(({ grant, entry, reason, remaining, expires }) => (
        <Line
          key={grant}
          note={
            <>
              {strings.outlook.expires} <When time={expires} /> · {strings.outlook.granted} <EntryLink index={entry} />
            </>
          }
          end={<Amount value={remaining} aligned />}
        >
          <Foreign>{reason}</Foreign>
        </Line>
      ))}
    </Lines>
  )
}

function Offers({ account }: { readonly account: string }) {
  const trpc = useTRPC()
  const found = useQuery(trpc.account.offers.queryOptions({ account }))
  const offers: readonly OfferView[] = found.data?.offers ?? []
  if (offers.length === 0) return null
  return (
    <Lines title={strings.offers.title} aside={strings.unit('0')}>
      {offers.map((offer) => (
        <Line key={offer.offer} note={<OfferState offer={offer} />} end={<Amount value={offer.price} aligned />}>
          {strings.models.room(offer.modelLimit)} · {strings.models.perPeriod(strings.periods[offer.period] ?? offer.period)}
        </Line>
      ))}
    </Lines>
  )
}

function Keys({ account }: { readonly account: string }) {
  const trpc = useTRPC()
  const found = useQuery(trpc.keys.list.queryOptions({ account }))
  const { keys: k } = strings
  return (
    <Lines title={k.title}>
      {(found.data?.keys ?? []).map(({ key, label, scopes, used, expires }) => (
        <Line
          key={key}
          note={
            <>
              {scopes.map((scope) => k.scopes[scope]).join(' · ')}
              {expires !== undefined && (
                <>
                  {' '}
                  · {strings.wallet.until} <When time={expires} dayOnly />
                </>
              )}
            </>
          }
          end={
            used === undefined ? (
              <Text size="xs" c="dimmed">
                {t.notUsed}
              </Text>
            ) : (
              <EntryLink index={used.index} />
            )
          }
        >
          {label === undefined ? k.first : <Foreign>{label}</Foreign>} <span className="mono dimmed">{key}</span>
        </Line>
      ))}
    </Lines>
  )
}

const SHOWN = 8

function Listings({ account }: { readonly account: string }) {
  const trpc = useTRPC()
  const found = useQuery(trpc.creator.listings.queryOptions({ account, limit: SHOWN }))
  const listings = found.data?.listings ?? []
  if (listings.length === 0) return null
  return (
    <Lines title={strings.models.listings} aside={found.data?.next !== undefined && t.first(SHOWN)}>
      {listings.map(({ listing, title, kind, closedBecause }) => (
        <Line
          key={listing}
          note={
            <>
              {strings.kinds[kind]}
              {closedBecause !== undefined && ` · ${closedBecause}`}
            </>
          }
          end={<Id value={listing} />}
        >
          <Foreign>{title}</Foreign>
        </Line>
      ))}
    </Lines>
  )
}

function Newest({ account, entries }: { readonly account: string; readonly entries: number }) {
  const trpc = useTRPC()
  const found = useQuery(trpc.log.page.queryOptions({ account, limit: SHOWN }))
  const all = (
    <Anchor size="xs" href={href('log', undefined, { account })}>
      {t.allEntries(entries)}
    </Anchor>
  )
  return (
    <Lines title={t.newest} aside={all}>
      {(found.data?.entries ?? []).map(({ index, time, summary, names }) => (
        <Line key={index} note={<When time={time} />} end={<EntryLink index={index} />}>
          <Sentence text={summary} names={names} />
        </Line>
      ))}
    </Lines>
  )
}
