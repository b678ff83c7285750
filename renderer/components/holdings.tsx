/** Subscriptions, entitlements and mandates, with how long each lasts. */
import { Anchor, Button, Group, Progress, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import type { EntitlementView, Holdings, MandateView, SubscriptionView } from '../../core/api/views.ts'
import { useDesk } from '../desk.tsx'
import { thousandths } from '../format.ts'
import { href } from '../route.ts'
import { type Body, useSign } from '../sign.tsx'
import { strings } from '../strings.ts'
import { Tag } from './layout.tsx'
import { Amount, Foreign, When } from './text.tsx'

type Held = Pick<Holdings, 'subscriptions' | 'entitlements' | 'mandates'>

export function isEmptyHanded({ subscriptions, entitlements, mandates }: Held): boolean {
  return subscriptions.length + entitlements.length + mandates.length === 0
}

export function HoldingsList({ holdings }: { readonly holdings: Held }) {
  const { subscriptions, entitlements, mandates } = holdings
  return (
    <ul className="holdings">
      {subscriptions.map((one) => (
        <SubscriptionItem key={one.subscription} held={one} />
      ))}
      {entitlements.map((one) => (
        <EntitlementItem key={`${one.kind}${one.listing}${one.entry}`} held={one} />
      ))}
      {mandates.map((one) => (
        <MandateItem key={one.mandate} held={one} />
      ))}
    </ul>
  )
}

type Ending = 'subscription.cancel' | 'usage.revoke'

/** Ends something early, by whoever has it. */
function End({ type, body, title }: { readonly type: Ending; readonly body: Body; readonly title: string }) {
  const { acting } = useDesk()
  const sign = useSign()
  const label = strings.wallet.endings[type]
  return (
    <Button
      size="compact-xs"
      variant="default"
      aria-label={`${label}: ${title}`}
      onClick={() => sign({ signer: acting.account, type, body })}
    >
      {label}
    </Button>
  )
}

interface ItemProps {
  readonly listing: string
  readonly title: string
  readonly tag: ReactNode
  readonly children: ReactNode
}

function Item({ listing, title, tag, children }: ItemProps) {
  return (
    <li className="holding">
      <div className="holding-head">
        <Anchor href={href('market', listing)} fw={550} size="sm">
          <Foreign>{title}</Foreign>
        </Anchor>
        {tag}
      </div>
      <Text size="xs" c="dimmed" component="div">
        {children}
      </Text>
    </li>
  )
}

function SubscriptionItem({ held }: { readonly held: SubscriptionView }) {
  const { subscription, listing, title, period, price, end, standing, cancelled, included, used } = held
  const { wallet: t } = strings
  const tag = (
    <Group gap={6} wrap="nowrap">
      {!cancelled && standing !== 'lapsed' && <End type="subscription.cancel" body={{ subscription }} title={title} />}
      <Tag tone={standing === 'active' ? 'accent' : standing === 'suspended' ? 'warn' : 'quiet'}>
        {strings.standings[standing]}
      </Tag>
    </Group>
  )
  return (
    <Item listing={listing} title={title} tag={tag}>
      {t.subscription} · <Amount value={price} /> {strings.models.perPeriod(strings.periods[period] ?? period)} ·{' '}
      {cancelled ? t.until : t.renews} <When time={end} dayOnly />
      {included !== undefined && included.requests > 0 && standing !== 'lapsed' && (
        <Metre
          label={t.calls(used.requests, included.requests)}
          share={Math.min(100, Math.round((used.requests / included.requests) * 100))}
        />
      )}
    </Item>
  )
}

function EntitlementItem({ held }: { readonly held: EntitlementView }) {
  const { kind, listing, title, end, isRunning, seats } = held
  const { wallet: t } = strings
  return (
    <Item
      listing={listing}
      title={title}
      tag={<Tag tone={isRunning ? 'accent' : 'quiet'}>{isRunning ? strings.standings.active : t.ended}</Tag>}
    >
      {t.entitlements[kind]}
      {seats !== undefined && ` · ${strings.plural(seats, 'seat')}`} ·{' '}
      {end === undefined ? (
        t.forEver
      ) : (
        <>
          {t.until} <When time={end} dayOnly />
        </>
      )}
    </Item>
  )
}

function MandateItem({ held }: { readonly held: MandateView }) {
  const { mandate, listing, title, reserve, expires, isRunning } = held
  const { wallet: t } = strings
  const tag = (
    <Group gap={6} wrap="nowrap">
      {isRunning && <End type="usage.revoke" body={{ mandate }} title={title} />}
      <Tag tone={isRunning ? 'accent' : 'quiet'}>{isRunning ? strings.standings.active : t.ended}</Tag>
    </Group>
  )
  return (
    <Item listing={listing} title={title} tag={tag}>
      {t.mandate} · {t.until} <When time={expires} dayOnly />
      {reserve !== '0' && (
        <>
          {' '}
          · <Amount value={reserve} /> {t.reserved}
        </>
      )}
      {isRunning && <UsedOf {...held} />}
    </Item>
  )
}

/** How much of a limit is used in the day or month that runs. */
export function UsedOf({ used, limit, per }: Pick<MandateView, 'used' | 'limit' | 'per'>) {
  return <Metre label={strings.wallet.used(used, { limit, per })} share={thousandths(used, limit) / 10} />
}

function Metre({ label, share }: { readonly label: string; readonly share: number }) {
  return (
    <span className="metre">
      <Progress value={share} size="xs" color="var(--accent)" aria-label={label} />
      <span>{label}</span>
    </span>
  )
}
